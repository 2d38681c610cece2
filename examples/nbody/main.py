"""Simulate the outer solar system: `python main.py [STEPS] [--primitive] [--json] [--time]`."""

import argparse
import json
import statistics
import sys
import time

from solar import primitive, system


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Energy of the outer solar system before and after N steps.")
    parser.add_argument("steps", nargs="?", type=int, default=100_000, metavar="N", help="steps of 0.01 years")
    parser.add_argument("--primitive", action="store_true", help="use arrays of doubles instead of objects")
    parser.add_argument("--repeat", type=int, default=1, help="run so many times")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--time", action="store_true", help="report the median time on standard error")
    options = parser.parse_args(argv)

    simulate = primitive.simulate if options.primitive else system.simulate
    seconds = []
    results = []
    for _ in range(max(1, options.repeat)):
        started = time.perf_counter()
        results.append(simulate(options.steps))
        seconds.append(time.perf_counter() - started)
    before, after = results[0]
    if any(result != results[0] for result in results):
        print("two runs gave different energies", file=sys.stderr)
        return 1
    if options.json:
        print(json.dumps({"steps": options.steps, "before": before, "after": after}))
    else:
        print(f"{options.steps} steps")
        print(f"energy before {before:.9f}")
        print(f"energy after  {after:.9f}")
        print(f"drift         {abs((after - before) / before):.3e}")
    if options.time:
        print(f"median of {len(seconds)}: {statistics.median(seconds):.4f} s", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
