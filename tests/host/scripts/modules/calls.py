import __static__
from __static__ import int8


def f(x: int, y: str = "a") -> int:
    return x


def g(x: int) -> int:
    return h(x)


def h(x):
    return "no"


def half(x: float) -> float:
    return x / 2


def small(x: int8) -> int:
    return int(x)


def many(*args: int, **kwargs: str) -> int:
    return len(args) + len(kwargs)


def maybe(x: int | None) -> str:
    return str(x)


def pair(p: tuple[int, str]) -> int:
    return p[0]


def only(a: int, /, b: int, *, c: int = 3) -> int:
    return a * 100 + b * 10 + c


class C:
    n: int

    def __init__(self, n: int) -> None:
        self.n = n

    def twice(self) -> int:
        return self.n * 2


def take(c: C) -> int:
    return c.twice()
