#!/usr/bin/env python3
"""Run the programs of the literate tests under CPython and write what they print into their `output` blocks.

    python3.13 tests/language/bless.py [--check] [FILE ...]

A program's output must be the same on every Python named by `--python` (by default the one that runs this). Where a test has an
`output keelback` block, its `output` block is still what CPython prints. `--check` writes nothing and fails on a difference.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
FALLBACK = HERE.parents[1] / "stdlib" / "python"
# The same as in `tests/src/language.rs`.
DRIVER = """\
import sys
sys.path.insert(0, '')
try:
    import main
except BaseException as error:
    print(f'{type(error).__name__}: {error}')
"""
HEADING = re.compile(r"#+ ")
FILE_NAME = re.compile(r"`([^`]+)`:\s*$")


class Program:
    """The files of one section, and the lines of its output block."""

    def __init__(self) -> None:
        self.files: dict[str, str] = {}
        self.output: tuple[int, int] | None = None


def programs(lines: list[str]) -> list[Program]:
    """The sections of a suite that have an `output` block. The format itself is checked by the test runner."""
    found = []
    current = Program()
    name = None
    place = 0
    while place < len(lines):
        line = lines[place]
        if line.startswith("```"):
            tag = line[3:].strip()
            end = next(i for i in range(place + 1, len(lines)) if lines[i].rstrip() == "```")
            text = "".join(f"{line}\n" for line in lines[place + 1 : end])
            if tag == "py":
                path = name or "main.py"
                if path in current.files:
                    text = current.files[path] + "\n" + text
                current.files[path] = text
            elif tag == "output":
                current.output = (place + 1, end)
            name = None
            place = end
        elif HEADING.match(line):
            if current.output:
                found.append(current)
            current = Program()
        elif match := FILE_NAME.match(line):
            name = match[1]
        elif line.strip():
            name = None
        place += 1
    if current.output:
        found.append(current)
    return found


def run(program: Program, python: str) -> str:
    with tempfile.TemporaryDirectory() as folder:
        for path, text in program.files.items():
            target = Path(folder, path)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
        environment = {
            **os.environ,
            "PYTHONPATH": str(FALLBACK),
            "PYTHONUTF8": "1",
            "PYTHONHASHSEED": "0",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        done = subprocess.run(
            [python, "-c", DRIVER], cwd=folder, env=environment, capture_output=True, text=True, timeout=60
        )
        if done.returncode:
            raise SystemExit(f"{python} failed:\n{done.stderr}\n{program.files['main.py']}")
        return done.stdout


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="*", type=Path, default=sorted(HERE.glob("s*.md")), metavar="FILE")
    parser.add_argument("--python", action="append", metavar="PATH", help="a Python to run under; may be repeated")
    parser.add_argument("--check", action="store_true", help="write nothing")
    options = parser.parse_args()
    pythons = options.python or [sys.executable]

    changed = total = 0
    for path in options.files:
        lines = path.read_text(encoding="utf-8").splitlines()
        sections = programs(lines)
        with ThreadPoolExecutor(2) as pool:
            outputs = list(pool.map(lambda section: [run(section, python) for python in pythons], sections))
        # From the end, so that the places before stay right.
        for section, texts in reversed(list(zip(sections, outputs))):
            total += 1
            start, end = section.output
            if len(set(texts)) > 1:
                print(f"{path.name}:{start}: the Pythons differ: {texts}", file=sys.stderr)
                return 1
            new = texts[0].splitlines()
            if lines[start:end] != new:
                changed += 1
                print(f"{path.name}:{start}: {'differs' if options.check else 'written'}", file=sys.stderr)
                if options.check:
                    print("  expected " + "\n           ".join(lines[start:end]), file=sys.stderr)
                    print("  got      " + "\n           ".join(new), file=sys.stderr)
                lines[start:end] = new
        if not options.check:
            path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{total} programs, {changed} {'different' if options.check else 'changed'}", file=sys.stderr)
    return 1 if options.check and changed else 0


if __name__ == "__main__":
    sys.exit(main())
