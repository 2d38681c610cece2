"""The two customary exercises: a long chain of equalities, and many points scaled alike."""

import __static__

from solver.graph import (
    NORMAL,
    PREFERRED,
    REQUIRED,
    STRONG_DEFAULT,
    Constraint,
    Edit,
    Equality,
    Scale,
    Stay,
    Variable,
)
from solver.planner import Planner


class WrongValue(Exception):
    """A variable does not have the value that the constraints give it."""


def expect(variable: Variable, value: int) -> None:
    if variable.value != value:
        raise WrongValue(variable.name)


def chain(length: int, edits: int = 100) -> int:
    """Set the first of `length` + 1 equal variables `edits` times; the sum of what arrives at the last."""
    planner = Planner()
    variables = [Variable("v0", 0)]
    for i in range(1, length + 1):
        variable = Variable("v" + str(i), 0)
        planner.add(Equality(variables[i - 1], variable, REQUIRED))
        variables.append(variable)
    first = variables[0]
    last = variables[length]
    planner.add(Stay(last, STRONG_DEFAULT))
    edit = Edit(first, PREFERRED)
    planner.add(edit)
    inputs: list[Constraint] = [edit]
    plan = planner.plan(inputs)
    total = 0
    for value in range(edits):
        first.value = value
        plan.execute()
        expect(last, value)
        total += last.value
    planner.remove(edit)
    return total


def change(planner: Planner, variable: Variable, value: int) -> None:
    """Set a variable ten times through an edit that lives only so long."""
    edit = Edit(variable, PREFERRED)
    planner.add(edit)
    inputs: list[Constraint] = [edit]
    plan = planner.plan(inputs)
    for _ in range(10):
        variable.value = value
        plan.execute()
    planner.remove(edit)


def projection(count: int) -> int:
    """Move `count` points and their images in turn, then all images at once; the sum of where these end."""
    planner = Planner()
    factor = Variable("factor", 10)
    offset = Variable("offset", 1000)
    point = Variable("point", 0)
    image = Variable("image", 0)
    images: list[Variable] = []
    for i in range(count):
        point = Variable("point" + str(i), i)
        image = Variable("image" + str(i), i)
        images.append(image)
        planner.add(Stay(point, NORMAL))
        planner.add(Scale(point, factor, offset, image, REQUIRED))
    change(planner, point, 17)
    expect(image, 1170)
    change(planner, image, 1050)
    expect(point, 5)
    change(planner, factor, 5)
    for i in range(count - 1):
        expect(images[i], i * 5 + 1000)
    change(planner, offset, 2000)
    total = 0
    for i in range(count - 1):
        expect(images[i], i * 5 + 2000)
        total += images[i].value
    return total


def both(size: int, times: int = 1) -> int:
    """The sum of `times` runs of both exercises."""
    total = 0
    for _ in range(times):
        total += chain(size) + projection(size)
    return total
