import asyncio
import re
import subprocess
import sys
import unittest
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, Optional, Protocol, Union

import __static__
from __static__ import (
    RAND_MAX,
    ClassDecorator,
    ContextDecorator,
    Enum,
    ExcContextDecorator,
    IntEnum,
    StaticTypeError,
    StringEnum,
    TypedSyntaxError,
    allow_weakrefs,
    cast,
    double,
    int8,
    int64,
    is_static_callable,
    is_static_module,
    is_type_static,
    native,
    prod_assert,
    rand,
)


class Names(unittest.TestCase):
    def test_all_of_the_languages_names(self):
        names = """int8 int16 int32 int64 uint8 uint16 uint32 uint64 size_t ssize_t char double single cbool
            box unbox cast clen crange Array Array2 Array3 Vector CheckedList CheckedDict PyDict inline dynamic_return
            dynamic mixin _donotcompile allow_weakrefs native nogil pure prod_assert ContextDecorator ExcContextDecorator
            ClassDecorator TClass Enum IntEnum StringEnum rand RAND_MAX is_type_static is_static_module
            is_static_callable StaticTypeError TypedSyntaxError""".split()
        self.assertEqual(sorted(names), sorted(__static__.__all__))
        for name in names:
            self.assertTrue(hasattr(__static__, name), name)

    def test_marks_change_nothing(self):
        def f(x: int) -> int:
            return x

        for mark in "inline dynamic_return dynamic mixin _donotcompile nogil pure".split():
            self.assertIs(getattr(__static__, mark)(f), f)

        class C:
            pass

        self.assertIs(allow_weakrefs(C), C)
        weakref.ref(C())
        self.assertIs(ClassDecorator()(C), C)

    def test_errors(self):
        self.assertTrue(issubclass(StaticTypeError, TypeError))
        self.assertTrue(issubclass(TypedSyntaxError, SyntaxError))

    def test_nothing_is_compiled(self):
        self.assertFalse(is_type_static(Names))
        self.assertFalse(is_static_module(__static__))
        self.assertFalse(is_static_callable(len))

    def test_random(self):
        self.assertEqual(RAND_MAX, 2147483647)
        self.assertTrue(all(0 <= rand() <= RAND_MAX for _ in range(100)))

    def test_assertions(self):
        prod_assert(True)
        with self.assertRaisesRegex(AssertionError, "^why$"):
            prod_assert(False, "why")

    def test_enums(self):
        class Colour(Enum):
            RED = 1

        class Size(IntEnum):
            BIG = 2

        class Word(StringEnum):
            A = "a"

        self.assertEqual(Colour(1), Colour.RED)
        self.assertEqual(Size.BIG + 1, 3)
        self.assertEqual(Word.A, "a")

    @unittest.skipIf(sys.platform == "win32", "needs a C library by this name")
    def test_native(self):
        @native(None)
        def labs(number: int64) -> int64:
            """The absolute value."""

        self.assertEqual(labs(-5), 5)
        self.assertIs(type(labs(-5)), int64)
        self.assertEqual(labs.__doc__, "The absolute value.")


class Casts(unittest.TestCase):
    def test_good(self):
        class P(Protocol):
            def f(self) -> None: ...

        for kind, value in (
            (int, 5),
            (object, 5),
            (Any, 5),
            (int | None, None),
            (Optional[str], "a"),
            (Union[int, str], "a"),
            (list[int], ["any"]),
            (tuple[int, str], (1, "a")),
            (tuple[int, ...], (1, "a")),
            (Literal["a", 1], "a"),
            (type[int], bool),
            (Callable[[int], int], len),
            (P, 5),
            (int8, 127),
        ):
            self.assertIs(cast(kind, value), value)
        self.assertIs(type(cast(double, 1)), float)

    def test_bad(self):
        for kind, value, message in (
            (int, "a", "expected 'int', got 'str'"),
            (int | None, "a", "expected 'int | None', got 'str'"),
            (list[int], (), "expected 'list[int]', got 'tuple'"),
            (tuple[int, str], (1, 2), "expected 'tuple[int, str]', got 'tuple'"),
            (Literal[1], True, "expected 'Literal[1]', got 'bool'"),
            (type[int], str, "expected 'type[int]', got 'type'"),
            (float, "1", "expected 'float', got 'str'"),
            (int8, "1", "expected 'int8', got 'str'"),
        ):
            with self.assertRaisesRegex(StaticTypeError, f"^{re.escape(message)}$"):
                cast(kind, value)
        with self.assertRaises(OverflowError):
            cast(int8, 128)


class Managers(unittest.TestCase):
    def test_decorating(self):
        log = []

        class Logged(ContextDecorator):
            def __enter__(self):
                log.append("in")
                return self

            def __exit__(self, kind, value, traceback):
                log.append("out")

        @Logged()
        def f(x):
            log.append(x)
            return x + 1

        @Logged()
        async def g(x):
            log.append(x)
            return x + 1

        self.assertEqual(f(1), 2)
        self.assertEqual(asyncio.run(g(2)), 3)
        self.assertEqual(log, ["in", 1, "out", "in", 2, "out"])
        self.assertEqual(f.__name__, "f")

    def test_swallowing(self):
        class Quiet(ExcContextDecorator):
            def __exit__(self, kind, value, traceback):
                return kind is ValueError

        @Quiet()
        def f():
            raise ValueError

        @ExcContextDecorator()
        def g():
            raise KeyError

        self.assertIsNone(f())
        with self.assertRaises(KeyError):
            g()


class Keelback(unittest.TestCase):
    def test_a_missing_runtime_is_explained(self):
        program = "import keelback\ntry: keelback.stats()\nexcept ImportError as e: print(e)"
        root = Path(__file__).resolve().parents[2] / "stdlib" / "python"
        result = subprocess.run(
            [sys.executable, "-c", program], env={"PYTHONPATH": str(root)}, capture_output=True, text=True
        )
        self.assertIn("keelback run", result.stdout, result.stderr)
