"""What `inlined` calls across the module's border."""
import __static__


def one_more(x: int) -> int:
    return x + 1


def fail_if(test: bool, why: str) -> None:
    if test:
        raise ValueError(why)


def total(xs: list[int]) -> int:
    s = 0
    for x in xs:
        s += x
    return s


class Base:
    def __init__(self, n: int) -> None:
        self.n: int = n

    def value(self) -> int:
        raise NotImplementedError

    def twice(self) -> int:
        return self.value() * 2
