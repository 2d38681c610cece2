"""Control of the compiler from Python: switch the import hook on and off, and look at what was compiled.

    import keelback

    keelback.install()  # static modules that are imported from now on are compiled
    import hot

    hot.total(10)
    print(keelback.info(hot.total))
    keelback.dis(hot.total, stage="asm")

`keelback run` does the same for a whole program, its main script included.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Literal, TextIO, TypeAlias

    Stage: TypeAlias = Literal["ast", "types", "bytecode", "clif", "asm"]

__all__ = ["FunctionInfo", "Stats", "dis", "info", "install", "stats", "uninstall"]
__version__ = "0.1.0"


class FunctionInfo(NamedTuple):
    """How a function runs."""

    name: str
    """Its module and qualified name: `module:qualified.name`."""
    compiled: bool
    """Whether calls run compiled code. It is made at the first call."""
    tier: Literal["native", "interpreter", "cpython"]
    """Who runs its calls: machine code, Keelback's bytecode interpreter (with `KEELBACK_TIER=interp`), or CPython."""
    reason: str | None
    """Why CPython runs it; `None` of a compiled function."""
    signature: str | None
    """Parameters and result with the types that the checker knows; `None` of a function that is in no static module."""
    native_signature: str | None
    """How compiled code passes arguments and result: `f64`, `i64` and so on are machine numbers, `int` a small int or a pointer, `obj` a pointer."""
    code_bytes: int
    """Bytes of machine code; 0 before the first call."""


class Stats(NamedTuple):
    """What was compiled since the start, and how long it took."""

    modules: int
    """Static modules that were imported."""
    functions_compiled: int
    """Functions that are compiled, or will be when they are first called."""
    functions_left: int
    """Functions of static modules that are left to CPython."""
    code_bytes: int
    """Bytes of machine code."""
    check_seconds: float
    """Time that parsing and checking took."""
    lower_seconds: float
    """Time that bytecode and its optimisation took."""
    generate_seconds: float
    """Time that machine code took."""
    reasons: list[tuple[str, str]]
    """The functions that are left to CPython, with the reason of each."""


def _native() -> Any:
    """The extension module.

    Raises ImportError, with a sentence that says what is missing, when it cannot be loaded.
    """
    try:
        from keelback import _keelback
    except ImportError as error:
        if error.name not in ("keelback", "keelback._keelback"):
            raise
        raise ImportError(
            "Keelback's extension module is not beside this package: install the package with 'pip install', or "
            "start the program with 'keelback run'",
            name="keelback._keelback",
        ) from None
    return _keelback


def install() -> None:
    """Compile static modules that are imported from now on.

    The configuration is that of the nearest `pyproject.toml`, from the current folder upwards; mistakes in it are reported on standard
    error. Calling it again does nothing, and under `keelback run` there is nothing left to do.
    """
    _native().install()


def uninstall() -> None:
    """Leave static modules that are imported from now on to CPython. What is compiled stays compiled."""
    _native().uninstall()


def info(function: Callable[..., Any], /) -> FunctionInfo:
    """How a function, or a method, runs: by whom, and why not compiled if it is not.

    Raises TypeError for an object that cannot be called.
    """
    if not callable(function):
        raise TypeError(f"a function is expected, not {type(function).__name__!r}")
    known = _native().info(function)
    if known is None:
        name = getattr(function, "__qualname__", None) or type(function).__qualname__
        module = getattr(function, "__module__", None)
        name = name if module is None else f"{module}:{name}"
        reason = "it is not a function of a static module that was compiled"
        return FunctionInfo(name, False, "cpython", reason, None, None, 0)
    reason = known["reason"]
    return FunctionInfo(
        known["symbol"],
        reason is None,
        known["tier"],
        reason,
        known["signature"],
        known["native_signature"],
        known["code_bytes"],
    )


def dis(
    function: Callable[..., Any],
    /,
    stage: Stage = "bytecode",
    *,
    level: int = 2,
    file: TextIO | None = None,
) -> None:
    """Print a function of a static module at a stage of its way to machine code.

    The stages are "ast", "types" (every expression with its type), "bytecode", "clif" (what the code generator is given) and "asm". `level`
    is how much the bytecode is optimised, from 0 to 2. Without `file` it is printed to standard output.

    Raises TypeError for anything but a function of a static module that was compiled.
    """
    if level not in (0, 1, 2):
        raise ValueError(f"level must be 0, 1 or 2, not {level!r}")
    text = _native().dis(function, stage, level)
    (sys.stdout if file is None else file).write(text)


def stats() -> Stats:
    """What was compiled since the start, what was left to CPython and why, and how long it took."""
    numbers = _native().stats()
    for name in ("modules", "functions_compiled", "functions_left", "code_bytes"):
        numbers[name] = int(numbers[name])
    return Stats(**numbers)
