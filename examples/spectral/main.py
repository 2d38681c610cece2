"""The spectral norm of a corner of an infinite matrix: `python main.py [N] [--json] [--time]`."""

import argparse
import json
import sys
import time

from norm import power


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="The spectral norm of an N by N matrix, by the power method.")
    parser.add_argument("size", nargs="?", type=int, default=200, metavar="N", help="rows and columns, at least 1")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--time", action="store_true", help="report the time on standard error")
    options = parser.parse_args(argv)
    if options.size < 1:
        parser.error("N must be at least 1")

    started = time.perf_counter()
    norm = power.spectral_norm(options.size)
    seconds = time.perf_counter() - started
    if options.json:
        print(json.dumps({"size": options.size, "norm": norm}))
    else:
        print(f"{norm:.9f}")
    if options.time:
        print(f"{seconds:.4f} s", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
