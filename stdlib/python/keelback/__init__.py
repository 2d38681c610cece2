"""Control of the compiler from Python: switch the import hook on and off, and look at what was compiled.

`keelback run` loads the native module before the program starts; elsewhere `keelback.install()` finds it beside this
package or on `sys.path`.
"""

from __future__ import annotations

import importlib
from types import FunctionType, ModuleType
from typing import Any, TextIO

__all__ = ["dis", "info", "install", "stats", "uninstall"]
__version__ = "0.1.0"


def _runtime() -> ModuleType:
    """The native module.

    Raises ImportError, with a sentence that says what is missing, when it cannot be loaded.
    """
    try:
        return importlib.import_module("_keelback")
    except ModuleNotFoundError as error:
        if error.name != "_keelback":
            raise
        raise ImportError(
            "Keelback's native module '_keelback' is not available in this interpreter: "
            "start the program with 'keelback run', or put the folder of '_keelback' on sys.path",
            name="_keelback",
        ) from None


def install() -> None:
    """Compile static modules that are imported from now on."""
    _runtime().install()


def uninstall() -> None:
    """Leave static modules that are imported from now on to CPython. What is compiled stays compiled."""
    _runtime().uninstall()


def info(function: FunctionType) -> dict[str, Any]:
    """What is known of a function: whether it is compiled, by which tier, and if not, why."""
    return _runtime().info(function)


def stats() -> dict[str, Any]:
    """Counts and times since the start: modules, functions compiled and left to CPython, seconds by phase, bytes of code."""
    return _runtime().stats()


def dis(function: FunctionType, stage: str = "bytecode", file: TextIO | None = None) -> None:
    """Print a stage of a compiled function: "bytecode", "clif" or "asm"."""
    print(_runtime().dis(function, stage), file=file)
