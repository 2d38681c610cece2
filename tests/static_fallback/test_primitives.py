import copy
import math
import pickle
import unittest

from __static__ import (
    box,
    cbool,
    char,
    clen,
    crange,
    double,
    int8,
    int16,
    int32,
    int64,
    single,
    size_t,
    ssize_t,
    uint8,
    uint16,
    uint32,
    uint64,
    unbox,
)

SIGNED = {int8: 8, int16: 16, int32: 32, int64: 64}
UNSIGNED = {uint8: 8, uint16: 16, uint32: 32, uint64: 64}


def wrapped(kind, number):
    """The definition: the residue modulo two to the width that the type can hold."""
    if kind in UNSIGNED:
        return number % 2 ** UNSIGNED[kind]
    bits = SIGNED[kind]
    return (number + 2 ** (bits - 1)) % 2**bits - 2 ** (bits - 1)


def edges(kind):
    bits = {**SIGNED, **UNSIGNED}[kind]
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if kind in SIGNED else (0, 2**bits - 1)
    return sorted({low, low + 1, high // 3, high - 1, high, 1, 2, 7} | ({-1, -2, -7, 0} if low else {0}))


class Conversion(unittest.TestCase):
    def test_ints_are_checked(self):
        for kind in [*SIGNED, *UNSIGNED]:
            low, *_, high = edges(kind)
            self.assertEqual(kind(low), low)
            self.assertEqual(kind(high), high)
            for number in (low - 1, high + 1, 10**30, -(10**30)):
                with self.assertRaises(OverflowError):
                    kind(number)
        with self.assertRaisesRegex(OverflowError, "int8.*out-of-range int 300"):
            int8(300)

    def test_other_widths_wrap(self):
        self.assertEqual(int8(int32(300)), 44)
        self.assertEqual(uint8(int8(-1)), 255)
        self.assertEqual(int64(uint64(2**64 - 1)), -1)
        self.assertEqual(uint64(int8(-1)), 2**64 - 1)

    def test_floats_truncate(self):
        self.assertEqual(int32(3.99), 3)
        self.assertEqual(int32(-3.99), -3)
        for bad in (math.inf, -math.inf, 1e30):
            with self.assertRaises(OverflowError):
                int64(bad)
        with self.assertRaises(ValueError):
            int64(math.nan)

    def test_strings(self):
        self.assertEqual(int16(" -12 "), -12)
        with self.assertRaises(ValueError):
            int16("x")
        with self.assertRaises(OverflowError):
            int8("128")

    def test_other_objects(self):
        for bad in (None, [], object(), 1j):
            with self.assertRaises(TypeError):
                int64(bad)
        self.assertEqual(int64(True), 1)
        self.assertEqual(type(int64(True)), int64)

    def test_aliases(self):
        self.assertIs(double, float)
        self.assertIs(cbool, bool)
        self.assertIs(size_t, uint64)
        self.assertIs(ssize_t, int64)
        self.assertEqual(char(-128) - char(1), 127)

    def test_boxing(self):
        self.assertIs(type(box(int8(5))), int)
        self.assertIs(type(box(single(0.5))), float)
        self.assertEqual(box("a"), "a")
        self.assertEqual(unbox(5), 5)


class Arithmetic(unittest.TestCase):
    def test_wrapping(self):
        for kind in [*SIGNED, *UNSIGNED]:
            for a in edges(kind):
                x = kind(a)
                self.assertEqual(-x, wrapped(kind, -a))
                self.assertEqual(~x, wrapped(kind, ~a))
                for b in edges(kind):
                    y = kind(b)
                    for result, exact in (
                        (x + y, a + b),
                        (x - y, a - b),
                        (x * y, a * b),
                        (x & y, a & b),
                        (x | y, a | b),
                        (x ^ y, a ^ b),
                    ):
                        self.assertEqual(result, wrapped(kind, exact))
                        self.assertIs(type(result), kind)
                    if b:
                        self.assertEqual(x // y, wrapped(kind, a // b))
                        self.assertEqual(x % y, a % b)
                        self.assertEqual(divmod(x, y), (x // y, x % y))
                        self.assertEqual(x / y, a / b)
                    else:
                        for operation in ("__floordiv__", "__mod__", "__truediv__"):
                            with self.assertRaises(ZeroDivisionError):
                                getattr(x, operation)(y)

    def test_most_negative(self):
        for kind, bits in SIGNED.items():
            low = -(2 ** (bits - 1))
            self.assertEqual(kind(low) // kind(-1), low)
            self.assertEqual(kind(low) % kind(-1), 0)
            self.assertEqual(-kind(low), low)

    def test_shifts(self):
        self.assertEqual(int8(1) << int8(7), -128)
        self.assertEqual(int8(1) << int8(8), 0)
        self.assertEqual(int8(1) << 1000, 0)
        self.assertEqual(int64(1) << int64(64), 0)
        self.assertEqual(int8(-128) >> int8(100), -1)
        self.assertEqual(int8(-128) >> 1000, -1)
        self.assertEqual(uint8(128) >> uint8(7), 1)
        self.assertEqual(uint8(255) >> uint8(8), 0)
        for shift in (lambda: int8(1) << int8(-1), lambda: int8(1) >> int8(-1)):
            with self.assertRaises(ValueError):
                shift()

    def test_powers(self):
        self.assertEqual(int8(3) ** int8(5), wrapped(int8, 3**5))
        self.assertEqual(int64(3) ** int64(100), wrapped(int64, 3**100))
        self.assertEqual(uint64(2) ** uint64(64), 0)
        self.assertEqual(int64(0) ** int64(0), 1)
        self.assertEqual(int8(-1) ** int8(3), -1)
        with self.assertRaises(ValueError):
            int8(2) ** int8(-1)

    def test_literals_take_the_type(self):
        for result in (int8(127) + 1, 1 + int8(127)):
            self.assertEqual(result, -128)
            self.assertIs(type(result), int8)
        self.assertEqual(1 - uint8(2), 255)
        # Without the compiler, an int that does not fit can only be an int.
        self.assertEqual(int8(100) + 1000, 1100)

    def test_mixed_widths(self):
        self.assertIs(type(int8(1) + int64(1)), int64)
        self.assertIs(type(int64(1) * uint8(1)), int64)
        self.assertIs(type(uint8(1) + int16(1)), int16)
        for left, right in ((int64(1), uint64(1)), (int8(1), uint8(1))):
            with self.assertRaisesRegex(TypeError, "no common type"):
                left + right

    def test_comparisons_are_by_value(self):
        self.assertTrue(int8(-1) < uint64(1))
        self.assertTrue(int64(-1) != uint64(2**64 - 1))
        self.assertEqual(hash(int8(5)), hash(5))
        self.assertEqual({int8(5): "a"}[5], "a")
        self.assertTrue(int8(1) == 1.0)

    def test_in_place(self):
        x = uint8(250)
        x += 10
        self.assertEqual(x, 4)
        x <<= 7
        self.assertEqual(x, 0)

    def test_objects(self):
        self.assertEqual(f"{int8(5)} {int8(5)!r} {int8(5):03}", "5 5 005")
        self.assertIs(type(pickle.loads(pickle.dumps(int8(5)))), int8)
        self.assertIs(type(copy.deepcopy(int8(5))), int8)
        self.assertTrue(isinstance(5, int64))
        self.assertFalse(isinstance(300, int8))
        self.assertFalse(isinstance("5", int8))
        self.assertEqual([10, 20, 30][int8(1)], 20)
        self.assertFalse(int8(0))
        self.assertTrue(int8(-1))

    def test_floats(self):
        self.assertEqual(int32(1) / int32(4), 0.25)
        self.assertEqual(int32(3) + 0.5, 3.5)


class Single(unittest.TestCase):
    def test_rounds(self):
        self.assertEqual(single(0.1), 0.10000000149011612)
        self.assertEqual(single(1e39), math.inf)
        self.assertEqual(single("0.5"), 0.5)
        self.assertEqual(single(16777216) + single(1), 16777216)
        self.assertIs(type(single(1) * single(2)), single)
        self.assertIs(type(single(1) / 3), single)
        self.assertIs(type(single(1) + 1.0), float)
        self.assertIs(type(-single(1)), single)
        with self.assertRaises(ZeroDivisionError):
            single(1) / single(0)

    def test_pickles(self):
        self.assertIs(type(pickle.loads(pickle.dumps(single(0.1)))), single)


class Ranges(unittest.TestCase):
    def test_crange(self):
        self.assertEqual(list(crange(3)), [0, 1, 2])
        self.assertEqual(list(crange(1, 4)), [1, 2, 3])
        self.assertEqual(list(crange(5, 0, -2)), [5, 3, 1])
        self.assertIs(type(next(crange(3))), int64)
        self.assertIs(type(next(crange(int8(0), int16(3)))), int16)
        with self.assertRaises(TypeError):
            crange()
        with self.assertRaises(ValueError):
            crange(0, 3, 0)

    def test_clen(self):
        self.assertEqual(clen([1, 2]), 2)
        self.assertIs(type(clen("ab")), int64)
