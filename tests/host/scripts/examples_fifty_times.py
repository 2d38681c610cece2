"""Each example's core, run fifty times in one process, leaves memory and the reference counts of its classes as they were."""
import gc
import importlib
import pathlib
import sys
import tomllib

EXAMPLES = pathlib.Path(__file__).resolve().parents[3] / "examples"
# Small enough for fifty runs on the interpreter.
ARGUMENTS = {
    "deltablue": [60, 2],
    "fannkuch": [6],
    "nbody": [100],
    "orders": [300],
    "richards": [1, 500],
    "spectral": [12],
    "wordfreq": [2000, 1],
}


def resident_kib():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * 4


def classes_of(package):
    modules = [m for name, m in sys.modules.items() if name.split(".")[0] == package]
    return [v for m in modules for v in vars(m).values() if isinstance(v, type) and v.__module__ == m.__name__]


cases = sorted(EXAMPLES.glob("*/case.toml"))
assert [case.parent.name for case in cases] == sorted(ARGUMENTS), cases
for case in cases:
    name = case.parent.name
    bench = tomllib.loads(case.read_text())["bench"][0]
    sys.path.insert(0, str(case.parent))
    module = importlib.import_module(bench["module"])
    function = getattr(module, bench["function"])
    if bench.get("setup"):
        getattr(module, bench["setup"])(2000)
    classes = classes_of(bench["module"].split(".")[0])

    def state():
        gc.collect()
        return [sys.getrefcount(c) for c in classes], sys.getallocatedblocks(), resident_kib()

    # The first runs compile, and fill the free lists.
    for _ in range(10):
        function(*ARGUMENTS[name])
    counts, blocks, memory = state()
    for _ in range(50):
        function(*ARGUMENTS[name])
    counts_after, blocks_after, memory_after = state()
    assert counts_after == counts, (name, classes, counts, counts_after)
    # Free lists of the interpreter and of classes breathe; fifty runs that leaked one object each time would still be told by the counts.
    assert blocks_after < blocks + 1500, (name, blocks, blocks_after)
    assert memory_after < memory + 1024, (name, memory, memory_after)
