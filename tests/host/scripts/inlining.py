"""Calls whose callee was put in their place behave as calls: rebinding, tracebacks, recursion, references."""
import sys
import traceback
from unittest import mock

sys.path.insert(0, "modules")
import inlined as m
import inlined_base as base


def names(call, *args):
    """Names and lines of the entries below this file's own, of the exception that a call raises."""
    try:
        call(*args)
    except Exception as e:
        entries = traceback.extract_tb(e.__traceback__)
        return type(e).__name__, [(x.filename.rsplit("/")[-1], x.name, x.lineno, x.line) for x in entries[1:]]
    raise AssertionError("nothing was raised")


def check():
    assert m.plus_two(1) == 3
    assert m.sum_to(4) == 10
    assert [m.read(c(1)) for c in (m.Leaf, m.Other)] == [11, 21]
    assert [m.read_twice(c(1)) for c in (m.Leaf, m.Other)] == [22, 42]
    assert m.pair_sum(1, 2) == 3
    assert m.total_of([1, 2, 3]) == 6


def at(module, text):
    """The line of the first line with a text."""
    with open(module.__file__) as f:
        return next(i for i, line in enumerate(f, 1) if text in line)


for _ in range(3):
    check()
    # Functions: under the name that the caller uses, and in the module that defines them, which nobody calls through.
    with mock.patch.object(m, "one_more", lambda x: x * 10):
        assert m.plus_two(1) == 100 and m.sum_to(4) == 60
    with mock.patch.object(base, "one_more", lambda x: x * 10):
        check()
    with mock.patch.object(m, "one_more", lambda x: "text"):
        try:
            m.plus_two(1)
        except TypeError as e:
            assert str(e) == "unexpected return type from one_more, expected int, got str", e
        else:
            raise AssertionError
    # Methods: in the class that has them, in one that inherits, in the base.
    with mock.patch.object(m.Leaf, "value", lambda self: 5):
        assert m.read(m.Leaf(1)) == 5 and m.read_twice(m.Leaf(1)) == 10
        assert m.read(m.Other(1)) == 21
    with mock.patch.object(base.Base, "twice", lambda self: -1):
        assert m.read_twice(m.Leaf(1)) == -1
    with mock.patch.object(m.Leaf, "twice", lambda self: -2, create=True):
        assert m.read_twice(m.Leaf(1)) == -2 and m.read_twice(m.Other(1)) == 42
    # Constructors, initialisers, properties, static methods.
    with mock.patch.object(m, "check_positive", lambda n: n + 100):
        assert m.pair_sum(1, 2) == 103
    with mock.patch.object(m.Pair, "__init__", lambda self, a, b: (setattr(self, "a", 7), setattr(self, "b", 8))[1:0] or None):
        assert m.pair_sum(1, 2) == 15
    with mock.patch.object(m.Pair, "sum", property(lambda self: 9)):
        assert m.pair_sum(1, 2) == 9
    with mock.patch.object(m.Pair, "zero", staticmethod(lambda: 50)):
        assert m.pair_sum(1, 2) == 53


# Subclasses that are made later override what was put in callers, and so do attributes given to them.
class Late(m.Leaf):
    def value(self):
        return 99


assert m.read(Late(1)) == 99 and m.read_twice(Late(1)) == 198
Made = type("Made", (m.Leaf,), {})
assert m.read(Made(1)) == 11
Made.value = lambda self: 3
assert m.read(Made(1)) == 3
del Made.value
assert m.read(Made(1)) == 11
# A method of another class does not know this one's fields: its check of `self` says so.
with mock.patch.object(m.Other, "value", m.Leaf.value):
    try:
        m.read(m.Other(1))
    except TypeError as e:
        assert str(e) == "Leaf.value expected 'Leaf' for argument self, got 'Other'", e
    else:
        raise AssertionError
check()

# Rebound while the caller runs.
m.hook, kept = (lambda: setattr(m, "one_more", lambda x: 77)), m.hook
assert m.during([]) == 2077
m.hook, m.one_more = kept, base.one_more
assert m.during([]) == 2002
check()

# Tracebacks have the entries of the calls, the same as CPython's.
error, entries = names(m.outer, 6)
assert error == "ValueError"
assert [e[:2] for e in entries] == [("inlined.py", "outer"), ("inlined.py", "guarded"), ("inlined_base.py", "fail_if")], entries
assert [e[2] for e in entries] == [at(m, "        guarded(x)"), at(m, "fail_if(x"), at(base, "raise ValueError(why)")], entries
error, entries = names(m.read_twice, m.Raising(1))
assert [e[:2] for e in entries] == [("inlined.py", "read_twice"), ("inlined_base.py", "twice"), ("inlined.py", "value")], entries
error, entries = names(m.pair_sum, -1, 2)
assert [e[1] for e in entries] == ["pair_sum", "__init__", "check_positive"], entries
assert m.outer(5) == 6

# Recursion, through others and through what was put in its place.
assert m.even(100) and not m.odd(100) and m.down(50) == 50
for call in (m.forever, m.down):
    try:
        call(10**9)
    except RecursionError:
        pass
    else:
        raise AssertionError("no RecursionError")

# References: nothing is kept, nothing is given away.
thing = object()
before = sys.getrefcount(thing)
for _ in range(1000):
    assert m.kept(thing) is thing
assert sys.getrefcount(thing) == before
