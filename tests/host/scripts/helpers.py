"""Every runtime helper that stands for an operation of Python does what the interpreter does, errors and their texts included."""

import enum
import gc
import itertools
import math
import operator
import sys
import warnings

from keelback._keelback import _test

warnings.simplefilter("ignore")

call = _test.call_helper
NULL = NotImplemented


def outcome(function, *args):
    try:
        value = function(*args)
    except BaseException as error:
        return type(error), error.args
    return type(value), repr(value)


def same(helper, reference, *args, extra=()):
    got = outcome(call, helper, *args, *extra)
    expected = outcome(reference, *args)
    assert got == expected, f"{helper}{args}: {got}, expected {expected}"


class Colour(enum.IntEnum):
    RED = 1
    BIG = 2**70


class Loud(int):
    def __add__(self, other):
        return Loud(1000)

    def __mul__(self, other):
        return "text"


EDGES = [0, 1, 2, 3, 7, 62, 63, 64, 2**29, 2**30, 2**31, 2**53 + 1, 2**61, 2**62 - 1, 2**62, 2**63 - 1, 2**63, 2**64, 2**70]
INTS = sorted({*EDGES, *(-v for v in EDGES)}) + [True, False, Colour.RED, Colour.BIG]

BINARY = {
    "int_add": operator.add,
    "int_sub": operator.sub,
    "int_mul": operator.mul,
    "int_floordiv": operator.floordiv,
    "int_mod": operator.mod,
    "int_div": operator.truediv,
    "int_and": operator.and_,
    "int_or": operator.or_,
    "int_xor": operator.xor,
}
for (name, function), a, b in itertools.product(BINARY.items(), INTS, INTS):
    same(name, function, a, b)
for a, b in itertools.product(INTS, [0, 1, 2, 29, 30, 61, 62, 63, 64, 65, -1, True, Colour.RED]):
    same("int_shl", operator.lshift, a, b)
    same("int_shr", operator.rshift, a, b)
    same("int_pow", operator.pow, a, b)
for a in INTS:
    same("int_neg", operator.neg, a)
    same("int_not", operator.invert, a)
    same("int_abs", abs, a)
    same("int_to_str", str, a)
    same("int_to_float", float, a)
    same("box_int", lambda v: v, a)
    same("int_truth", bool, a)
    same("object_int", int, a)
COMPARISONS = [operator.lt, operator.le, operator.eq, operator.ne, operator.gt, operator.ge]
for a, b in itertools.product(INTS, INTS):
    for number, function in enumerate(COMPARISONS):
        same("int_cmp", function, a, b, extra=(number,))

# Overloads of subclasses are honoured; what is not an int is refused.
assert call("int_add", Loud(1), 2) == 1000 and type(call("int_add", Loud(1), 2)) is Loud
try:
    call("int_mul", Loud(1), 2)
except TypeError as error:
    assert type(error).__name__ == "StaticTypeError" and str(error) == "expected 'int', got 'str'", error
else:
    raise AssertionError("a str passed for an int")

# Machine integers by the number of their representation.
REPRS = ["obj", "int", "i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64", "f64", "f32", "bool"]
for name in ["i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64"]:
    bits = int(name[1:])
    low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if name[0] == "i" else (0, (1 << bits) - 1)
    number = REPRS.index(name)
    long = {"i": "int", "u": "uint"}[name[0]] + str(bits)

    def signed(value):
        return value - 2**64 if value >= 2**63 else value

    for value in INTS:
        got = outcome(call, "int_to_mach", value, number)
        if low <= value <= high:
            assert got == (int, repr(signed(int(value)))), (name, value, got)
        else:
            assert got == (OverflowError, (f"expected '{long}', got out-of-range int {value!s}",)), (name, value, got)
        assert outcome(call, "unbox_mach", value, 0, number) == got
    for value in [0.0, -0.5, 1.9, -1.9, 127.9, 128.0, 255.5, 256.0, 2.0**31, 2.0**63, 2.0**64, -(2.0**63), 1e300]:
        got = outcome(call, "float_to_mach", value, number)
        if low <= int(value) <= high:
            assert got == (int, repr(signed(int(value)))), (name, value, got)
        else:
            assert got == (OverflowError, (f"{long}() got out-of-range int {int(value)}",)), (name, value, got)
        assert outcome(call, "object_mach", value, number) == got
    same("float_to_mach", int, math.nan, extra=(number,))
    same("float_to_mach", int, math.inf, extra=(number,))
    assert call("object_mach", " 12 ", number) == 12
    assert outcome(call, "object_mach", [], number) == (TypeError, (f"{long}() argument must be a number or a string, not 'list'",))
    for base, exponent in itertools.product([0, 1, 2, 3, 7, 10], [0, 1, 2, 5, 63, 64, 100]):
        value = pow(base, exponent, 2**bits)
        value = value - 2**bits if value > high else value
        assert call("mach_pow", base, exponent, number) == signed(value)
