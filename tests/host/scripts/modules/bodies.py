import __static__
from typing import Any

class Body:
    x: float
    y: float
    n: int
    ok: bool
    name: str
    def __init__(self, x: float, n: int, name: str = "b") -> None:
        self.x = x
        self.n = n
        self.name = name
    def total(self, k: int) -> float:
        return self.x * self.n * k

class Sub(Body):
    other: "Sub | None"
    count: int = 7
    def __init__(self) -> None:
        super().__init__(1, 2)
        self.other = None
    def total(self, k: int) -> float:
        return -1.0

class Node:
    def __init__(self, v: int, next: "Node | None") -> None:
        self.v = v
        self.next = next
    def __del__(self) -> None:
        global deleted
        deleted += 1
deleted = 0

class Link:
    def __init__(self, next: "Link | None") -> None:
        self.next = next

class FloatField:
    x: float
    def __init__(self) -> None:
        self.x = 1.0

class IntField:
    x: int
    def __init__(self) -> None:
        self.x = 1

class Weak:
    __weakref__: Any
    def __init__(self, v: int) -> None:
        self.v = v
