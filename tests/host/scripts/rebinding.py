"""Rebinding functions, methods, classes and globals takes effect at once, with results checked, and can be taken back."""
import builtins
import sys
from unittest import mock

sys.path.insert(0, "modules")
import rebinding as m


def raises(error, message, call, *args):
    try:
        call(*args)
    except BaseException as e:
        assert type(e).__name__ == error, (type(e), e)
        assert str(e) == message, str(e)
    else:
        raise AssertionError("nothing was raised")


def check():
    assert m.twice(1) == 3
    assert m.run(m.Counter(2), 1) == 5
    assert m.run(m.Far(2), 1) == 401
    assert m.make(3).step == 3
    assert m.limit() == 10
    assert m.size([1, 2]) == 2


for _ in range(3):
    check()
    # A function.
    with mock.patch.object(m, "f", lambda x: x * 10):
        assert m.twice(1) == 100
    check()
    with mock.patch.object(m, "f", return_value="text"):
        raises("StaticTypeError", "unexpected return type from f, expected int, got str", m.twice, 1)
    check()
    # A method, of the class and of a subclass.
    with mock.patch.object(m.Counter, "next", lambda self, n: n - 1):
        assert m.run(m.Counter(2), 1) == -1
        assert m.run(m.Far(2), 1) == 401
    check()
    with mock.patch.object(m.Far, "next", lambda self, n: "text"):
        try:
            m.run(m.Far(2), 1)
        except TypeError as e:
            assert type(e).__name__ == "StaticTypeError" and "expected int, got str" in str(e), e
        else:
            raise AssertionError
        assert m.run(m.Counter(2), 1) == 5
    check()
    # A class.
    with mock.patch.object(m, "Counter", m.Far):
        assert type(m.make(1)) is m.Far
    check()
    # A global.
    with mock.patch.object(m, "LIMIT", 20):
        assert m.limit() == 20
    m.LIMIT = 30
    assert m.limit() == 30
    m.LIMIT = 10
    m.__dict__.update(LIMIT=40)
    assert m.limit() == 40
    m.LIMIT = 10
    # A builtin, in the module and for everybody.
    with mock.patch.object(m, "len", lambda xs: 77, create=True):
        assert m.size([1, 2]) == 77
    assert m.size([1, 2]) == 2
    with mock.patch.object(builtins, "len", lambda xs: 78):
        answer = m.size([1, 2])
    assert answer == 78
    check()


# Dynamic subclasses override; what they return is checked.
class D(m.Counter):
    def next(self, n):
        return n * 3


class Bad(m.Counter):
    def next(self, n):
        return "text"


class Inherits(m.Counter):
    pass


assert m.run(D(1), 2) == 18
assert m.run(Inherits(1), 2) == 4
try:
    m.run(Bad(1), 2)
except TypeError as e:
    assert type(e).__name__ == "StaticTypeError" and "expected int, got str" in str(e), e
else:
    raise AssertionError
D.next = lambda self, n: n
assert m.run(D(1), 2) == 2
del D.next
assert m.run(D(1), 2) == 4
Made = type("Made", (m.Counter,), {})
assert m.run(Made(1), 2) == 4
Made.next = lambda self, n: n + 50
assert m.run(Made(1), 2) == 102
m.Counter.next, kept = (lambda self, n: n + 1000), m.Counter.next
assert m.run(Inherits(1), 2) == 2002
m.Counter.next = kept
assert m.run(Inherits(1), 2) == 4
check()

# An attribute of an instance that has a dict hides a method; so does what is put into the dict itself.
hiding = D(1)
assert m.run(hiding, 2) == 4
hiding.next = lambda n: n + 500
assert m.run(hiding, 2) == 1002
assert m.run(D(1), 2) == 4
del hiding.next
assert m.run(hiding, 2) == 4
vars(hiding)["next"] = lambda n: n - 1
assert m.run(hiding, 2) == 0
hiding.__dict__.clear()
assert m.run(hiding, 2) == 4
with_dict = m.WithDict(1)
assert m.run(with_dict, 2) == 4
with_dict.next = lambda n: "text"
raises("StaticTypeError", "unexpected return type from Counter.next, expected int, got str", m.run, with_dict, 2)
with_dict.next = lambda n: 7
assert m.run(with_dict, 2) == 7
check()