assert outcome(call, "mach_pow", 2, -1, REPRS.index("i64"))[0] is ValueError

FLOATS = [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 1.5, 2.5, -2.5, 3.7, -3.7, 1e308, -1e308, 5e-324, math.inf, -math.inf, math.nan, 2.0**62, 2.0**70, 1e16 + 2]
for a, b in itertools.product(FLOATS, FLOATS):
    same("float_floordiv", operator.floordiv, a, b)
    same("float_mod", operator.mod, a, b)
    same("math_pow", math.pow, a, b)
    same("math_atan2", math.atan2, a, b)
    if math.isfinite(a) and math.isfinite(b) and a < 0 and b != int(b):
        # A complex number to CPython; documented to be refused.
        assert outcome(call, "float_pow", a, b)[0] is ValueError
    else:
        same("float_pow", operator.pow, a, b)
for a in FLOATS:
    for name in ["sin", "cos", "tan", "atan", "exp", "log", "floor", "ceil"]:
        same(f"math_{name}", getattr(math, name), a)
    same("float_to_int", int, a)
    same("float_round", round, a)
    same("float_to_str", str, a)
    same("box_f64", float, a)
    same("object_hash", hash, a if a == a else 0.0)
for value in [1, 2.5, True, 2**70, Colour.RED]:
    assert call("unbox_f64", value, 0) == float(value)
assert outcome(call, "unbox_f64", 10**400, 0) == outcome(float, 10**400)
assert outcome(call, "unbox_f64", "x", 0)[1] == ("expected 'float', got 'str'",)
assert outcome(call, "unbox_int", 1.5, 0)[1] == ("expected 'int', got 'float'",)
assert outcome(call, "unbox_bool", 1, 0)[1] == ("expected 'bool', got 'int'",)
assert call("unbox_int", Colour.RED, 0) is Colour.RED and call("unbox_int", 2**70, 0) == 2**70

# Objects.
OPERATORS = [
    operator.add, operator.sub, operator.mul, operator.truediv, operator.floordiv, operator.mod, operator.pow,
    operator.lshift, operator.rshift, operator.and_, operator.or_, operator.xor, operator.matmul,
]  # fmt: skip
IN_PLACE = [
    operator.iadd, operator.isub, operator.imul, operator.itruediv, operator.ifloordiv, operator.imod, operator.ipow,
    operator.ilshift, operator.irshift, operator.iand, operator.ior, operator.ixor, operator.imatmul,
]  # fmt: skip
OBJECTS = [1, 2.5, "ab", "%s", (1, 2), b"x", None, {1}, {"k": 1}, 12, True, 3j]
for a, b in itertools.product(OBJECTS, OBJECTS):
    for number, (plain, in_place) in enumerate(zip(OPERATORS, IN_PLACE)):
        same("object_binary", plain, a, b, extra=(number,))
        if not isinstance(a, (set, dict)):
            same("object_in_place", in_place, a, b, extra=(number,))
    for number, function in enumerate(COMPARISONS):
        same("object_compare", function, a, b, extra=(number,))
        same("object_compare_truth", function, a, b, extra=(number,))
    same("object_contains", operator.contains, a, b)
    same("object_getitem", operator.getitem, a, b)
    same("object_isinstance", isinstance, a, type(b))
    same("object_isinstance", isinstance, a, b)
for a in OBJECTS:
    for number, function in enumerate([operator.neg, operator.pos, operator.invert]):
        same("object_unary", function, a, extra=(number,))
    for name in ["len", "hash", "str", "repr", "ascii", "float", "int"]:
        same(f"object_{name}", __builtins__.__dict__[name], a)
    same("object_truth", bool, a)
    same("object_type", type, a)
    same("object_id", id, a)
    same("list_from", list, a)
    same("tuple_from", tuple, a)
    same("object_format", format, a, ">6")
    same("str_ord", ord, a)
list_of_nan = [math.nan]
assert call("object_compare_truth", math.nan, math.nan, 2) is False
for value in [0, 65, 0x10FFFF, 0x110000, -1, 2**31, 2**40, 2**70, True]:
    same("str_chr", chr, value)


def unpack(iterable, count):
    return [
        lambda: (lambda a: (a,))(*iterable),
    ][0]() if count < 0 else unpack_by_statement(iterable, count)


