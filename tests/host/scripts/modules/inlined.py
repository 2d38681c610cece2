"""Small functions and methods that go into their callers."""
import __static__

from inlined_base import Base, fail_if, one_more, total


def plus_two(x: int) -> int:
    return one_more(one_more(x))


def guarded(x: int) -> int:
    fail_if(x > 5, "too much")
    return x


def outer(x: int) -> int:
    return (
        guarded(x)
        + 1
    )


class Leaf(Base):
    def value(self) -> int:
        return self.n + 10


class Other(Base):
    def value(self) -> int:
        return self.n + 20


class Raising(Base):
    def value(self) -> int:
        raise LookupError(self.n)


def read(b: Base) -> int:
    return b.value()


def read_twice(b: Base) -> int:
    return b.twice()


class Pair:
    def __init__(self, a: int, b: int) -> None:
        self.a: int = check_positive(a)
        self.b: int = b

    @property
    def sum(self) -> int:
        return self.a + self.b

    @staticmethod
    def zero() -> int:
        return 0


def check_positive(n: int) -> int:
    if n < 0:
        raise ValueError(n)
    return n


def pair_sum(a: int, b: int) -> int:
    return Pair(a, b).sum + Pair.zero()


def even(n: int) -> bool:
    return True if n == 0 else odd(n - 1)


def odd(n: int) -> bool:
    return False if n == 0 else even(n - 1)


def down(n: int) -> int:
    return 0 if n == 0 else 1 + down(n - 1)


def forever(n: int) -> int:
    return step(n)


def step(n: int) -> int:
    return forever(n + 1) + 1


def sum_to(n: int) -> int:
    s = 0
    for i in range(n):
        s += one_more(i)
    return s


def during(calls: list[int]) -> int:
    """The name is rebound between two calls in one run."""
    a = one_more(1)
    change()
    return a * 1000 + one_more(1)


def change() -> None:
    hook()


def hook() -> None:
    pass


def total_of(xs: list[int]) -> int:
    return total(xs)


def kept(x: object) -> object:
    return same(same(x))


def same(x: object) -> object:
    return x
