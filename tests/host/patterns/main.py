"""Modules that are static by a pattern alone are never broken by it."""
import sys

import plain_module as m

assert m.f(3) == 6 and m.f("x") == "xx", "an argument of another type runs CPython's version"
c = m.C(1)
c.other = 2
assert c.__dict__ == {"n": 1, "other": 2}

# A type error leaves the function that has it to CPython, and no other.
import plain_errors as e
from keelback import info

assert e.sound(1) == 2 and e.wrong_return(1) == 2 and e.wrong_argument(1) == 2
assert e.Kept().double(4) == 8 and e.Kept.size == "text"
try:
    e.Kept().wrong()
except AttributeError:
    pass
else:
    raise AssertionError
left = {f.__qualname__ for f in (e.sound, e.wrong_return, e.wrong_argument, e.Kept.double, e.Kept.wrong) if not info(f).compiled}
assert left == {"wrong_return", "wrong_argument", "Kept.wrong"}, left
