"""The count over arrays of `int64`."""

import __static__
from __static__ import Array, int64


def count_flips(order: Array[int64], work: Array[int64], n: int64) -> int64:
    """Reversals of the first `order[0] + 1` entries until the first is 0. `work` is scratch of the same length."""
    first: int64 = order[0]
    if first == 0:
        return 0
    i: int64 = 0
    while i < n:
        work[i] = order[i]
        i += 1
    flips: int64 = 1
    while True:
        nxt: int64 = work[first]
        if nxt == 0:
            return flips
        work[first] = first
        if first > 2:
            low: int64 = 1
            high: int64 = first - 1
            while low < high:
                kept: int64 = work[low]
                work[low] = work[high]
                work[high] = kept
                low += 1
                high -= 1
        first = nxt
        flips += 1


def fannkuch(n: int) -> tuple[int, int]:
    """The checksum and the greatest number of flips over the permutations of `n` things."""
    size: int64 = n
    order: Array[int64] = Array[int64](size)
    work: Array[int64] = Array[int64](size)
    count: Array[int64] = Array[int64](size)
    i: int64 = 0
    while i < size:
        order[i] = i
        i += 1
    checksum: int64 = 0
    most: int64 = 0
    sign: int64 = 1
    left: int64 = size
    while True:
        while left > 1:
            count[left - 1] = left
            left -= 1
        flips: int64 = count_flips(order, work, size)
        if flips > most:
            most = flips
        checksum += sign * flips
        sign = -sign
        # The next permutation: rotate ever longer prefixes until one has a rotation left.
        while True:
            if left == size:
                return checksum, most
            front: int64 = order[0]
            i = 0
            while i < left:
                order[i] = order[i + 1]
                i += 1
            order[left] = front
            count[left] -= 1
            if count[left] > 0:
                break
            left += 1
