"""Keeping the constraints satisfied as they come and go, and plans that recompute values without deciding again."""

import __static__

from typing import Optional

from solver.graph import REQUIRED, WEAKEST, Constraint, Unsatisfiable, Variable


class Plan:
    """Constraints in an order in which each finds its inputs computed."""

    def __init__(self) -> None:
        self.steps: list[Constraint] = []

    def execute(self) -> None:
        for constraint in self.steps:
            constraint.execute()


def add_consumers(variable: Variable, found: list[Constraint]) -> None:
    """Add the satisfied constraints that read `variable` to `found`."""
    determining = variable.determined_by
    for constraint in variable.constraints:
        if constraint is not determining and constraint.is_satisfied():
            found.append(constraint)


class Planner:
    """The graph's current solution."""

    def __init__(self) -> None:
        self.mark: int = 0

    def new_mark(self) -> int:
        self.mark += 1
        return self.mark

    def add(self, constraint: Constraint) -> None:
        """Enter a constraint into the graph and satisfy it if its strength allows.

        Raises Unsatisfiable if it is required and conflicts with others that are.
        """
        constraint.attach()
        self.enforce(constraint)

    def enforce(self, constraint: Constraint) -> None:
        """Satisfy `constraint`, then the weaker one whose output it took, and so on."""
        mark = self.new_mark()
        overridden = self.satisfy(constraint, mark)
        while overridden is not None:
            overridden = self.satisfy(overridden, mark)

    def satisfy(self, constraint: Constraint, mark: int) -> Optional[Constraint]:
        """Satisfy one constraint if possible; the one that it overrode, if any."""
        constraint.choose_method(mark)
        if not constraint.is_satisfied():
            if constraint.strength == REQUIRED:
                raise Unsatisfiable("a required constraint cannot be satisfied")
            return None
        constraint.mark_inputs(mark)
        output = constraint.output()
        overridden = output.determined_by
        if overridden is not None:
            overridden.clear_method()
        output.determined_by = constraint
        if not self.propagate(constraint, mark):
            raise Unsatisfiable("the constraints form a cycle")
        output.mark = mark
        return overridden

    def propagate(self, constraint: Constraint, mark: int) -> bool:
        """Recompute everything downstream of `constraint`; false, with it removed, if that leads back to it."""
        todo = [constraint]
        while todo:
            current = todo.pop()
            output = current.output()
            if output.mark == mark:
                self.remove(constraint)
                return False
            current.recalculate()
            add_consumers(output, todo)
        return True

    def remove(self, constraint: Constraint) -> None:
        """Take a constraint out of the graph and satisfy those that it had kept from being satisfied."""
        if not constraint.is_satisfied():
            constraint.detach()
            return
        output = constraint.output()
        constraint.clear_method()
        constraint.detach()
        unsatisfied = self.release(output)
        for strength in range(REQUIRED, WEAKEST + 1):
            for other in unsatisfied:
                if other.strength == strength:
                    self.enforce(other)

    def release(self, output: Variable) -> list[Constraint]:
        """Recompute downstream of a variable that nothing determines any more; the unsatisfied constraints met."""
        output.determined_by = None
        output.walk_strength = WEAKEST
        output.stay = True
        unsatisfied: list[Constraint] = []
        todo = [output]
        while todo:
            variable = todo.pop()
            for constraint in variable.constraints:
                if not constraint.is_satisfied():
                    unsatisfied.append(constraint)
            determining = variable.determined_by
            for constraint in variable.constraints:
                if constraint is not determining and constraint.is_satisfied():
                    constraint.recalculate()
                    todo.append(constraint.output())
        return unsatisfied

    def plan(self, inputs: list[Constraint]) -> Plan:
        """What to execute when values come in through `inputs`."""
        mark = self.new_mark()
        plan = Plan()
        todo: list[Constraint] = []
        for constraint in inputs:
            if constraint.is_input() and constraint.is_satisfied():
                todo.append(constraint)
        while todo:
            constraint = todo.pop()
            output = constraint.output()
            if output.mark != mark and constraint.inputs_known(mark):
                plan.steps.append(constraint)
                output.mark = mark
                add_consumers(output, todo)
        return plan
