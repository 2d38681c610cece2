"""Does a value have a type? What a check covers is section 11 of the language's description."""

from __future__ import annotations

import collections.abc
import types
import typing
from typing import Any

from ._errors import StaticTypeError
from ._primitives import _FixedType, single


def name_of(annotation: Any) -> str:
    """`annotation` as messages show it."""
    if annotation is None or annotation is type(None):
        return "None"
    if isinstance(annotation, type) and not isinstance(annotation, types.GenericAlias):
        return annotation.__name__
    if isinstance(annotation, str):
        return annotation
    origin = typing.get_origin(annotation)
    arguments = typing.get_args(annotation)
    if origin is typing.Union or origin is types.UnionType:
        return " | ".join(name_of(argument) for argument in arguments)
    if origin is typing.Literal:
        return f"Literal[{', '.join(map(repr, arguments))}]"
    if isinstance(origin, type) and arguments:
        return f"{origin.__name__}[{', '.join('...' if a is ... else name_of(a) for a in arguments)}]"
    return getattr(annotation, "__name__", None) or str(annotation).removeprefix("typing.")


def matches(annotation: Any, value: object) -> bool:
    """Whether `value` may stand where `annotation` is declared. What cannot be decided here is let through."""
    if annotation is None:
        return value is None
    if annotation is Any or annotation is object or isinstance(annotation, str):
        return True
    if isinstance(annotation, types.GenericAlias) or not isinstance(annotation, type):
        return _matches_form(annotation, value)
    if annotation is float or annotation is single:
        return isinstance(value, (float, int))
    if getattr(annotation, "_is_protocol", False):
        return True
    return isinstance(value, annotation)


def _matches_form(annotation: Any, value: object) -> bool:
    if isinstance(annotation, typing.TypeVar):
        if annotation.__constraints__:
            return any(matches(choice, value) for choice in annotation.__constraints__)
        return annotation.__bound__ is None or matches(annotation.__bound__, value)
    if isinstance(annotation, typing.TypeAliasType):
        return matches(annotation.__value__, value)
    if isinstance(annotation, typing.NewType):
        return matches(annotation.__supertype__, value)
    origin = typing.get_origin(annotation)
    arguments = typing.get_args(annotation)
    if origin is typing.Union or origin is types.UnionType:
        return any(matches(choice, value) for choice in arguments)
    if origin is typing.Literal:
        return any(type(value) is type(choice) and value == choice for choice in arguments)
    if origin in (typing.Final, typing.ClassVar, typing.Annotated, typing.Required, typing.NotRequired):
        return matches(arguments[0], value)
    if origin is tuple and arguments and arguments[-1] is not ...:
        return (
            isinstance(value, tuple)
            and len(value) == len(arguments)
            and all(map(matches, arguments, value))
        )
    if origin is type:
        wanted = arguments[0]
        return isinstance(value, type) and (not isinstance(wanted, type) or issubclass(value, wanted))
    if origin is collections.abc.Callable:
        return callable(value)
    if isinstance(origin, type):
        return matches(origin, value)
    return True


def check(annotation: Any, value: Any) -> Any:
    """`value` as `annotation` holds it.

    Raises StaticTypeError for the wrong type, OverflowError for an integer that does not fit.
    """
    if isinstance(annotation, _FixedType):
        if not issubclass(type(value), int):
            raise StaticTypeError(f"expected '{annotation.__name__}', got '{type(value).__name__}'")
        if not annotation._low <= value <= annotation._high:  # type: ignore[attr-defined]
            raise OverflowError(f"expected '{annotation.__name__}', got out-of-range int {int(value)}")
        return value
    if not matches(annotation, value):
        raise StaticTypeError(f"expected '{name_of(annotation)}', got '{type(value).__name__}'")
    if (annotation is float or annotation is single) and not isinstance(value, float):
        return annotation(value)
    return value
