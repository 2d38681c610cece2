"""Calls of static functions from dynamic code."""
import inspect
import sys

sys.path.insert(0, "modules")
import calls as m


def raises(error, message, call, *args, **kwargs):
    try:
        call(*args, **kwargs)
    except BaseException as e:
        assert type(e).__name__ == error, (type(e), e)
        assert str(e) == message, str(e)
    else:
        raise AssertionError("nothing was raised")


assert m.f(3) == 3 and m.f(x=4, y="b") == 4
raises("StaticTypeError", "f expected 'int' for argument x, got 'str'", m.f, "x")
raises("StaticTypeError", "f expected 'str' for argument y, got 'int'", m.f, 1, 2)
raises("StaticTypeError", "f expected 'int' for argument x, got 'float'", m.f, x=1.5)
raises("TypeError", "f() missing 1 required positional argument: 'x'", m.f)
raises("TypeError", "f() got an unexpected keyword argument 'z'", m.f, 1, z=3)
raises("TypeError", "f() takes from 1 to 2 positional arguments but 3 were given", m.f, 1, "a", 3)
raises("TypeError", "f() got multiple values for argument 'x'", m.f, 1, x=2)
raises("StaticTypeError", "expected 'int', got 'str'", m.g, 1)

assert m.half(3) == 1.5 and type(m.half(4)) is float
assert m.half(True) == 0.5
raises("StaticTypeError", "half expected 'float' for argument x, got 'str'", m.half, "1")

assert m.small(-128) == -128
raises("OverflowError", "small expected 'int8' for argument x, got out-of-range int 300", m.small, 300)
raises("StaticTypeError", "small expected 'int8' for argument x, got 'float'", m.small, 1.0)

assert m.many() == 0 and m.many(1, 2, a="x") == 3
raises("StaticTypeError", "many expected 'int' for argument args, got 'str'", m.many, 1, "2")
raises("StaticTypeError", "many expected 'str' for argument kwargs, got 'int'", m.many, 1, k=1)

assert m.maybe(None) == "None" and m.maybe(10**40) == "1" + "0" * 40
raises("StaticTypeError", "maybe expected 'int | None' for argument x, got 'str'", m.maybe, "x")
assert m.pair((1, "a")) == 1
raises("StaticTypeError", "pair expected 'tuple[int, str]' for argument p, got 'tuple'", m.pair, (1, 2))

assert m.only(1, 2) == 123 and m.only(1, b=2, c=4) == 124
raises("TypeError", "only() got some positional-only arguments passed as keyword arguments: 'a'", m.only, a=1, b=2)
raises("TypeError", "only() takes 2 positional arguments but 3 were given", m.only, 1, 2, 3)

c = m.C(5)
assert c.twice() == 10 and m.C.twice(c) == 10 and m.take(c) == 10
raises("StaticTypeError", "C.__init__ expected 'int' for argument n, got 'str'", m.C, "5")
raises("StaticTypeError", "take expected 'C' for argument c, got 'int'", m.take, 5)
raises("TypeError", "C.__init__() missing 1 required positional argument: 'n'", m.C)

# They stay Python functions.
assert inspect.isfunction(m.f) and str(inspect.signature(m.f)) == "(x: int, y: str = 'a') -> int"
m.f.__defaults__ = ("z",)
assert m.f(3) == 3
m.f.__code__ = (lambda x, y: "replaced").__code__
assert m.f(1) == "replaced"
