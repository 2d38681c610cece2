"""Laid-out classes as dynamic code sees them."""
import copy
import gc
import inspect
import pickle
import sys
import weakref

sys.path.insert(0, "modules")
import bodies as m


def raises(error, message, call):
    try:
        call()
    except BaseException as e:
        assert type(e).__name__ == error, (type(e), e)
        assert str(e).startswith(message), str(e)
    else:
        raise AssertionError("nothing was raised")


b = m.Body(1, 3)
assert (b.x, b.n, b.name, b.total(2)) == (1.0, 3, "b", 6.0)
assert type(b.x) is float
raises("AttributeError", "'Body' object has no attribute 'y'", lambda: b.y)
raises("AttributeError", "'Body' object has no attribute 'ok'", lambda: b.ok)

# Writes check.
raises("StaticTypeError", "expected 'int', got 'str' for attribute 'n'", lambda: setattr(b, "n", "x"))
raises("StaticTypeError", "expected 'str', got 'int' for attribute 'name'", lambda: setattr(b, "name", 5))
raises("StaticTypeError", "expected 'bool', got 'int' for attribute 'ok'", lambda: setattr(b, "ok", 1))
raises("AttributeError", "'Body' object has no attribute 'zzz'", lambda: setattr(b, "zzz", 5))
b.n = 10**30
assert b.n == 10**30
b.n = True
assert b.n is True
del b.n
raises("AttributeError", "'Body' object has no attribute 'n'", lambda: b.n)
raises("AttributeError", "n", lambda: delattr(b, "n"))
b.ok = True
assert b.ok is True
b.y = 2
assert b.y == 2.0 and type(b.y) is float
del b.y
raises("AttributeError", "'Body' object has no attribute 'y'", lambda: b.y)
b.n = 5

# Copies.
for twin in (copy.copy(b), copy.deepcopy(b), pickle.loads(pickle.dumps(b))):
    assert (twin.x, twin.n, twin.name, twin.ok) == (1.0, 5, "b", True)
    raises("AttributeError", "'Body' object has no attribute 'y'", lambda: twin.y)

# Defaults.
s = m.Sub()
assert (s.x, s.n, s.other, s.count, m.Sub.count, s.total(1)) == (1.0, 2, None, 7, 7, -1.0)
s.count = 9
assert s.count == 9 and m.Sub().count == 7 and m.Sub.count == 7
del s.count
assert s.count == 7

# The class and its descriptors.
field = vars(m.Body)["x"]
assert field.__name__ == "x" and field.__objclass__ is m.Body and m.Body.x is field
assert repr(field) == "<member 'x' of 'Body' objects>"
assert m.Body.__slots__ == ("x", "y", "n", "ok", "name")
assert pickle.loads(pickle.dumps(field)) is field
raises("TypeError", "descriptor 'x' for 'Body' objects doesn't apply to a 'int' object", lambda: field.__get__(5))
assert str(inspect.signature(m.Body)) == "(x: float, n: int, name: str = 'b') -> None"


# Dynamic subclasses.
class D(m.Body):
    def total(self, k):
        return "bad"


d = D(2, 3)
d.extra = 5
assert d.__dict__ == {"extra": 5} and d.x == 2.0
raises("AttributeError", "'D' object has no attribute 'y'", lambda: d.y)
e = m.Body.__new__(D)
raises("AttributeError", "'D' object has no attribute 'x'", lambda: e.x)
raises("AttributeError", "'D' object has no attribute 'n'", lambda: e.n)
e.self = e
del d, e
D2 = type("D2", (m.Body,), {})
e = D2(1, 2)
e.me = weakref.ref(e)
assert e.me() is e
del e
twin = copy.deepcopy(D(4, 5))
assert (twin.x, twin.n) == (4.0, 5)


# Storage of another layout does not pass for ours.
class Plain:
    pass


raises("TypeError", "__class__ assignment", lambda: setattr(Plain(), "__class__", m.Body))
raises("TypeError", "__class__ assignment", lambda: setattr(m.FloatField(), "__class__", m.IntField))

# Deallocation: finalisers run, cycles are collected, long chains do not exhaust the stack.
node = None
for i in range(1000):
    node = m.Node(i, node)
del node
assert m.deleted == 1000, m.deleted
cycle = m.Link(None)
cycle.next = cycle
reference = D(1, 1)
reference.cycle = cycle
del cycle
gc.collect()
chain = None
for i in range(1_000_000):
    chain = m.Link(chain)
del chain


class DynamicLink(m.Link):
    pass


chain = None
for i in range(200_000):
    chain = DynamicLink(chain)
del chain
gc.collect()
before = sys.getrefcount(m.Body), sys.getrefcount(m.Link), sys.getrefcount(m.Node)
for i in range(20_000):
    m.Body(1.0, i), m.Link(m.Link(None)), m.Node(1, None)
gc.collect()
assert before == (sys.getrefcount(m.Body), sys.getrefcount(m.Link), sys.getrefcount(m.Node))
w = m.Weak(3)
r = weakref.ref(w)
assert r() is w
del w
assert r() is None

# A class attribute of a field's name is the field's default, and may change.
m.Sub.count = 11
assert m.Sub.count == 11 and m.Sub().count == 11 and s.count == 7, (m.Sub.count, m.Sub().count, s.count)
old = m.Sub()
from unittest import mock

with mock.patch.object(m.Sub, "count", 20):
    assert m.Sub.count == 20 and m.Sub().count == 20 and old.count == 11
assert m.Sub.count == 11 and m.Sub().count == 11
del m.Sub.count
raises("AttributeError", "'Sub' object has no attribute 'count'", lambda: m.Sub().count)
m.Sub.count = 7
assert m.Sub().count == 7
