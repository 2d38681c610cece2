"""Typed bytecode, from its text form, computes what the list of ops says."""

import math
import sys

from keelback._keelback import _test

run = _test.run_text


def outcome(function, *args):
    try:
        return function(*args)
    except Exception as error:
        return type(error), str(error)


def unary(op, kind, result=None):
    result = result or kind
    return f"function m:f function ({kind}) -> {result} {{\nblock0(v0: {kind}):\n  v1: {result} = {op} v0\n  return v1\n}}\n"


def binary(op, kind, result=None):
    result = result or kind
    return (
        f"function m:f function ({kind}, {kind}) -> {result} {{\n"
        f"block0(v0: {kind}, v1: {kind}):\n  v2: {result} = {op} v0, v1\n  return v2\n}}\n"
    )


def bounds(name):
    bits = int(name[1:])
    return (-(1 << bits - 1), (1 << bits - 1) - 1, bits) if name[0] == "i" else (0, (1 << bits) - 1, bits)


def wrap(name, value):
    low, high, bits = bounds(name)
    value &= (1 << bits) - 1
    return value - (1 << bits) if value > high else value


for name in ["i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64"]:
    low, high, bits = bounds(name)
    values = sorted({low, low + 1, -1 if low else 1, 0, 1, 2, 5, 7, bits, bits - 1, high - 1, high})
    functions = {
        "add": lambda a, b: a + b,
        "sub": lambda a, b: a - b,
        "mul": lambda a, b: a * b,
        "floordiv": lambda a, b: a // b,
        "mod": lambda a, b: a % b,
        "and": lambda a, b: a & b,
        "or": lambda a, b: a | b,
        "xor": lambda a, b: a ^ b,
        "shl": lambda a, b: a << min(b, 64) if b >= 0 else a << b,
        "shr": lambda a, b: a >> min(b, 64) if b >= 0 else a >> b,
    }
    for op, function in functions.items():
        text = binary(f"mach.{op}", name)
        for a in values:
            for b in values:
                got = outcome(run, text, a, b)
                expected = outcome(function, a, b)
                if isinstance(expected, int):
                    expected = wrap(name, expected)
                assert got == expected, (op, name, a, b, got, expected)
    for condition, function in {"lt": int.__lt__, "eq": int.__eq__, "ge": int.__ge__}.items():
        text = binary(f"mach.cmp {condition}", name, "bool")
        for a in values:
            for b in values:
                assert run(text, a, b) is function(a, b)
    for a in values:
        assert run(unary("mach.neg", name), a) == wrap(name, -a)
        assert run(unary("mach.not", name), a) == wrap(name, ~a)
        assert run(unary("int.from_mach", name, "int"), a) == a
        assert run(unary("mach.to_float", name, "f64"), a) == float(a)
        assert run(unary("box.mach", name, "obj"), a) == a
        for other in ["i8", "u8", "i32", "u64"]:
            if other != name:
                assert run(unary("mach.cast", name, other), a) == wrap(other, a)
                expected = a if bounds(other)[0] <= a <= bounds(other)[1] else (OverflowError, "integer out of range")
                assert outcome(run, unary("mach.narrow", name, other), a) == expected

INTS = [0, 1, -1, 5, -7, 2**62 - 1, 2**62, -(2**62), -(2**62) - 1, 2**63, 2**80, -(2**80), True]
for op, function in {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "floordiv": lambda a, b: a // b,
    "mod": lambda a, b: a % b,
    "and": lambda a, b: a & b,
    "or": lambda a, b: a | b,
    "xor": lambda a, b: a ^ b,
}.items():
    text = binary(f"int.{op}", "int")
    for a in INTS:
        for b in INTS:
            assert outcome(run, text, a, b) == outcome(function, a, b), (op, a, b)
for a in INTS:
    for b in INTS:
        assert run(binary("int.cmp le", "int", "bool"), a, b) is (a <= b)
        assert outcome(run, binary("int.div", "int", "f64"), a, b) == outcome(lambda a, b: a / b, a, b)
    assert run(unary("int.neg", "int"), a) == -a
    assert run(unary("int.truth", "int", "bool"), a) is bool(a)
    assert run(unary("int.clamp", "int", "i64"), a) == max(-(2**62), min(2**62 - 1, a))
    assert run(unary("int.to_float", "int", "f64"), a) == float(a)
    assert run(unary("box.int", "int", "obj"), a) is a or run(unary("box.int", "int", "obj"), a) == a

FLOATS = [0.0, -0.0, 1.5, -2.5, math.inf, -math.inf, math.nan, 1e308]
for a in FLOATS:
    for b in FLOATS:
        for op, function in {
            "add": lambda a, b: a + b,
            "sub": lambda a, b: a - b,
            "mul": lambda a, b: a * b,
            "div": lambda a, b: a / b,
            "floordiv": lambda a, b: a // b,
            "mod": lambda a, b: a % b,
        }.items():
            assert repr(outcome(run, binary(f"float.{op}", "f64"), a, b)) == repr(outcome(function, a, b)), (op, a, b)
        assert run(binary("float.cmp ne", "f64", "bool"), a, b) is (a != b)
        assert run(binary("float.cmp lt", "f64", "bool"), a, b) is (a < b)
    assert repr(run(unary("float.neg", "f64"), a)) == repr(-a)
    assert repr(outcome(run, unary("float.sqrt", "f64"), a)) == repr(outcome(math.sqrt, a))
    assert outcome(run, unary("float.to_int", "f64", "int"), a) == outcome(int, a)
assert run(unary("float.cast", "f64", "f32"), 0.1) == 0.10000000149011612

# A loop: the sum of the odd numbers below n.
LOOP = """
function m:odd function (int) -> int {
block0(v0: int):
  v1: int[0..0] = const.int 0
  v2: int[1..1] = const.int 1
  jump block1(v1, v2)
block1(v3: int, v4: int):
  v5: bool = int.cmp lt v4, v0
  branch v5, block2, block3
block2:
  v6: int = int.add v3, v4
  v7: int[2..2] = const.int 2
  v8: int = int.add v4, v7
  poll
  jump block1(v6, v8)
block3:
  return v3
}
"""
assert run(LOOP, 1000) == 250000
assert run(LOOP, 0) == 0

# Lists: items are borrowed or taken, and given back.
SUM = """
function m:first function (obj, int) -> obj {
block0(v0: obj[builtins:list], v1: int):
  v2: obj = list.get v0, v1
  v3: obj = const.obj "x"
  v4: obj = tuple.new v2, v3
  return v4
}
"""
marker = object()
values = [marker, 2]
count = sys.getrefcount(marker)
for _ in range(50):
    assert run(SUM, values, 0) == (marker, "x")
    assert outcome(run, SUM, values, 2) == (IndexError, "list index out of range")
    assert outcome(run, SUM, values, 2**70) == outcome(lambda: values[2**70])
assert sys.getrefcount(marker) == count

# Calls of objects, with keywords.
CALL = """
function m:call function (obj, obj) -> obj {
block0(v0: obj, v1: obj):
  v2: obj = call.object v0, v1, v1, ["key"]
  return v2
}
"""
assert run(CALL, lambda *a, **k: (a, k), 7) == ((7,), {"key": 7})
assert outcome(run, CALL, len, 7)[0] is TypeError
NAMED = """
function m:call function (obj, obj) -> obj {
block0(v0: obj, v1: obj):
  v2: obj = call.named v0, v1, join []
  return v2
}
"""
assert run(NAMED, ",", ["a", "b"]) == "a,b"
print("bytecode ok")
