import __static__
import os
import sys
from typing import NoReturn


class Number:
    def __init__(self, n: int) -> None:
        self.n = n


class Text:
    def __init__(self, s: str) -> None:
        self.s = s


def stop(code: int) -> NoReturn:
    raise SystemExit(code)


class Exit:
    def now(self) -> NoReturn:
        raise SystemExit(2)


def by_library(v: Number | Text) -> int:
    if isinstance(v, Text):
        sys.exit(1)
    return v.n + 1


def by_own(v: Number | Text) -> int:
    if isinstance(v, Text):
        stop(1)
    return v.n + 1


def by_method(v: Number | Text, e: Exit) -> int:
    if isinstance(v, Text):
        e.now()
    return v.n + 1


def unset(known: bool) -> float:
    if known:
        x = 1.5
    else:
        os.abort()
    return x * 2
