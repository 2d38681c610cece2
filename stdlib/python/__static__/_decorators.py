"""Marks that the compiler reads. To CPython they change nothing, except where the doc says otherwise."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

F = TypeVar("F")
TClass = TypeVar("TClass", bound=type)


def inline(function: F) -> F:
    """Compile calls of `function` in place."""
    return function


def dynamic_return(function: F) -> F:
    """Trust callers, not the annotation, about what `function` returns: its result is `dynamic`."""
    return function


def dynamic(target: F) -> F:
    """Leave a function or a class of a static module to CPython."""
    return target


mixin = dynamic
_donotcompile = dynamic


def allow_weakrefs(cls: TClass) -> TClass:
    """Let instances of a static class be weakly referenced; ordinary classes let them anyway."""
    return cls


def nogil(function: F) -> F:
    """`function` touches no Python object, so the lock is released while it runs."""
    return function


def pure(function: F) -> F:
    """`function` has no side effects, so a call with constant arguments may be evaluated when compiling."""
    return function


def native(library: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Call the C function of the decorated name in a shared library, with the types of the annotations.

    The library is opened at the first call. The decorated function's body is not run.
    """

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def call(*arguments: Any) -> Any:
            nonlocal target
            if target is None:
                target = _bind(library, function)
            return target(*arguments)

        target: Callable[..., Any] | None = None
        return call

    return decorate


def _bind(library: str, function: Callable[..., Any]) -> Callable[..., Any]:
    import ctypes
    import inspect

    from ._primitives import FIXED, single

    sizes: dict[Any, Any] = {kind: getattr(ctypes, f"c_{name}") for name, kind in FIXED.items()}
    sizes |= {float: ctypes.c_double, single: ctypes.c_float, bool: ctypes.c_bool, int: ctypes.c_int64}
    sizes |= {None: None, type(None): None, bytes: ctypes.c_char_p}
    signature = inspect.signature(function, eval_str=True)
    target = getattr(ctypes.CDLL(library), function.__name__)
    try:
        target.argtypes = [sizes[parameter.annotation] for parameter in signature.parameters.values()]
        target.restype = sizes[signature.return_annotation]
    except KeyError as error:
        raise TypeError(f"{function.__name__}: C has no type for {error.args[0]!r}") from None
    returned = signature.return_annotation
    return (lambda *arguments: returned(target(*arguments))) if returned in FIXED.values() else target


class ContextDecorator:
    """A context manager that is a decorator too. It does not swallow exceptions."""

    __module__ = "__static__"

    def __enter__(self) -> Any:
        return self

    def __exit__(self, kind: Any, value: Any, traceback: Any) -> None:
        return None

    def _recreate_cm(self) -> Any:
        """The manager for one call of the decorated function."""
        return self

    def __call__(self, function: Any) -> Any:
        return _with(self, function)


class ExcContextDecorator:
    """A context manager that is a decorator too, and whose `__exit__` may swallow the exception by returning true."""

    __module__ = "__static__"

    def __enter__(self) -> Any:
        return self

    def __exit__(self, kind: Any, value: Any, traceback: Any) -> bool:
        return False

    def _recreate_cm(self) -> Any:
        """The manager for one call of the decorated function."""
        return self

    def __call__(self, function: Any) -> Any:
        return _with(self, function)


def _with(manager: Any, function: Any) -> Any:
    import inspect

    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def wait(*arguments: Any, **keywords: Any) -> Any:
            with manager._recreate_cm():
                return await function(*arguments, **keywords)

        return wait

    @functools.wraps(function)
    def call(*arguments: Any, **keywords: Any) -> Any:
        with manager._recreate_cm():
            return function(*arguments, **keywords)

    return call


class ClassDecorator:
    """The base of decorators of classes that return the class they were given, so that it stays static."""

    __module__ = "__static__"

    def __call__(self, cls: TClass) -> TClass:
        return cls
