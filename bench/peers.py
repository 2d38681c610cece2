"""Other type checkers, and a large package to check, in an environment of the benchmark's own.

Versions are pinned, so that a ratio means the same on the day after. The environment is made once and lies in the target folder.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

CHECKERS = {"mypy": "mypy==2.4.1", "ty": "ty==0.0.104"}
# The largest package with inline types that is pure Python and in wide use.
PACKAGE = ("sqlalchemy", "sqlalchemy==2.1.9")
PROBE = "import sys; print(sys.implementation.name, *sys.version_info[:2])"


class Missing(Exception):
    """The environment cannot be had: why."""


def find_python():
    """A CPython that the checkers run on."""
    places = [sys.executable, shutil.which("python3.13"), shutil.which("python3.12"), shutil.which("python3")]
    home = Path.home()
    for pattern in (".pyenv/versions/3.1[234]*/bin/python3", ".local/share/uv/python/cpython-3.1[234]*/bin/python3"):
        places.extend(str(place) for place in sorted(home.glob(pattern), reverse=True))
    for place in filter(None, places):
        try:
            done = subprocess.run([place, "-c", PROBE], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=60)
        except (OSError, subprocess.TimeoutExpired):
            continue
        name, *version = done.stdout.decode().split() or [""]
        if name == "cpython" and (3, 12) <= tuple(map(int, version)) <= (3, 14):
            return place
    raise Missing("no CPython 3.12, 3.13 or 3.14 was found")


def call(what, command):
    """Runs a command that prints nothing unless it fails."""
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=600)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Missing("{}: {}".format(what, error))
    if done.returncode:
        lines = done.stdout.decode(errors="replace").strip().splitlines()
        raise Missing("{}: {}".format(what, lines[-1] if lines else "status {}".format(done.returncode)))


class Environment:
    """The checkers' commands and the package's folder."""

    def __init__(self, folder):
        self.folder = folder
        self.package = folder / "package" / PACKAGE[0]
        self.bin = folder / "environment" / ("Scripts" if os.name == "nt" else "bin")

    def command(self, name):
        return str(self.bin / name)


def prepare(folder):
    """The environment below `folder`, made if it is not there. Raises `Missing`."""
    wanted = "\n".join([*CHECKERS.values(), PACKAGE[1]]) + "\n"
    stamp = folder / "versions.txt"
    found = Environment(folder)
    if stamp.exists() and stamp.read_text() == wanted:
        return found
    shutil.rmtree(str(folder), ignore_errors=True)
    folder.mkdir(parents=True)
    python = find_python()
    call("an environment cannot be made", [python, "-m", "venv", str(folder / "environment")])
    pip = [str(found.bin / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    call("the checkers cannot be installed", [*pip, *CHECKERS.values()])
    pure = ["--no-deps", "--only-binary=:all:", "--platform=any", "--target", str(found.package.parent)]
    call("the package cannot be had", [*pip, *pure, PACKAGE[1]])
    stamp.write_text(wanted)
    return found
