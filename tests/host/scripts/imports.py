"""Modules that are checked while CPython compiles them: whatever comes of either, and whatever else happens meanwhile."""
import importlib
import importlib.util
import os
import sys
import tempfile
import textwrap
import threading
import time
import traceback
import warnings

folder = tempfile.mkdtemp()
sys.path.insert(0, folder)
sys.dont_write_bytecode = True

FUNCTION = """
def f{0}(xs: list[int], by: dict[str, int], scale: float) -> float:
    total = 0
    for i, x in enumerate(xs):
        if x > {0} and str(i) in by:
            total += by[str(i)] * x
    return total * scale + {0}
"""


def write(name, functions=200, end=""):
    text = "import __static__\n" + "".join(FUNCTION.format(i) for i in range(functions)) + end
    with open(os.path.join(folder, name + ".py"), "w") as file:
        file.write(text)
    importlib.invalidate_caches()


def check(module, number=3):
    assert module.f0([1, 2], {"0": 5}, 2.0) == 10.0
    assert getattr(module, f"f{number}")([number + 1], {"0": 1}, 1.0) == 2 * number + 1.0
    try:
        module.f0("no", {}, 1.0)
    except TypeError as error:
        assert "f0 expected" in str(error), error
    else:
        raise AssertionError("the module is not static")


# One after the other, and two at a time.
write("alone")
check(importlib.import_module("alone"), 199)
names = [f"together{i}" for i in range(6)]
for name in names:
    write(name, 60)
found = {}
threads = [threading.Thread(target=lambda name=name: found.setdefault(name, importlib.import_module(name))) for name in names]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
for name in names:
    check(found[name])

# A child has one thread, and imports as ever; threads that check are over before it is made.
warnings.simplefilter("ignore", DeprecationWarning)
for name in ("in_parent", "in_child"):
    write(name)
importer = threading.Thread(target=importlib.import_module, args=("in_parent",))
importer.start()
children = []
deadline = time.monotonic() + 20
while importer.is_alive() and time.monotonic() < deadline and len(children) < 10:
    child = os.fork()
    if not child:
        status = 1
        try:
            module = importlib.import_module("in_child")
            check(module)
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    children.append(child)
    time.sleep(0.001)
for child in children:
    while True:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            break
        assert time.monotonic() < deadline + 60, "a child hangs"
        time.sleep(0.01)
    assert status == 0, status
importer.join()
check(sys.modules["in_parent"])

# What CPython refuses, and the same name again when it is mended.
write("refused", 100, "\nreturn 1\n")
for _ in range(2):
    try:
        import refused
    except SyntaxError as error:
        assert "outside function" in str(error) and error.lineno > 700, error
        frames = traceback.extract_tb(error.__traceback__)
        assert [frame.filename for frame in frames] == [__file__], frames
    else:
        raise AssertionError("imported")
    assert "refused" not in sys.modules
write("refused", 101)
check(importlib.import_module("refused"), 100)

# What only the checker refuses.
write("wrong", 100, "\ndef wrong(x: int) -> str:\n    return x\n")
try:
    importlib.import_module("wrong")
except SyntaxError as error:
    assert type(error).__name__ == "TypedSyntaxError", error
    assert error.lineno == 1 + 7 * 100 + 3 and "wrong.py" in error.filename, (error.lineno, error.filename)
else:
    raise AssertionError("imported")
write("wrong", 102)
check(importlib.import_module("wrong"), 101)

# CPython warns while it compiles, and whoever is told imports another module meanwhile.
write("warned_of", 100, "\ndef odd() -> bool:\n    return 'a' is 'b'\n")
write("during", 100)
told = []


def show(message, category, filename, lineno, file=None, line=None):
    told.append(category)
    check(importlib.import_module("during"))


warnings.showwarning = show
warnings.simplefilter("always", SyntaxWarning)
check(importlib.import_module("warned_of"))
assert told and all(category is SyntaxWarning for category in told), told

