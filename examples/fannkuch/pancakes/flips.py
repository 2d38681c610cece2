"""The count over ordinary lists of int."""

import __static__


def count_flips(order: list[int], work: list[int]) -> int:
    """Reversals of the first `order[0] + 1` entries until the first is 0. `work` is scratch of the same length."""
    first = order[0]
    if first == 0:
        return 0
    for i in range(len(order)):
        work[i] = order[i]
    flips = 1
    while True:
        nxt = work[first]
        if nxt == 0:
            return flips
        work[first] = first
        if first > 2:
            low = 1
            high = first - 1
            while low < high:
                kept = work[low]
                work[low] = work[high]
                work[high] = kept
                low += 1
                high -= 1
        first = nxt
        flips += 1


def fannkuch(n: int) -> tuple[int, int]:
    """The checksum and the greatest number of flips over the permutations of `n` things."""
    order = list(range(n))
    work = list(range(n))
    count = [0] * n
    checksum = 0
    most = 0
    sign = 1
    left = n
    while True:
        while left > 1:
            count[left - 1] = left
            left -= 1
        flips = count_flips(order, work)
        if flips > most:
            most = flips
        checksum += sign * flips
        sign = -sign
        # The next permutation: rotate ever longer prefixes until one has a rotation left.
        while True:
            if left == n:
                return checksum, most
            front = order[0]
            for i in range(left):
                order[i] = order[i + 1]
            order[left] = front
            count[left] -= 1
            if count[left] > 0:
                break
            left += 1
