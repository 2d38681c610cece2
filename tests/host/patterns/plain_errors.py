"""A module with type errors, static by a pattern: the functions that have them are left to CPython."""
try:
    import no_such_module_at_all
except ImportError:
    no_such_module_at_all = None


def sound(n: int) -> int:
    return n + 1


def wrong_return(n: int) -> str:
    return n + 1


def wrong_argument(n: int) -> int:
    return sound("x" if n > 100 else n)


class Kept:
    size: int = "text"

    def double(self, n: int) -> int:
        return n * 2

    def wrong(self) -> int:
        return self.nothing_of_this_name
