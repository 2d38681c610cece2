import __static__


class Thing:
    def __init__(self, n: int) -> None:
        self.n: int = n


def is_thing(value: object) -> bool:
    return isinstance(value, Thing)
