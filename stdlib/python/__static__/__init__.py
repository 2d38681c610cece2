"""The names of static modules, for CPython alone: what a program needs to run uncompiled.

`import __static__` marks a module as static. Compiled, the primitive types are machine numbers and the decorators direct the
compiler; here they are classes and functions that behave alike, more slowly. The one thing that CPython cannot do is convert
a value because a local or a parameter was annotated: only explicit conversions, arrays and arithmetic on their results have
a width.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from enum import Enum, IntEnum
    from enum import StrEnum as StringEnum
    from typing import Any

    from ._arrays import Array, Array2, Array3, Vector
    from ._checked import CheckedDict, CheckedList, PyDict
    from ._decorators import (
        ClassDecorator,
        ContextDecorator,
        ExcContextDecorator,
        TClass,
        _donotcompile,
        allow_weakrefs,
        dynamic,
        dynamic_return,
        inline,
        mixin,
        native,
        nogil,
        pure,
    )
    from ._errors import StaticTypeError, TypedSyntaxError
    from ._introspection import is_static_callable, is_static_module, is_type_static
    from ._primitives import (
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

# A static module must not pay for what it does not use, so each part is loaded when one of its names is first asked for.
_PARTS = {
    "_arrays": "Array Array2 Array3 Vector",
    "_checked": "CheckedDict CheckedList PyDict",
    "_decorators": "ClassDecorator ContextDecorator ExcContextDecorator TClass _donotcompile allow_weakrefs dynamic dynamic_return inline mixin native nogil pure",
    "_errors": "StaticTypeError TypedSyntaxError",
    "_introspection": "is_static_callable is_static_module is_type_static",
    "_primitives": "box cbool char clen crange double int8 int16 int32 int64 single size_t ssize_t uint8 uint16 uint32 uint64 unbox",
}
_PLACES = {name: part for part, names in _PARTS.items() for name in names.split()}


def __getattr__(name: str) -> Any:
    if name in ("Enum", "IntEnum", "StringEnum"):
        import enum

        value = getattr(enum, "StrEnum" if name == "StringEnum" else name)
    elif (part := _PLACES.get(name)) is not None:
        from importlib import import_module

        value = getattr(import_module(f"{__name__}.{part}"), name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__


RAND_MAX = 2**31 - 1
"""The greatest number that `rand` returns."""


def rand() -> int32:
    """A pseudo-random number from 0 to `RAND_MAX`."""
    import random

    from ._primitives import int32

    return int32(random.randrange(RAND_MAX + 1))


def cast(kind: Any, value: Any, /) -> Any:
    """`value`, known from here on to be a `kind`.

    Raises StaticTypeError if it is not, OverflowError if it is an integer that `kind` cannot hold.
    """
    from ._checks import check

    return check(kind, value)


def prod_assert(condition: object, message: str | None = None, /) -> None:
    """`assert` that `python -O` keeps."""
    if not condition:
        raise AssertionError() if message is None else AssertionError(message)

__all__ = [
    "Array",
    "Array2",
    "Array3",
    "CheckedDict",
    "CheckedList",
    "ClassDecorator",
    "ContextDecorator",
    "Enum",
    "ExcContextDecorator",
    "IntEnum",
    "PyDict",
    "RAND_MAX",
    "StaticTypeError",
    "StringEnum",
    "TClass",
    "TypedSyntaxError",
    "Vector",
    "_donotcompile",
    "allow_weakrefs",
    "box",
    "cast",
    "cbool",
    "char",
    "clen",
    "crange",
    "double",
    "dynamic",
    "dynamic_return",
    "inline",
    "int8",
    "int16",
    "int32",
    "int64",
    "is_static_callable",
    "is_static_module",
    "is_type_static",
    "mixin",
    "native",
    "nogil",
    "prod_assert",
    "pure",
    "rand",
    "single",
    "size_t",
    "ssize_t",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "unbox",
]
