"""Never runs. It is checked in a thread while a program starts, and uses what most static modules use, which is then known: what
is used most comes first, since the check ends when the first module is imported."""
import __static__
from __static__ import Array, cbool, double, int64
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from math import sqrt
from typing import Any, Final, Optional

LIMIT: Final = 3


class Node:
    def __init__(self, name: str, weight: float) -> None:
        self.name = name
        self.weight = weight
        self.next: Optional["Node"] = None
        self.items: list[int] = []

    @property
    def size(self) -> int:
        return len(self.items)

    @staticmethod
    def named(name: str) -> "Node":
        return Node(name, 1.0)

    def add(self, item: int) -> bool:
        if item > LIMIT and self.next is not None:
            return self.next.add(item)
        self.items.append(item)
        return True


class Leaf(Node):
    def __init__(self, name: str) -> None:
        super().__init__(name, float(len(name)))

    def add(self, item: int) -> bool:
        raise ValueError(f"{self.name} takes no {item!r}")


@dataclass
class Pair:
    first: int
    second: tuple[int, str]


def count(words: Iterable[str], known: dict[str, int], seen: set[str]) -> list[tuple[str, int]]:
    for word in words:
        known[word] = known.get(word, 0) + 1
        if word.lower() not in seen:
            seen.add(word.strip())
    return sorted(known.items(), key=lambda item: -item[1])


def squares(numbers: list[float], scale: int) -> Iterator[float]:
    for at, number in enumerate(numbers):
        yield number * scale + at


def chosen(value: object, default: bytes, make: Callable[[int], Any]) -> int:
    if isinstance(value, int):
        return min(abs(value), max(1, value // 2))
    total = 0
    for i in range(len(default)):
        total += default[i]
    rows = [[0] * total for _ in range(total)]
    try:
        print(rows[0][-1], sum(row[0] for row in rows), make(total))
    except (IndexError, KeyError) as error:
        print(str(error))
    return Pair(total, (1, "")).first


def read(path: str) -> list[str]:
    with open(path, encoding="utf-8") as file:
        text = file.read()
    return [line for line in text.splitlines() if line.split()]


class Kind(Enum):
    PLAIN = 1
    ODD = 2


def length(kind: Kind, lines: list[Node], sizes: Array[int64]) -> float:
    if kind is Kind.ODD:
        return sqrt(len(lines))
    found: double = 0.0
    at: int64 = 0
    while at < len(sizes):
        is_odd: cbool = sizes[at] % 2 == 1
        if is_odd:
            found += double(sizes[at])
        at += 1
    return float(found)
