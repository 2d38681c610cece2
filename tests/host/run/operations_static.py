"""Operations of every kind on typed values, for `operations.py`."""
import __static__
from __static__ import Array, double, int32, int64
from typing import Optional


class Base:
    name: str
    count: int
    weight: float
    flag: bool
    nxt: Optional["Base"]

    def __init__(self, name: str, count: int) -> None:
        self.name = name
        self.count = count
        self.weight = count * 1.5
        self.flag = count > 3
        self.nxt = None

    def area(self, k: int) -> int:
        return self.count * k

    def label(self) -> str:
        return self.name + ":" + str(self.count)

    @property
    def double(self) -> float:
        return self.weight * 2

    @staticmethod
    def make(n: int) -> "Base":
        return Base("m" + str(n), n)

    @classmethod
    def build(cls, n: int) -> "Base":
        return cls("b", n)


class Derived(Base):
    extra: list[int]

    def __init__(self, name: str, count: int) -> None:
        super().__init__(name, count)
        self.extra = [count, count + 1]

    def area(self, k: int) -> int:
        return super().area(k) + len(self.extra)


def ints(n: int) -> list[int]:
    out: list[int] = []
    a, b = 1, 1
    for i in range(n):
        out.append(a)
        a, b = b, a + b
        if i % 7 == 3:
            a = -a
        if i % 11 == 5:
            b ^= a << 3
    return out


def bigs(n: int) -> int:
    x = 1
    for i in range(1, n):
        x = x * i + (x >> 3) - (x & 255) | (i << 70)
        x = x % (10 ** 40 + i)
    return -x // 7 + abs(~x)


def floats(n: int) -> float:
    s = 0.0
    for i in range(n):
        s += i / 3.0 - s * 0.5 + (i % 5) ** 0.5
        s = s % 1000.0 if s > 1e5 else s // 1.0 + 0.25
    return s


def strings(words: list[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for w in words:
        key = w.lower().strip(".,")
        if key in counts:
            counts[key] += 1
        else:
            counts[key] = 1
    text = ""
    for k in sorted(counts):
        text += f"{k}={counts[k]:>3};"
    counts[text] = len(text)
    counts[text[0] + text[-1]] = ord(text[2])
    return counts


def objects(n: int) -> tuple[int, float, str]:
    head: Optional[Base] = None
    for i in range(n):
        b: Base = Derived("d", i) if i % 2 else Base("x", i)
        b.nxt = head
        head = b
    total = 0
    weight = 0.0
    label = ""
    at = head
    while at is not None:
        total += at.area(3)
        weight += at.double
        if at.flag and isinstance(at, Derived):
            total += at.extra[-1]
            at.extra.append(total)
            label = at.label()
        at = at.nxt
    total += Base.make(4).count + Derived.build(5).count
    return total, weight, label


def containers(n: int) -> object:
    grid = [[i * j for j in range(4)] for i in range(n)]
    t = (n, "a", 2.5, None)
    a, b, c, d = t
    s = {1, 2, n}
    s.add(5)
    s.discard(1)
    total = 0
    for row in grid:
        for v in row[1:]:
            total += v
        row.reverse()
        row.insert(1, total)
        row.pop()
        row[0] = -1
    first, rest = grid[0][0], grid[0] + [9]
    pairs = list(zip(range(3), "abc"))
    e = {k: v for k, v in pairs}
    return grid, a, b, c, d, sorted(s), total, first, rest, pairs, e, sum(x for x in range(n)), max([1, 5, 3]), t[1:]


def list_item(xs: list[int], k: int) -> int:
    return xs[k]


def dict_item(d: dict[str, int], k: str) -> int:
    return d[k]


def int_floordiv(a: int, b: int) -> int:
    return a // b


def float_div(a: float, b: float) -> float:
    return a / b


def raises(a: object) -> None:
    raise ValueError("boom", a)


def raises_from() -> None:
    raise KeyError("a") from IndexError("b")


def asserts(k: int) -> None:
    assert k > 6, ("msg", k)


def unpacks(xs: list[int]) -> int:
    a, b = xs
    return a


def unset_field() -> float:
    o = Base.__new__(Base)
    return o.weight


def shifts(a: int, b: int) -> int:
    return a << b


def parses(s: str) -> int:
    return int(s)


def pops(xs: list[int], k: int) -> int:
    return xs.pop(k)


def unbound(k: int) -> int:
    if k > 20:
        q = 1
    return q


def float_mod(a: float, b: float) -> float:
    return a % b


def int_div(a: int, b: int) -> float:
    return a / b


def character(a: int) -> str:
    return chr(a)


def calls_dynamic(o, n):
    return o.foo(n, key=n)


def str_item(a: str, k: int) -> str:
    return a[k]


def int_mod(a: int, b: int) -> int:
    return a % b


def tuple_item(t: tuple[int, ...], k: int) -> int:
    return t[k]


def narrow(x: object) -> int:
    if isinstance(x, int):
        return x + 1
    if isinstance(x, str):
        return len(x)
    return -1


def keywords(a: int, b: int = 2, *, c: float = 3.5, d: str = "q") -> str:
    return f"{a} {b} {c} {d!r}"


def calls() -> str:
    return keywords(1) + keywords(1, c=2.0) + keywords(1, 3, d="z") + keywords(b=5, a=6)


def arrays(n: int64) -> double:
    a = Array[double](n)
    b = Array[int32](n)
    i: int64 = 0
    while i < n:
        a[i] = double(i) * 0.5
        b[i] = int32(i * 3)
        i = i + 1
    s: double = 0.0
    for v in a:
        s = s + v
    for j in range(len(b)):
        s = s + b[j]
    return s + a[-1]


def array_item(n: int64) -> double:
    a = Array[double](3)
    return a[n]
