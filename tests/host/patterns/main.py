"""Modules that are static by a pattern alone are never broken by it."""
import sys

import plain_module as m

assert m.f(3) == 6 and m.f("x") == "xx", "an argument of another type runs CPython's version"
c = m.C(1)
c.other = 2
assert c.__dict__ == {"n": 1, "other": 2}
