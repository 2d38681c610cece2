"""The installed package, from outside: `python -m unittest test_installed` with an environment's Python.

`KEELBACK_SOURCE` is the repository's folder. Programs are run in scratch folders, so that nothing of the repository is found by accident.
"""

import ast
import email
import importlib.metadata
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import tomllib
import unittest

SOURCE = pathlib.Path(os.environ["KEELBACK_SOURCE"])
SCRIPT = pathlib.Path(sys.executable).parent / "keelback"
COMMANDS = [[str(SCRIPT)], [sys.executable, "-m", "keelback"]]

HOT = '''
import __static__


def total(n: int) -> int:
    sum = 0
    for i in range(n):
        sum += i
    return sum


def names() -> list[str]:
    return sorted(locals())
'''


def run(words, folder, status=0, **options):
    """What a process printed, which must end with this status."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("KEELBACK", "VIRTUAL"))}
    env["PYTHONDONTWRITEBYTECODE"] = "1"
    env |= options.pop("env", {})
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=120, env=env, **options)
    if done.returncode != status:
        raise AssertionError(f"{words} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout, done.stderr


class Case(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = pathlib.Path(scratch.name)

    def write(self, **files):
        for name, text in files.items():
            (self.folder / f"{name}.py").write_text(text)

    def python(self, text, **options):
        return run([sys.executable, "-c", text], self.folder, **options)


class Files(Case):
    def test_one_wheel_for_every_version(self):
        wheel = email.message_from_string(importlib.metadata.distribution("keelback").read_text("WHEEL"))
        self.assertRegex(wheel["Tag"], r"^cp312-abi3-")
        self.assertEqual(wheel["Root-Is-Purelib"], "false")

    def test_what_is_in_it(self):
        files = {str(file) for file in importlib.metadata.files("keelback")}
        packages = SOURCE / "stdlib/python"
        for path in packages.rglob("*"):
            if path.suffix in (".py", ".pyi", ".typed") or path.name == "py.typed":
                self.assertIn(path.relative_to(packages).as_posix(), files)
        extensions = [file for file in files if file.endswith(".so")]
        self.assertEqual(extensions, ["keelback/_keelback.abi3.so"])
        roots = {file.split("/")[0] for file in files} - {".."}
        self.assertEqual({root for root in roots if not root.startswith("keelback-")}, {"keelback", "__static__"})

    def test_versions_agree(self):
        import keelback

        version = importlib.metadata.version("keelback")
        self.assertEqual(keelback.__version__, version)
        self.assertEqual(keelback._native().__version__, version)
        cargo = tomllib.loads((SOURCE / "Cargo.toml").read_text())
        self.assertEqual(cargo["workspace"]["package"]["version"], version)

    def test_the_stub_names_what_there_is(self):
        import keelback

        native = keelback._native()
        stub = ast.parse(pathlib.Path(native.__file__).with_name("_keelback.pyi").read_text())
        functions = {node.name: node for node in stub.body if isinstance(node, ast.FunctionDef)}
        for name, node in functions.items():
            signature = re.findall(r"\w+", getattr(native, name).__text_signature__)
            expected = [arg.arg for arg in node.args.args]
            self.assertEqual([arg for arg in signature if arg != "module" or arg in expected], expected, name)
        named = set(functions) | {"__version__", "_test", "Array"}
        found = {name for name in dir(native) if not name.startswith("__")} | {"__version__"}
        self.assertEqual(found, named)


    def test_the_stub_of_static_names_what_there_is(self):
        import __static__

        stub = ast.parse((pathlib.Path(__static__.__file__).parent / "__init__.pyi").read_text())
        named = set()
        for node in stub.body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                named.add(node.name)
            elif isinstance(node, ast.AnnAssign):
                named.add(node.target.id)
            elif isinstance(node, ast.ImportFrom):
                named.update(alias.asname for alias in node.names if alias.asname)
        helpers = {"_Numbers"}
        self.assertEqual(named - helpers, set(__static__.__all__))


class Command(Case):
    def test_both_spellings_say_the_same(self):
        for words in (["--version"], ["rules"], ["explain", "possibly-none"], ["--help"]):
            script, module = (run([*command, *words], self.folder) for command in COMMANDS)
            self.assertEqual(script, module)
            self.assertTrue(script[0])

    def test_check_and_dis(self):
        self.write(hot=HOT, bad="import __static__\n\n\ndef f(x: int) -> str:\n    return x\n")
        for command in COMMANDS:
            self.assertEqual(run([*command, "check", "hot.py"], self.folder)[0], "Checked 1 file: no errors\n")
            self.assertIn("[invalid-return]", run([*command, "check"], self.folder, status=1)[0])
            self.assertIn("function hot:total", run([*command, "dis", "hot.py:total"], self.folder)[0])
            self.assertIn("no such file", run([*command, "check", "x.py"], self.folder, status=2)[1])
            self.assertIn("Usage", run([*command, "chek"], self.folder, status=2)[1])

    def test_check_finds_the_packages_of_the_environment(self):
        self.write(uses="import __static__\nimport keelback\nimport nothing_of_this_name\n")
        report = run([SCRIPT, "check"], self.folder)[0]
        self.assertEqual(re.findall(r"nothing_of_this_name|`keelback`", report.splitlines()[0]), ["nothing_of_this_name"])

    def test_examples(self):
        for name in ("nbody", "richards"):
            folder = SOURCE / "examples" / name
            case = tomllib.loads((folder / "case.toml").read_text())["case"][0]
            expected = (folder / case["expected"]).read_text()
            for command in COMMANDS:
                words = [*command, "run", "main.py", *case.get("args", [])]
                printed, _ = run(words, folder, input=case.get("stdin", ""))
                self.assertEqual(printed, expected, words)

    def test_programs_find_an_empty_main(self):
        self.write(main="import sys\nprint(sorted(vars()), __name__, sys.argv, sys.path[0] == sys.argv[1])\n")
        own = [str(self.folder), "-x"]
        expected, _ = run([sys.executable, "main.py", *own], self.folder)
        for command in COMMANDS:
            self.assertEqual(run([*command, "run", "main.py", *own], self.folder)[0], expected)

    def test_another_interpreter_is_started_with_the_same_extension(self):
        self.write(hot=HOT, main="import hot, sys, keelback; print(sys.argv[1:], keelback.info(hot.total).compiled)")
        base = str(pathlib.Path(sys.base_prefix) / "bin/python3")
        for command in COMMANDS:
            printed, _ = run([*command, "run", "--python", base, "main.py", "a"], self.folder)
            self.assertEqual(printed, "['a'] True\n")

    def test_the_environment_can_turn_it_off(self):
        self.write(hot=HOT, main="import hot, keelback; print(hot.total(5), keelback.info(hot.total).compiled)")
        off = {"env": {"KEELBACK": "0"}}
        self.assertEqual(run([SCRIPT, "run", "main.py"], self.folder, **off)[0], "10 False\n")


class Interface(Case):
    def test_install_and_uninstall(self):
        self.write(hot=HOT, warm=HOT)
        printed, _ = self.python(
            "import keelback\n"
            "keelback.install(); keelback.install()\n"
            "import hot\n"
            "print(hot.total(5), keelback.info(hot.total))\n"
            "print(keelback.info(hot.names).reason, keelback.stats().functions_left)\n"
            "keelback.uninstall()\n"
            "import warm\n"
            "print(warm.total(5), keelback.info(warm.total).compiled, hot.total(6))\n"
            "keelback.install()\n"
            "import importlib; importlib.reload(warm)\n"
            "print(keelback.info(warm.total).compiled)\n"
        )
        first, left, plain, again = printed.splitlines()
        self.assertTrue(first.startswith("10 FunctionInfo(name='hot:total', compiled=True, tier='native', reason=None"), first)
        self.assertRegex(left, r"^.+ 1$")
        self.assertEqual(plain, "10 False 15")
        self.assertEqual(again, "True")

    def test_dis_shows_every_stage(self):
        self.write(hot=HOT)
        for stage, part in [("ast", "FunctionDef"), ("types", "(n: int) -> int"), ("bytecode", "block0"), ("clif", "block0"), ("asm", "ret")]:
            text = f"import keelback; keelback.install(); import hot; keelback.dis(hot.total, stage={stage!r})"
            self.assertIn(part, self.python(text)[0], stage)

    def test_mistakes_are_explained(self):
        self.write(hot=HOT)
        for call, error in [
            ("keelback.info(3)", "TypeError: a function is expected, not 'int'"),
            ("keelback.dis(len)", "TypeError: <built-in function len> is no function of a static module"),
            ("keelback.dis(hot.total, 'asmx')", "ValueError: stage must be one of 'ast', 'types', 'bytecode', 'clif', 'asm', not 'asmx'"),
            ("keelback.dis(hot.total, level=7)", "ValueError: level must be 0, 1 or 2, not 7"),
        ]:
            _, said = self.python(f"import keelback; keelback.install(); import hot; {call}", status=1)
            self.assertEqual(said.splitlines()[-1], error)

    def test_the_configuration_counts(self):
        self.write(plain="def f(n: int) -> int:\n    return n\n")
        (self.folder / "pyproject.toml").write_text("[tool.keelback]\nstatic = ['plain']\nstatick = 1\n")
        printed, said = self.python("import keelback; keelback.install(); import plain; print(keelback.info(plain.f).compiled)")
        self.assertEqual(printed, "True\n")
        self.assertIn("pyproject.toml:3:1", said)

    def test_static_modules_run_without_the_hook(self):
        self.write(hot=HOT, numbers="import __static__\nfrom __static__ import Array, int8\nprint(int8(100) + int8(100), Array[int8]([1, 2])[1])\n")
        printed, _ = self.python("import hot, numbers, keelback; print(hot.total(5), keelback.info(hot.total).compiled)")
        self.assertEqual(printed, "-56 2\n10 False\n")

    def test_questions_of_static(self):
        self.write(hot=HOT + "\n\nclass C:\n    x: int\n\n    def __init__(self) -> None:\n        self.x = 1\n")
        asked = "from __static__ import is_static_callable as f, is_static_module as m, is_type_static as t\n"
        asked += "import hot, json; print(m(hot), m(json), t(hot.C), t(int), f(hot.total), f(hot.C().__init__), f(hot.names), f(len))"
        self.assertEqual(self.python("import keelback; keelback.install()\n" + asked)[0], "True False True False True True False False\n")
        self.assertEqual(self.python(asked)[0], "False " * 7 + "False\n")


if __name__ == "__main__":
    unittest.main()
