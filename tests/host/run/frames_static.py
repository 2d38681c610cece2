"""Functions whose frames stand in tracebacks."""
import __static__


def divide(a: int, b: int) -> int:
    return (a +
            1) // b


def outer(n: int) -> int:
    total = 0
    for i in range(n, -1, -1):
        total += divide(10, i)
    return total


class Thing:
    value: int

    def __init__(self, value: int) -> None:
        self.value = value
        if value < 0:
            raise ValueError("negative", value)

    def item(self, xs: list[int]) -> int:
        return xs[self.value]

    @property
    def twice(self) -> int:
        return self.value * self.missing()

    def missing(self) -> int:
        return {}[self.value]


def build(n: int) -> Thing:
    return Thing(n)


def index(n: int) -> int:
    return Thing(n).item([1, 2, 3])


def call_back(f, n: int) -> int:
    return f(n) + 1


def unset() -> int:
    t = Thing.__new__(Thing)
    return t.value


def deep(n: int) -> int:
    if n == 0:
        return divide(1, 0)
    return deep(n - 1)
