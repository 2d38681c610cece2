"""A module that is imported again beside its first copy: each copy goes by its own classes. One that is reloaded: by its new ones."""
import importlib
import sys

sys.path.insert(0, "modules")
import copied as first


def fresh(*names):
    """New copies of modules, the first of which is given; `sys.modules` is as before."""
    kept = {name: sys.modules.pop(name) for name in names}
    try:
        return importlib.import_module(names[0])
    finally:
        sys.modules.update(kept)


def check(m):
    point = m.make(3)
    assert type(point) is m.Point and point.x == 3
    assert m.is_point(point) and not m.is_point(3)
    assert m.x_of(point) == 3 and m.x_of(point.moved(1)) == 4
    assert m.box(point).point is point
    held = m.box(m.Point(1))
    held.point = point
    assert m.x_of(held.point) == 3
    thing = m.thing(5)
    assert type(thing) is m.Thing and thing.n == 5 and m.knows(thing)


second = fresh("copied")
third = fresh("copied", "copied_base")
assert first.Point is not second.Point is not third.Point
assert first.Thing is second.Thing is not third.Thing
# The first copy's functions run for the first time now, with the others' classes there.
for m in (third, first, second, first, third):
    check(m)
assert not first.is_point(second.make(1)) and not second.is_point(first.make(1)) and not third.is_point(second.make(1))
assert not first.knows(third.thing(1)) and second.knows(first.thing(1))

# A new module that gets another copy of what it imports than was compiled.
kept = {name: sys.modules.pop(name) for name in ("copied", "copied_base")}
import copies_user

check(sys.modules["copied"])
point = sys.modules["copied"].make(4)
assert copies_user.double(point) == 8 and copies_user.new(2).x == 2
assert type(copies_user.new(2)) is sys.modules["copied"].Point is not first.Point
sys.modules.update(kept)
check(first)

# Reloading: the same dict, with new classes and functions.
old_point, old_make, old_is_point = first.Point, first.make, first.is_point
old = first.make(1)
again = importlib.reload(first)
assert again is first and first.Point is not old_point
check(first)
assert not first.is_point(old) and first.is_point(old_make(2))
assert type(old_make(2)) is first.Point
check(first)
