import __static__
from __static__ import int64


def forever() -> None:
    while True:
        pass


def deep(n: int) -> int:
    return deep(n + 1) + 1


def even(n: int) -> bool:
    return odd(n + 1)


def odd(n: int) -> bool:
    return even(n + 1)


def divide(a: int64, b: int64) -> int64:
    return a // b


def modulo(a: int64, b: int64) -> int64:
    return a % b


def divide_ints(a: int, b: int) -> int:
    return a // b


def spin(n: int) -> int:
    total = 0
    for i in range(n):
        total += i
    return total


class Node:
    def __init__(self, value: int) -> None:
        self.value = value
        self.next: Node | None = None


def garbage(n: int) -> int:
    total = 0
    for i in range(n):
        node = Node(i)
        node.next = node
        total += node.value
    return total
