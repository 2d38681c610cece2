"""The exceptions of static modules. When the native runtime is loaded its own classes are used, so that there is one of each."""

from __future__ import annotations

import sys

_native = sys.modules.get("keelback._keelback")

if hasattr(_native, "StaticTypeError"):
    StaticTypeError = _native.StaticTypeError
else:

    class StaticTypeError(TypeError):
        """A value of the wrong type met a typed boundary."""

        __module__ = "__static__"


if hasattr(_native, "TypedSyntaxError"):
    TypedSyntaxError = _native.TypedSyntaxError
else:

    class TypedSyntaxError(SyntaxError):
        """A static module does not compile. The message holds every error of the module."""

        __module__ = "__static__"
