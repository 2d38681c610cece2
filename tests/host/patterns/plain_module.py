def f(x: int) -> int:
    return x * 2


class C:
    n: int

    def __init__(self, n: int) -> None:
        self.n = n
