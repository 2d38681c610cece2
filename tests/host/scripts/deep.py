"""Expressions as deep as CPython takes them are checked and compiled, or left to CPython, and give the same."""
import importlib
import os
import sys
import tempfile

from keelback import info

HEAD = "import __static__\n\n"


def module(name, functions, top):
    """A module with a function for each expression of an int `n`."""
    source = f"{HEAD}TOP = {top}\n"
    for function, expression in functions.items():
        source += f"\n\ndef {function}(n: int) -> int:\n    return {expression}\n"
    with open(os.path.join(folder, name + ".py"), "w") as file:
        file.write(source)
    importlib.invalidate_caches()
    return importlib.import_module(name)


with tempfile.TemporaryDirectory() as folder:
    sys.path.insert(0, folder)
    # As deep as CPython 3.12 takes them.
    levels = 1900
    m = module(
        "deep_expressions",
        {
            "total": "+".join(["n"] * levels),
            "turned": "- " * levels + "n",
            "chosen": "n if n > 1 else " * 400 + "n",
            "either": " or ".join(["n"] * 400),
            "inverted": "~ " * levels + "n",
            "negated": "int(" + "not " * levels + "n)",
        },
        "+".join(["1"] * levels),
    )
    assert m.TOP == levels
    assert m.total(3) == 3 * levels and m.turned(5) == 5 and m.chosen(1) == 1 and m.chosen(7) == 7
    assert m.either(0) == 0 and m.either(4) == 4 and m.inverted(6) == 6 and m.negated(1) == 1
    assert info(m.total).compiled and info(m.chosen).compiled
    if sys.version_info >= (3, 13):
        levels = 5000
        m = module("deeper", {"total": "+".join(["n"] * levels)}, 1)
        assert m.total(3) == 3 * levels and info(m.total).compiled
        # Deeper than our parser takes them: CPython runs the module.
        m = module("too_deep", {"chosen": "n if n > 1 else " * 4500 + "n", "one": "1"}, 1)
        assert m.chosen(1) == 1 and m.chosen(7) == 7 and not info(m.one).compiled
