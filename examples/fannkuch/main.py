"""Flip pancakes: `python main.py [N] [--primitive] [--json] [--time]`."""

import argparse
import json
import sys
import time

from pancakes import flips, primitive


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="The most flips that any order of N pancakes needs.")
    parser.add_argument("size", nargs="?", type=int, default=9, metavar="N", help="number of pancakes, at least 1")
    parser.add_argument("--primitive", action="store_true", help="use arrays of int64 instead of lists")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--time", action="store_true", help="report the time on standard error")
    options = parser.parse_args(argv)
    if options.size < 1:
        parser.error("N must be at least 1")

    fannkuch = primitive.fannkuch if options.primitive else flips.fannkuch
    started = time.perf_counter()
    checksum, most = fannkuch(options.size)
    seconds = time.perf_counter() - started
    if options.json:
        print(json.dumps({"size": options.size, "checksum": checksum, "flips": most}))
    else:
        print(checksum)
        print(f"Pfannkuchen({options.size}) = {most}")
    if options.time:
        print(f"{seconds:.4f} s", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
