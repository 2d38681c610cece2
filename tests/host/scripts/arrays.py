"""`Array[T]` of the extension, used from uncompiled code."""

import array
import copy
import pickle
import sys
import weakref

from __static__ import Array, cbool, double, int8, int32, int64, single, uint8, uint64


def outcome(function, *args):
    try:
        return function(*args)
    except Exception as error:
        return type(error), str(error)


assert Array.__module__ == "__static__" and Array.__name__ == "Array"
assert Array[int64] is Array[int64] and Array[int64].__name__ == "Array[int64]" and Array[int64].element is int64
assert issubclass(Array[int64], Array) and Array[double].__name__ == "Array[double]" and Array[cbool].__name__ == "Array[cbool]"
assert outcome(Array, 3) == (TypeError, "Array needs an element type, as in Array[int64]")
assert outcome(lambda: Array[int64][int64]) == (TypeError, "Array[int64] is not generic")
assert outcome(Array[int64], -1) == (ValueError, "negative length")

values = Array[int64](3)
assert list(values) == [0, 0, 0] and len(values) == 3 and repr(values) == "Array[int64]([0, 0, 0])"
values[0], values[-1] = 5, 2**63 - 1
assert values.tolist() == [5, 0, 2**63 - 1] and type(values[0]) is int64 and type(values.tolist()[0]) is int
assert values[-1] + int64(1) == -(2**63)
for index in [3, -4, 2**70]:
    assert outcome(lambda: values[index])[0] is IndexError
assert outcome(lambda: values[3]) == (IndexError, "array index out of range")
assert outcome(values.__setitem__, 3, 1) == (IndexError, "array assignment index out of range")
assert outcome(values.__setitem__, 0, 2**63) == (OverflowError, "Array[int64] got out-of-range int 9223372036854775808")
assert outcome(values.__setitem__, 0, "x") == (TypeError, "expected 'int64', got 'str'")
assert outcome(values.__setitem__, 0, 1.0)[0] is TypeError
assert outcome(lambda: values["x"])[0] is TypeError
assert outcome(values.__delitem__, 0)[0] is TypeError

for element, low, high in [(int8, -128, 127), (uint8, 0, 255), (int32, -(2**31), 2**31 - 1), (uint64, 0, 2**64 - 1)]:
    ends = Array[element]([low, high])
    assert ends.tolist() == [low, high] and list(ends) == [low, high] and high in ends and high + 1 not in ends
    assert outcome(Array[element], [high + 1])[0] is OverflowError and outcome(Array[element], [low - 1])[0] is OverflowError
    again = pickle.loads(pickle.dumps(ends))
    assert again == ends and type(again) is type(ends)
floats = Array[double]([1, 2.5, True])
assert floats.tolist() == [1.0, 2.5, 1.0] and type(floats[0]) is float
assert Array[single]([0.1])[0] == single(0.1) and type(Array[single]([0.1])[0]) is single
assert Array[cbool]([True, False]).tolist() == [True, False] and outcome(Array[cbool], [1])[0] is TypeError

# Slices: views, except with a step.
whole = Array[int32](range(10))
view = whole[2:5]
assert view.tolist() == [2, 3, 4] and type(view) is Array[int32]
view[0] = 100
assert whole[2] == 100
inner = view[1:]
del view
whole[3] = 7
assert inner.tolist() == [7, 4]
assert whole[::-3].tolist() == [9, 6, 7, 0] and whole[5:2].tolist() == [] and whole[20:].tolist() == []
whole[0:3] = [1, 2, 3]
assert whole.tolist()[:3] == [1, 2, 3]
assert outcome(whole.__setitem__, slice(0, 3), [1]) == (ValueError, "cannot assign 1 values to a slice of length 3")
assert list(reversed(Array[int8]([1, 2]))) == [2, 1]

# Comparison, copies, the rest of the methods.
assert Array[int64]([1, 2]) == Array[int32]([1, 2]) and Array[int64]([1]) != Array[int64]([1, 2])
assert Array[double]([float("nan")]) != Array[double]([float("nan")])
assert (Array[int64](1) == [0]) is False and outcome(hash, values)[0] is TypeError
for twin in [values.copy(), copy.copy(values), copy.deepcopy(values)]:
    twin[0] = 1
    assert values[0] == 5 and type(twin) is Array[int64]
values.fill(9)
assert values.tolist() == [9, 9, 9] and values.count(9) == 3 and values.index(9) == 0
assert outcome(values.index, 8) == (ValueError, "8 is not in the array")
assert Array[int32]([1]).tobytes() == (1).to_bytes(4, "little")

# Buffers, both ways.
shared = memoryview(values)
assert shared.format == "q" and shared.shape == (3,) and shared.itemsize == 8 and not shared.readonly
shared[1] = 4
assert values[1] == 4
source = array.array("d", [1.0, 2.0])
wrapped = Array[double](source)
wrapped[0] = 8.0
assert source[0] == 8.0 and outcome(source.append, 1.0)[0] is BufferError
del wrapped
source.append(3.0)
assert outcome(Array[int64], source) == (TypeError, "Array[int64] needs a buffer of format 'q', got 'd'")
data = bytearray(16)
over = Array[int64].wrap(data)
over[1] = 1
assert data[8] == 1
fixed = Array[uint8].wrap(b"abc")
assert fixed.tolist() == [97, 98, 99] and outcome(fixed.__setitem__, 0, 1)[0] is TypeError
assert memoryview(fixed).readonly

# Nothing leaks, nothing dangles.
reference = weakref.ref(over)
del over
assert reference() is None
data.append(1)
part = Array[int64](1000)[10:20]
assert part.tolist() == [0] * 10
before = sys.getrefcount(Array[int64])
for _ in range(100):
    Array[int64](5)[1:].copy()
assert sys.getrefcount(Array[int64]) == before


class Mine(Array[int64]):
    pass


mine = Mine(2)
mine.extra = 1
assert mine.tolist() == [0, 0] and type(mine[:1]) is Mine
print("arrays ok")
