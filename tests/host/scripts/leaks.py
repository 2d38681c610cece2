"""Nothing leaks: reference counts and memory stay flat."""
import gc
import resource
import sys

sys.path.insert(0, "modules")
import bodies
import calls
import loops
import rebinding


def work():
    for i in range(200):
        rebinding.twice(i + 2**62)
        rebinding.run(rebinding.Counter(i), i)
        rebinding.run(rebinding.Far(i), 2**70)
        rebinding.make(i).step = 2**80 + i
        calls.f(i, y=str(i))
        calls.many(i, i, a="x")
        calls.half(i)
        calls.take(calls.C(i))
        calls.pair((i, "a"))
        bodies.Body(i, i, "n").total(3)
        bodies.Sub()
        loops.garbage(20)
        for wrong in (lambda: calls.f("x"), lambda: calls.g(1), lambda: calls.f(), lambda: loops.divide_ints(1, 0)):
            try:
                wrong()
            except (TypeError, ZeroDivisionError):
                pass


def counts():
    gc.collect()
    classes = (bodies.Body, bodies.Sub, rebinding.Counter, rebinding.Far, calls.C, loops.Node, int, str, ZeroDivisionError)
    return [sys.getrefcount(c) for c in classes] + [sys.getrefcount(None) if sys.version_info < (3, 12) else 0]


for _ in range(5):
    work()
before, blocks = counts(), sys.getallocatedblocks()
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for _ in range(30):
    work()
after = counts()
assert all(abs(a - b) <= 2 for a, b in zip(before, after)), (before, after)
assert sys.getallocatedblocks() < blocks + 500, (blocks, sys.getallocatedblocks())
assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < peak + 4096
