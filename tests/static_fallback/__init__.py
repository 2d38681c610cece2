"""Tests of `__static__` as CPython alone runs it: `python -m unittest discover -s tests/static_fallback -t tests`."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "stdlib" / "python"))
