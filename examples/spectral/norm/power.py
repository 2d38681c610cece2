"""The greatest singular value by the power method."""

import __static__

from math import sqrt

from norm.matrix import times, transposed_times


def dot(left: list[float], right: list[float]) -> float:
    return sum(a * b for a, b in zip(left, right))


def spectral_norm(size: int, rounds: int = 10) -> float:
    """The norm of the upper left corner of `size` rows and columns, after `rounds` double steps."""
    u = [1.0] * size
    v = [0.0] * size
    work = [0.0] * size
    for _ in range(rounds):
        times(u, work)
        transposed_times(work, v)
        times(v, work)
        transposed_times(work, u)
    return sqrt(dot(u, v) / dot(v, v))
