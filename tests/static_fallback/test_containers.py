import collections.abc
import copy
import gc
import json
import pickle
import unittest
import weakref
from array import array
from typing import TypeVar

from __static__ import (
    Array,
    Array2,
    Array3,
    CheckedDict,
    CheckedList,
    PyDict,
    StaticTypeError,
    Vector,
    cbool,
    double,
    int8,
    int32,
    int64,
    single,
    uint8,
)


class Arrays(unittest.TestCase):
    def test_making(self):
        self.assertEqual(list(Array[int64](3)), [0, 0, 0])
        self.assertEqual(list(Array[double]([1, 2.5])), [1.0, 2.5])
        self.assertEqual(list(Array[cbool]([True, False])), [True, False])
        self.assertIs(Array[int64], Array[int64])
        self.assertIs(Array[double], Array[float])
        self.assertEqual(repr(Array[int8]([1, 2])), "Array[int8]([1, 2])")
        self.assertIsInstance(Array[int8](1), Array)
        with self.assertRaises(TypeError):
            Array(3)
        with self.assertRaises(ValueError):
            Array[int8](-1)
        Array[TypeVar("T")]  # an annotation

    def test_elements(self):
        a = Array[int8]([1, 2, 3])
        a[0] = 127
        a[0] += 1
        self.assertEqual(a[0], -128)
        self.assertIs(type(a[0]), int8)
        self.assertEqual(a[int64(-1)], 3)
        with self.assertRaises(OverflowError):
            a[0] = 128
        with self.assertRaises(TypeError):
            a[0] = 1.5
        with self.assertRaises(TypeError):
            a[0] = "1"
        for index in (3, -4):
            with self.assertRaises(IndexError):
                a[index]
            with self.assertRaises(IndexError):
                a[index] = 0
        self.assertIs(type(Array[double](1)[0]), float)
        self.assertEqual(Array[single]([0.1])[0], single(0.1))

    def test_slices_are_views(self):
        a = Array[int32](range(6))
        part = a[1:4]
        part[0] = 50
        self.assertEqual(a[1], 50)
        self.assertEqual(list(part), [50, 2, 3])
        a[0:2] = [7, 8]
        self.assertEqual(list(a), [7, 8, 2, 3, 4, 5])
        with self.assertRaises(ValueError):
            a[0:2] = [1]

    def test_api(self):
        a = Array[int32]([3, 1, 3])
        self.assertEqual(len(a), 3)
        self.assertTrue(1 in a)
        self.assertFalse("1" in a)
        self.assertEqual(a, Array[int32]([3, 1, 3]))
        self.assertNotEqual(a, Array[int32]([3, 1]))
        self.assertEqual(a.count(3), 2)
        self.assertEqual(a.index(1), 1)
        b = a.copy()
        b.fill(9)
        self.assertEqual((list(a), list(b)), ([3, 1, 3], [9, 9, 9]))
        self.assertEqual(list(reversed(a)), [3, 1, 3])
        self.assertEqual(copy.deepcopy(a), a)
        self.assertEqual(pickle.loads(pickle.dumps(a)), a)
        self.assertIs(type(pickle.loads(pickle.dumps(Array[double](1)))), Array[double])
        self.assertIsInstance(a, collections.abc.Sequence)

    def test_buffers(self):
        a = Array[int32]([1, 2])
        view = memoryview(a)
        self.assertEqual((view.format, view.nbytes), ("i", 8))
        view[0] = 10
        self.assertEqual(a[0], 10)
        shared = Array[double].wrap(source := array("d", [1.5]))
        shared[0] = 2.5
        self.assertEqual(source[0], 2.5)
        with self.assertRaises(TypeError):
            Array[double].wrap(array("f", [1.5]))
        frozen = Array[uint8].wrap(b"ab")
        self.assertEqual(frozen[1], 98)
        with self.assertRaises(TypeError):
            frozen[0] = 1
        self.assertEqual(Array[int64].wrap(array("l", [5]))[0], 5)

    def test_two_and_three_dimensions(self):
        a = Array2[double](2, 3)
        a[1, 2] = 5
        self.assertEqual(a.tolist(), [[0, 0, 0], [0, 0, 5]])
        self.assertEqual(a[-1, -1], 5)
        self.assertEqual(a.shape, (2, 3))
        self.assertEqual(memoryview(a).shape, (2, 3))
        for bad in ((2, 0), (0, 3)):
            with self.assertRaises(IndexError):
                a[bad]
        with self.assertRaises(TypeError):
            a[0]
        self.assertEqual(pickle.loads(pickle.dumps(a)), a)
        b = a.copy()
        b.fill(1)
        self.assertNotEqual(a, b)
        c = Array3[int32](2, 2, 2)
        c[1, 0, 1] = 3
        self.assertEqual(c.tolist(), [[[0, 0], [0, 0]], [[0, 3], [0, 0]]])

    def test_vectors(self):
        v = Vector[int64]()
        for i in range(10):
            v.append(i)
        v.insert(0, 100)
        v.extend([7, 8])
        self.assertEqual(list(v), [100, *range(10), 7, 8])
        self.assertEqual(v.pop(), 8)
        self.assertEqual(v.pop(0), 100)
        self.assertEqual(len(v), 11)
        v.reserve(100)
        self.assertEqual(len(v), 11)
        self.assertEqual(list(v[2:4]), [2, 3])
        self.assertEqual(pickle.loads(pickle.dumps(v)), v)
        v.clear()
        self.assertEqual(list(v), [])
        with self.assertRaises(IndexError):
            v.pop()
        with self.assertRaises(OverflowError):
            v.append(2**63)
        self.assertEqual(list(Vector[int64](2)), [0, 0])


