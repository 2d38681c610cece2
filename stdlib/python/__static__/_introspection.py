"""Is this compiled? Without the runtime nothing is."""

from __future__ import annotations

import sys
from typing import Any


def _ask(question: str, subject: object) -> bool:
    answer = getattr(sys.modules.get("keelback._keelback"), question, None)
    return bool(answer(subject)) if answer is not None else False


def is_type_static(cls: type, /) -> bool:
    """Whether `cls` is a static class: its fields are slots and its methods compiled."""
    return _ask("is_type_static", cls)


def is_static_module(module: Any, /) -> bool:
    """Whether `module` was loaded as a static module."""
    return _ask("is_static_module", module)


def is_static_callable(function: Any, /) -> bool:
    """Whether calls of `function` run compiled code."""
    return _ask("is_static_callable", function)
