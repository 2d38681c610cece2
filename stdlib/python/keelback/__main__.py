"""The `keelback` command: `python -m keelback`, and the script that installing the package makes."""

from __future__ import annotations

import sys


def main() -> int:
    """Does what the command line says; the exit status."""
    from keelback import _native

    status: int = _native().command(sys.argv)
    return status


if __name__ == "__main__":
    sys.exit(main())
