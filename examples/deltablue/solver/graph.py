"""Variables and the constraints between them."""

import __static__

from typing import Final, Optional

# Strengths of constraints, the strongest first.
REQUIRED: Final = 0
STRONG_PREFERRED: Final = 1
PREFERRED: Final = 2
STRONG_DEFAULT: Final = 3
NORMAL: Final = 4
WEAK_DEFAULT: Final = 5
WEAKEST: Final = 6

# Which way a constraint between two variables is used.
UNUSED: Final = 0
FORWARD: Final = 1
BACKWARD: Final = 2


class Unsatisfiable(Exception):
    """A required constraint cannot be satisfied."""


def is_stronger(left: int, right: int) -> bool:
    return left < right


def weaker_of(left: int, right: int) -> int:
    return left if left > right else right


class Variable:
    """A value, who computes it, and how strongly."""

    def __init__(self, name: str, value: int) -> None:
        self.name: str = name
        self.value: int = value
        self.constraints: list[Constraint] = []
        self.determined_by: Optional[Constraint] = None
        self.mark: int = 0
        # The strength of the weakest constraint upstream: what it takes to change this variable.
        self.walk_strength: int = WEAKEST
        # Whether the value is constant as long as the graph is, so that plans need not compute it.
        self.stay: bool = True

    def attach(self, constraint: "Constraint") -> None:
        self.constraints.append(constraint)

    def detach(self, constraint: "Constraint") -> None:
        self.constraints.remove(constraint)
        if self.determined_by is constraint:
            self.determined_by = None


class Constraint:
    """A relation that can be kept true by computing one of its variables, its output, from the others."""

    def __init__(self, strength: int) -> None:
        self.strength: int = strength

    def attach(self) -> None:
        """Enter the graph."""
        raise NotImplementedError

    def detach(self) -> None:
        """Leave the graph."""
        raise NotImplementedError

    def is_input(self) -> bool:
        """Whether the output comes from outside, as the mouse's position does."""
        return False

    def is_satisfied(self) -> bool:
        raise NotImplementedError

    def choose_method(self, mark: int) -> None:
        """Decide which variable to compute, if any may be: not one marked with `mark`, nor one that is held more strongly."""
        raise NotImplementedError

    def clear_method(self) -> None:
        raise NotImplementedError

    def output(self) -> Variable:
        """The variable that is computed, when satisfied."""
        raise NotImplementedError

    def mark_inputs(self, mark: int) -> None:
        raise NotImplementedError

    def inputs_known(self, mark: int) -> bool:
        """Whether every input is constant or was computed already in the plan marked with `mark`."""
        raise NotImplementedError

    def recalculate(self) -> None:
        """Derive the output's strength and constancy, and its value if it is constant."""
        raise NotImplementedError

    def execute(self) -> None:
        """Compute the output's value."""
        raise NotImplementedError


class UnaryConstraint(Constraint):
    """A constraint on one variable, which is its output."""

    def __init__(self, variable: Variable, strength: int) -> None:
        super().__init__(strength)
        self.variable: Variable = variable
        self.satisfied: bool = False

    def attach(self) -> None:
        self.variable.attach(self)
        self.satisfied = False

    def detach(self) -> None:
        self.variable.detach(self)
        self.satisfied = False

    def is_satisfied(self) -> bool:
        return self.satisfied

    def choose_method(self, mark: int) -> None:
        variable = self.variable
        self.satisfied = variable.mark != mark and is_stronger(self.strength, variable.walk_strength)

    def clear_method(self) -> None:
        self.satisfied = False

    def output(self) -> Variable:
        return self.variable

    def mark_inputs(self, mark: int) -> None:
        pass

    def inputs_known(self, mark: int) -> bool:
        return True

    def recalculate(self) -> None:
        variable = self.variable
        variable.walk_strength = self.strength
        variable.stay = not self.is_input()
        if variable.stay:
            self.execute()


class Stay(UnaryConstraint):
    """The variable keeps its value."""

    def execute(self) -> None:
        pass


class Edit(UnaryConstraint):
    """The variable's value is set from outside."""

    def is_input(self) -> bool:
        return True

    def execute(self) -> None:
        pass


class BinaryConstraint(Constraint):
    """A constraint between two variables, usable both ways."""

    def __init__(self, first: Variable, second: Variable, strength: int) -> None:
        super().__init__(strength)
        self.first: Variable = first
        self.second: Variable = second
        self.direction: int = UNUSED

    def attach(self) -> None:
        self.first.attach(self)
        self.second.attach(self)
        self.direction = UNUSED

    def detach(self) -> None:
        self.first.detach(self)
        self.second.detach(self)
        self.direction = UNUSED

    def is_satisfied(self) -> bool:
        return self.direction != UNUSED

    def choose_method(self, mark: int) -> None:
        first = self.first
        second = self.second
        if first.mark == mark:
            free = second.mark != mark and is_stronger(self.strength, second.walk_strength)
            self.direction = FORWARD if free else UNUSED
        elif second.mark == mark:
            self.direction = BACKWARD if is_stronger(self.strength, first.walk_strength) else UNUSED
        elif is_stronger(second.walk_strength, first.walk_strength):
            self.direction = BACKWARD if is_stronger(self.strength, first.walk_strength) else UNUSED
        else:
            self.direction = FORWARD if is_stronger(self.strength, second.walk_strength) else UNUSED

    def clear_method(self) -> None:
        self.direction = UNUSED

    def source(self) -> Variable:
        """The variable that is read, when satisfied."""
        return self.first if self.direction == FORWARD else self.second

    def output(self) -> Variable:
        return self.second if self.direction == FORWARD else self.first

    def mark_inputs(self, mark: int) -> None:
        self.source().mark = mark

    def inputs_known(self, mark: int) -> bool:
        source = self.source()
        return source.mark == mark or source.stay or source.determined_by is None

    def recalculate(self) -> None:
        source = self.source()
        output = self.output()
        output.walk_strength = weaker_of(self.strength, source.walk_strength)
        output.stay = source.stay
        if output.stay:
            self.execute()


class Equality(BinaryConstraint):
    """The two are equal."""

    def execute(self) -> None:
        self.output().value = self.source().value


class Scale(BinaryConstraint):
    """The second is the first times a factor, plus an offset; neither of which it computes."""

    def __init__(self, first: Variable, factor: Variable, offset: Variable, second: Variable, strength: int) -> None:
        super().__init__(first, second, strength)
        self.factor: Variable = factor
        self.offset: Variable = offset

    def attach(self) -> None:
        super().attach()
        self.factor.attach(self)
        self.offset.attach(self)

    def detach(self) -> None:
        super().detach()
        self.factor.detach(self)
        self.offset.detach(self)

    def mark_inputs(self, mark: int) -> None:
        super().mark_inputs(mark)
        self.factor.mark = mark
        self.offset.mark = mark

    def execute(self) -> None:
        if self.direction == FORWARD:
            self.second.value = self.first.value * self.factor.value + self.offset.value
        else:
            self.first.value = (self.second.value - self.offset.value) // self.factor.value

    def recalculate(self) -> None:
        source = self.source()
        output = self.output()
        output.walk_strength = weaker_of(self.strength, source.walk_strength)
        output.stay = source.stay and self.factor.stay and self.offset.stay
        if output.stay:
            self.execute()
