import __static__


def positive(n: int) -> int:
    assert n > 0, n
    return n


def first(xs: list[int]) -> int | None:
    found: int | None = xs[0] if xs else None
    assert found is not None
    return found


def noted(calls: list[int]) -> int:
    assert calls.append(1) is None
    return len(calls)