class CheckedLists(unittest.TestCase):
    def test_checks(self):
        x = CheckedList[int]([1, 2])
        for bad in (
            lambda: CheckedList[int](["a"]),
            lambda: x.append("a"),
            lambda: x.insert(0, "a"),
            lambda: x.extend([3, "a"]),
            lambda: x.__setitem__(0, "a"),
            lambda: x.__setitem__(slice(0, 1), ["a"]),
            lambda: x + ["a"],
            lambda: x.__iadd__(["a"]),
        ):
            with self.assertRaisesRegex(StaticTypeError, r"^bad value 'str' for CheckedList\[int\]$"):
                bad()
        self.assertEqual(x, [1, 2])

    def test_api(self):
        x = CheckedList[int]([3, 1, 2])
        self.assertIs(CheckedList[int], CheckedList[int])
        x.sort()
        self.assertEqual(x, [1, 2, 3])
        x.reverse()
        x[0:1] = [9, 8]
        self.assertEqual(list(x), [9, 8, 2, 1])
        self.assertIs(type(x[1:]), CheckedList[int])
        self.assertIs(type(x * 2), CheckedList[int])
        self.assertEqual(x.pop(), 1)
        x.remove(8)
        del x[0]
        self.assertEqual(repr(x), "[2]")
        self.assertTrue(2 in x)
        self.assertEqual((x.index(2), x.count(2)), (0, 1))
        self.assertEqual(pickle.loads(pickle.dumps(x)), x)
        self.assertIs(type(copy.deepcopy(x)), CheckedList[int])
        self.assertEqual(json.dumps(x, default=list), "[2]")
        self.assertIsInstance(x, collections.abc.MutableSequence)
        self.assertTrue(CheckedList[int]([1]) < CheckedList[int]([2]))
        # Subclasses are values of the type too, and nested types are checked by their class.
        CheckedList[object]([1, "a"])
        CheckedList[int | None]([1, None])
        CheckedList[list[int]]([[1], ["a"]])


class CheckedDicts(unittest.TestCase):
    def test_checks(self):
        x = CheckedDict[str, int]({"a": 1})
        for bad in (
            lambda: CheckedDict[str, int]({"a": "b"}),
            lambda: x.__setitem__("a", "b"),
            lambda: x.update({"c": 2, "d": "e"}),
            lambda: x.setdefault("z", "b"),
        ):
            with self.assertRaisesRegex(StaticTypeError, r"^bad value 'str' for CheckedDict\[str, int\]$"):
                bad()
        with self.assertRaisesRegex(StaticTypeError, r"^bad key 'int' for CheckedDict\[str, int\]$"):
            x[1] = 1
        self.assertEqual(x, {"a": 1})

    def test_api(self):
        x = CheckedDict[str, int](a=1)
        x["b"] = 2
        self.assertEqual(list(x.items()), [("a", 1), ("b", 2)])
        self.assertEqual(x.get("c"), None)
        self.assertEqual(x.setdefault("a", 5), 1)
        self.assertEqual(x.pop("a"), 1)
        self.assertEqual(x | {"z": 3}, {"b": 2, "z": 3})
        self.assertIs(type(x | {"z": 3}), CheckedDict[str, int])
        self.assertEqual(repr(x), "{'b': 2}")
        self.assertEqual(pickle.loads(pickle.dumps(x)), x)
        self.assertIs(type(copy.copy(x)), CheckedDict[str, int])
        self.assertEqual(json.dumps(x, default=dict), '{"b": 2}')
        self.assertIsInstance(x, collections.abc.MutableMapping)
        self.assertEqual(CheckedDict[str, int].fromkeys("ab", 0), {"a": 0, "b": 0})
        with self.assertRaises(KeyError):
            x["none"]
        self.assertIs(PyDict, dict)

    def test_weak_references(self):
        for thing in (CheckedDict[str, int](), CheckedList[int](), Array[int64](1)):
            reference = weakref.ref(thing)
            self.assertIs(reference(), thing)
            del thing
        gc.collect()
        self.assertIsNone(reference())