# A module keeps the name under which it was imported, though another name would lead to it now.
inside = os.path.join(folder, "inside")
os.mkdir(inside)
for name, text in {
    "__init__": "",
    "kept": """
        import __static__

        class Kept:
            def __init__(self, n: int) -> None:
                self.n = n

            def more(self, by: int) -> int:
                return self.n + by
        """,
    "user": """
        import __static__
        from inside.kept import Kept

        def use(kept: Kept) -> int:
            return kept.more(1) + Kept(2).n
        """,
}.items():
    with open(os.path.join(inside, name + ".py"), "w") as file:
        file.write(textwrap.dedent(text))
importlib.invalidate_caches()
from inside.kept import Kept

sys.path.insert(0, inside)
from inside.user import use

assert use(Kept(3)) == 6 and Kept(1).more(1) == 2
assert use.__module__ == "inside.user" and "kept" not in sys.modules
try:
    use(3)
except TypeError as error:
    assert str(error) == "use expected 'Kept' for argument kept, got 'int'", error
else:
    raise AssertionError("the module is not static")
sys.path.remove(inside)

# Code that is asked for without a module.
write("asked", 100)
spec = importlib.util.find_spec("asked")
code = spec.loader.get_code("asked")
assert "f0" in code.co_names and "asked" not in sys.modules
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
check(module)
assert not any(name.startswith("_shown") for name in vars(spec.loader))

# What a module imports is begun with when the module runs: static, plain, wrong, or never asked for.
write("deep", 60)
for name, text in {
    "top": "import middle\nfrom deep import f0\nimport plainer\ndef up(x: int) -> int:\n    import lazy_wrong\n    return middle.up(x) + plainer.up(x)\n",
    "middle": "import deep\nimport top\ndef up(x: int) -> int:\n    return x + int(deep.f0([x], {\"0\": 1}, 1.0))\n",
    "lazy_wrong": "def wrong(x: int) -> str:\n    return x\n",
}.items():
    with open(os.path.join(folder, name + ".py"), "w") as file:
        file.write("import __static__\n" + text)
with open(os.path.join(folder, "plainer.py"), "w") as file:
    file.write("import deep\ndef up(x):\n    return 10 * x\n")
importlib.invalidate_caches()
top = importlib.import_module("top")
check(sys.modules["deep"], 59)
assert sys.modules["middle"].up(3) == 6
try:
    top.up(3)
except SyntaxError as error:
    assert error.filename.endswith("lazy_wrong.py"), error
else:
    raise AssertionError("imported")
with open(os.path.join(folder, "lazy_wrong.py"), "w") as file:
    file.write("import __static__\ndef right(x: int) -> str:\n    return str(x)\n")
importlib.invalidate_caches()
assert top.up(3) == 36 and sys.modules["lazy_wrong"].right(3) == "3"

# A file beside a static module is looked at when it is found. By the time it is imported it may say something else.
write("found", 100, "\ndef wrong(x: int) -> str:\n    return x\n")
assert importlib.util.find_spec("found")
write("found", 101, "\ndef right(x: int) -> int:\n    return x + 1\n")
module = importlib.import_module("found")
check(module, 100)
assert module.right(1) == 2
assert importlib.util.find_spec("found") is module.__spec__
for name, text in (("plain", "def f(x: int) -> int:\n    return x\n"), ("broken", "import __static__\ndef f(:\n")):
    with open(os.path.join(folder, name + ".py"), "w") as file:
        file.write(text)
importlib.invalidate_caches()
assert importlib.import_module("plain").f("a") == "a"
try:
    importlib.import_module("broken")
except SyntaxError as error:
    assert error.lineno == 2, error.lineno
else:
    raise AssertionError("imported")
write("never", 100)
assert importlib.util.find_spec("never") and "never" not in sys.modules

# From a `.pyc`, which CPython does not compile.
sys.dont_write_bytecode = False
write("cached", 100)
check(importlib.import_module("cached"))
del sys.modules["cached"]
sys.dont_write_bytecode = True
child = os.fork()
if not child:
    os._exit(0)
os.waitpid(child, 0)
check(importlib.import_module("alone"))
