"""Run the kernel: `python main.py [TURNS] [--repeat N] [--primitive] [--json] [--time]`."""

import argparse
import json
import statistics
import sys
import time

from kernel import primitive, tasks

# What Richards's own program counts, by the idle task's turns.
KNOWN = {1_000: (2_322, 928), 10_000: (23_246, 9_297)}


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Simulate an operating system's kernel and count what happens.")
    parser.add_argument("turns", nargs="?", type=int, default=10_000, metavar="TURNS", help="turns of the idle task")
    parser.add_argument("--repeat", type=int, default=1, metavar="N", help="simulate so many times")
    parser.add_argument("--primitive", action="store_true", help="use int64 fields and arrays")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--time", action="store_true", help="report the median time on standard error")
    options = parser.parse_args(argv)
    if options.turns < 1:
        parser.error("TURNS must be at least 1")

    simulate = primitive.simulate if options.primitive else tasks.simulate
    counts = set()
    seconds = []
    for _ in range(max(1, options.repeat)):
        started = time.perf_counter()
        counts.add(simulate(options.turns))
        seconds.append(time.perf_counter() - started)
    expected = KNOWN.get(options.turns)
    if len(counts) != 1 or expected not in (None, *counts):
        print(f"wrong counts: {sorted(counts)}, expected {expected}", file=sys.stderr)
        return 1
    queued, held = counts.pop()
    if options.json:
        print(json.dumps({"turns": options.turns, "queued": queued, "held": held}))
    else:
        print(f"packets queued {queued}")
        print(f"tasks held     {held}")
        print("as expected" if expected else "no reference for this number of turns")
    if options.time:
        print(f"median of {len(seconds)}: {statistics.median(seconds):.4f} s", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
