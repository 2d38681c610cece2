import __static__

from typing import Any

LIMIT = 10


def f(x: int) -> int:
    return x + 1


def twice(x: int) -> int:
    return f(f(x))


class Counter:
    step: int

    def __init__(self, step: int) -> None:
        self.step = step

    def next(self, n: int) -> int:
        return n + self.step


class Far(Counter):
    def next(self, n: int) -> int:
        return n + 100 * self.step


class WithDict(Counter):
    __dict__: Any


def run(c: Counter, n: int) -> int:
    return c.next(c.next(n))


def make(step: int) -> Counter:
    return Counter(step)


def limit() -> int:
    return LIMIT


def size(xs: list[int]) -> int:
    return len(xs)
