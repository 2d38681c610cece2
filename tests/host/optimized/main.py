"""Under `-O` an `assert` does not run, in compiled modules as in others."""
import sys

import static_asserts as m

assert sys.flags.optimize == 1
calls = []
assert calls.append(1)
assert m.positive(-1) == -1
assert m.first([]) is None
assert m.noted(calls) == 0 and calls == []
print("right")