def unpack_by_statement(iterable, count):
    names = ", ".join(f"v{i}" for i in range(count)) + ","
    space = {"iterable": iterable}
    exec(f"{names} = iterable\nresult = ({names})", space)
    return space["result"]


class Bad:
    def __iter__(self):
        raise TypeError("mine")


for iterable in [[1, 2], (1, 2), [1], [1, 2, 3], "ab", {1: 2, 3: 4}, 5, None, Bad(), range(2)]:
    same("unpack", unpack, iterable, 2)
assert call("unpack", iter([1, 2, 3]), 3) == (1, 2, 3)
assert outcome(call, "unpack", iter(itertools.count()), 2) == (ValueError, ("too many values to unpack (expected 2)",))
iterator = iter([1])
assert call("iter_next", iterator) == 1 and call("iter_next", iterator) is None
same("range_new", range, 0, 10, 0)
same("range_new", range, 0, 2**70, 3)
same("slice_new", slice, 1, None, 2)

# Lists and tuples, exact and not.


class Sub(list):
    def __getitem__(self, index):
        return ("sub", index)

    def append(self, item):
        super().append(item)
        super().append(item)


for index in [0, 1, -1, -3, 3, -4, 2**62, -(2**62), 2**63, 2**70, -(2**70), True]:
    same("list_get", operator.getitem, [1, 2, 3], index)
    same("tuple_get", operator.getitem, (1, 2, 3), index)
    same("str_get", operator.getitem, "aß\U0001f600", index)
    same("list_get", operator.getitem, Sub([1]), index)

    for name, function in [("list_pop_at", list.pop), ("list_set", lambda values, i, item: operator.setitem(values, i, item))]:
        ours, theirs = [1, 2, 3], [1, 2, 3]
        extra = ("new",) if name == "list_set" else ()
        got, expected = outcome(call, name, ours, index, *extra), outcome(function, theirs, index, *extra)
        assert got == expected and ours == theirs, (name, index, got, expected)
    if abs(index) < 2**63:
        ours, theirs = [1, 2, 3], [1, 2, 3]
        call("list_insert", ours, index, "new"), theirs.insert(index, "new")
        assert ours == theirs
    for stop in [0, 2, -1, 5, 2**70]:
        same("list_slice", lambda values, i, j: values[i:j], [1, 2, 3], index, stop)
same("list_pop", list.pop, [])
same("list_pop_at", list.pop, [], 0)
same("list_repeat", operator.mul, [1, 2], 3)
same("list_repeat", operator.mul, [1, 2], -1)
same("list_repeat", operator.mul, [1, 2], 2**70)
values = [3, 1, 2]
call("list_append", values, 5), call("list_extend", values, iter("ab")), call("list_reverse", values)
assert values == ["b", "a", 5, 2, 1, 3]
same("list_extend", list.extend, [], 5)
same("list_sort", list.sort, [1, "a"])
assert call("list_pop", values) == 3 and call("list_copy", values) == values is not call("list_copy", values)
call("list_clear", values)
assert values == []
sub = Sub()
call("list_append", sub, 1)
assert list(sub) == [1, 1]
assert call("list_new", (1, 2, 3), 3) == [1, 2, 3] and call("tuple_new", ("a",), 1) == ("a",) and call("tuple_new", (), 0) == ()
assert call("set_new", (1, 2, 1), 3) == {1, 2} and call("dict_new", (1, "a", 2, "b"), 2) == {1: "a", 2: "b"}
same("set_new", lambda items, n: {*items}, ([],), 1)

# Dicts and sets.
from collections import Counter, OrderedDict, defaultdict

for make in [lambda: {1: "a", (2,): "b"}, lambda: OrderedDict({1: "a"}), lambda: defaultdict(list), lambda: Counter()]:
    for key in [1, (2,), "missing", (3, 4), [], 1.0]:
        for name, function, extra in [
            ("dict_getitem", operator.getitem, ()),
            ("dict_contains", operator.contains, ()),
            ("dict_delitem", operator.delitem, ()),
            ("dict_setitem", operator.setitem, ("v",)),
            ("dict_get", lambda d, *a: d.get(*a), ("default",)),
            ("dict_setdefault", lambda d, *a: d.setdefault(*a), ("default",)),
            ("dict_pop", lambda d, *a: d.pop(*a), ("default",)),
        ]:
            ours, theirs = make(), make()
            got, expected = outcome(call, name, ours, key, *extra), outcome(function, theirs, key, *extra)
            assert got == expected and ours == theirs, (name, key, got, expected)
        assert outcome(call, "dict_pop", make(), key, NULL) == outcome(make().pop, key)
