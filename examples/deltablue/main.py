"""Solve constraints: `python main.py [N] [--repeat TIMES] [--json] [--time]`."""

import argparse
import json
import sys
import time

from solver import exercises


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="A chain of N equalities, and N points under one scale.")
    parser.add_argument("size", nargs="?", type=int, default=1000, metavar="N", help="size of both, at least 1")
    parser.add_argument("--repeat", type=int, default=1, metavar="TIMES", help="run both so many times")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--time", action="store_true", help="report the times on standard error")
    options = parser.parse_args(argv)
    if options.size < 1:
        parser.error("N must be at least 1")

    results = {}
    for exercise in (exercises.chain, exercises.projection):
        started = time.perf_counter()
        try:
            totals = [exercise(options.size) for _ in range(max(1, options.repeat))]
        except exercises.WrongValue as error:
            print(f"{exercise.__name__}: {error} has the wrong value", file=sys.stderr)
            return 1
        seconds = time.perf_counter() - started
        results[exercise.__name__] = sum(totals)
        if options.time:
            print(f"{exercise.__name__}: {seconds:.4f} s", file=sys.stderr)
    if options.json:
        print(json.dumps({"size": options.size, **results}))
    else:
        for name, total in results.items():
            print(f"{name:<10} {total}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
