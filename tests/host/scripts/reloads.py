"""A module that is reloaded while another static module keeps what it had before: with the same storage of its classes, and with another."""
import importlib
import os
import sys
import tempfile

sys.dont_write_bytecode = True

BEFORE = """
import __static__


class Item:
    def __init__(self, x: int) -> None:
        self.x = x

    def get(self) -> int:
        return self.x


def x_of(item: Item) -> int:
    return item.x
"""
ALIKE = BEFORE.replace("return self.x", "return self.x + 100")
OTHER = """
import __static__


class Item:
    def __init__(self, x: int) -> None:
        self.first = 2.5
        self.name = "n"
        self.x = x
        self.more = [1]

    def other(self) -> str:
        return self.name

    def get(self) -> int:
        return self.x * 10


def x_of(item: Item) -> int:
    return item.x * 100
"""
USER = """
import __static__
import items
from items import Item, x_of

KEPT: Item = Item(1)


class Own(Item):
    def __init__(self, x: int) -> None:
        super().__init__(x)
        self.half = 0.5

    def both(self) -> float:
        return self.x + self.half

    def late(self) -> float:
        return self.x * self.half


def kept() -> int:
    return x_of(KEPT)


def kept_by_new() -> int:
    return items.x_of(KEPT)


def made_of_old() -> int:
    return x_of(Item(5))


def made_of_new() -> int:
    return items.x_of(items.Item(6))


def read(item: Item) -> int:
    return item.x


def call(item: items.Item) -> int:
    return item.get()


def is_old(o: object) -> bool:
    return isinstance(o, Item)


def is_new(o: object) -> bool:
    return isinstance(o, items.Item)


def late_is_old(o: object) -> bool:
    return isinstance(o, Item)


def late_read(o: object) -> object:
    if isinstance(o, items.Item):
        return o.x
    return None


def own() -> float:
    return Own(3).both()


def own_of(o: Own) -> float:
    return o.both()


def late_own(o: Own) -> float:
    return o.late()
"""

folder = tempfile.mkdtemp()
sys.path.insert(0, folder)
clock = 0


def write(name, text):
    global clock
    clock += 1
    path = os.path.join(folder, name)
    with open(path, "w") as file:
        file.write(text)
    os.utime(path, (clock, clock))


def refused(call, *args):
    try:
        result = call(*args)
    except TypeError as e:
        return type(e).__name__ == "StaticTypeError"
    return result


def fresh():
    """Both modules as they are at first, with every function but the late ones run."""
    for name in ("items", "user"):
        sys.modules.pop(name, None)
    write("items.py", BEFORE)
    write("user.py", USER)
    items, user = importlib.import_module("items"), importlib.import_module("user")
    for _ in range(2):
        assert (user.kept(), user.kept_by_new(), user.made_of_old(), user.made_of_new()) == (1, 1, 5, 6)
        item = items.Item(2)
        assert (user.read(item), user.call(item), user.is_old(item), user.is_new(item)) == (2, 2, True, True)
        assert (items.x_of(item), user.own(), user.own_of(user.Own(4))) == (2, 3.5, 4.5)
    return items, user


def check_tests(items, user, old, new):
    """`isinstance` goes by what the names are bound to."""
    for test in (user.is_old, user.late_is_old):
        assert (test(old), test(new), test(user.Own(1)), test(3)) == (True, False, True, False)
    assert (user.is_new(old), user.is_new(new), user.is_new(user.Own(1))) == (False, True, False)
    assert (user.late_read(old), user.late_read(new), user.late_read(user.Own(1))) == (None, new.x, None)


# The same storage and methods: old and new instances pass for each other.
items, user = fresh()
old, old_x_of, own = items.Item(2), items.x_of, user.Own(8)
write("items.py", ALIKE)
importlib.reload(items)
new = items.Item(3)
assert (user.kept(), user.kept_by_new(), user.made_of_old(), user.made_of_new()) == (1, 1, 5, 6)
for item, x, got in ((old, 2, 2), (new, 3, 103), (own, 8, 8)):
    assert (user.read(item), user.call(item), items.x_of(item), old_x_of(item)) == (x, got, x, x)
check_tests(items, user, old, new)
assert (user.own(), user.own_of(own), user.late_own(own)) == (3.5, 8.5, 4.0)
importlib.reload(user)
assert (user.own(), user.own_of(user.Own(8)), user.late_own(user.Own(8))) == (3.5, 8.5, 4.0)
assert user.call(user.Own(1)) == 101

# Another storage: code of before goes on with instances of before, new code refuses them.
items, user = fresh()
old, old_x_of, own = items.Item(2), items.x_of, user.Own(8)
write("items.py", OTHER)
importlib.reload(items)
new = items.Item(3)
assert (user.kept(), user.made_of_new()) == (1, 600)
assert refused(user.kept_by_new) and refused(items.x_of, old) and refused(items.x_of, own)
for item, x, got in ((old, 2, 2), (new, 3, 30), (own, 8, 8)):
    assert (user.read(item), user.call(item), old_x_of(item)) == (x, got, x)
assert items.x_of(new) == 300
check_tests(items, user, old, new)
assert (user.own(), user.own_of(own), user.late_own(own), user.late_own(user.Own(2))) == (3.5, 8.5, 4.0, 1.0)
importlib.reload(user)
assert (user.kept(), user.own(), user.call(user.Own(8)), items.x_of(user.Own(7))) == (100, 3.5, 80, 700)
assert not user.is_old(old) and user.is_old(new) and user.late_own(user.Own(8)) == 4.0

# And back: the text of the first is that of the third.
write("items.py", BEFORE)
importlib.reload(items)
assert items.x_of(items.Item(4)) == 4 and items.x_of(old) == 2
assert refused(items.x_of, new) and user.made_of_new() == 6