for item in [1, "x", [], {1}, {3}, frozenset({3})]:
    for name, function in [
        ("set_add", lambda s, i: s.add(i)),
        ("set_discard", lambda s, i: s.discard(i)),
        ("set_contains", operator.contains),
    ]:
        ours, theirs = {1, frozenset({3})}, {1, frozenset({3})}
        got, expected = outcome(call, name, ours, item), outcome(function, theirs, item)
        assert got == expected and ours == theirs, (name, item, got, expected)

# Strings.


class Text(str):
    def __eq__(self, other):
        return True

    __hash__ = str.__hash__

    def __add__(self, other):
        return "added"


for a, b in itertools.product(["", "a", "ab", "ß", "\U0001f600", Text("t")], repeat=2):
    same("str_concat", operator.add, a, b)
    same("str_append", operator.iadd, a, b)
    same("str_eq", operator.eq, a, b)
    same("str_join", lambda s, i: s.join(i), a, [b, b])
same("str_concat", operator.add, "a", 1)
same("str_join", lambda s, i: s.join(i), ",", 5)
same("str_join", lambda s, i: s.join(i), ",", ["a", 1])
assert call("str_join_array", ("a", "ß", "c"), 3) == "aßc" and call("str_join_array", (), 0) == ""

# Calls.


def target(*args, **kwargs):
    return args, kwargs


assert call("call_unpacked", target, (1, 2), {"k": 3}) == ((1, 2), {"k": 3})
assert call("call_unpacked", target, (1,), None) == ((1,), {})
assert call("call_object", target, (1, 2), 2, 0) == ((1, 2), {})
names = ("k",)
assert call("call_object", target, (1, 2), 2, id(names)) == ((1,), {"k": 2})
assert call("call_named", "join", (",", ["a", "b"]), 2, 0) == "a,b"
same("object_getattr", getattr, 1, "missing")

# Raising.


def raised(exception=None, cause=NULL):
    if cause is NULL:
        raise exception
    raise exception from cause


def details(function, *args):
    try:
        function(*args)
    except BaseException as error:
        return type(error), error.args, repr(error.__cause__), error.__suppress_context__, repr(error.__context__)


class NoException(Exception):
    def __new__(cls):
        return 5


for exception, cause in itertools.product(
    [ValueError, ValueError("x"), KeyError((1, 2)), 5, int, NoException], [NULL, None, KeyError, KeyError("c"), 5]
):
    got = details(call, "raise", exception, cause)
    expected = details(raised, exception, cause)
    assert got == expected, (exception, cause, got, expected)
assert outcome(call, "raise", NULL, NULL) == (RuntimeError, ("No active exception to reraise",))
try:
    raise KeyError("k")
except KeyError as handled:
    try:
        call("raise", NULL, NULL)
    except KeyError as again:
        assert again is handled
assert outcome(call, "raise_assertion", (1, 2)) == (AssertionError, ((1, 2),))
assert outcome(call, "raise_assertion", NULL) == (AssertionError, ())
assert outcome(call, "raise_unbound", "x") == (
    UnboundLocalError,
    ("cannot access local variable 'x' where it is not associated with a value",),
)
assert outcome(call, "raise_fixed", 0) == outcome(operator.floordiv, 1, 0)

# References: nothing is lost, nothing is given away twice.
marker = object()
box = [marker] * 10
before = sys.getrefcount(marker)
for _ in range(100):
    call("list_get", box, 3)
    call("tuple_new", (marker, marker), 2)
    call("list_new", (marker,), 1)
    call("list_append", box, marker), call("list_pop", box)
    call("list_set", box, 0, marker)
    call("dict_new", (marker, marker), 1)
    call("dict_setdefault", {}, 1, marker)
    call("object_type", marker)
    outcome(call, "list_set", [], 5, marker)
    outcome(call, "unpack", [marker] * 3, 2)
    outcome(call, "dict_getitem", {}, marker)
    outcome(call, "raise", ValueError(marker), NULL)
big = 2**80
word = sys.getrefcount(big)
for _ in range(100):
    call("int_add", big, 1), call("int_sub", big, big), call("box_int", big), call("unbox_int", big, 0), call("int_cmp", big, big, 2)
gc.collect()
assert sys.getrefcount(marker) == before, sys.getrefcount(marker) - before
assert sys.getrefcount(big) == word
text = "s" * 3
assert call("str_append", text, "t") == "ssst" and text == "sss"
print("helpers ok")
