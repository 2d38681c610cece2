"""Count words: `python main.py [N] [--file PATH | --stdin] [--top K] [--json] [--time]`.

Without a file it makes a text of N words, writes it to a temporary file, and counts that.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
import time

from words import count, text


def counts_of_made_text(words: int, keep: str | None) -> tuple[int, dict[str, int], float]:
    """Size of the text in bytes, counts, and the time that counting took."""
    made = text.make_text(words).encode()
    descriptor, path = tempfile.mkstemp(suffix=".txt")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(made)
        started = time.perf_counter()
        counts = count.count_file(path)
        seconds = time.perf_counter() - started
        if keep:
            os.replace(path, keep)
    finally:
        if os.path.exists(path):
            os.unlink(path)
    return len(made), counts, seconds


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="The most frequent words of a text.")
    parser.add_argument("words", nargs="?", type=int, default=250_000, metavar="N", help="length of the text to make")
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--file", metavar="PATH", help="count this file instead")
    source.add_argument("--stdin", action="store_true", help="count standard input instead")
    source.add_argument("--keep", metavar="PATH", help="keep the text that was made here")
    parser.add_argument("--top", type=int, default=10, metavar="K", help="how many words to print")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--time", action="store_true", help="report the time of counting on standard error")
    options = parser.parse_args(argv)

    if options.file:
        size = os.path.getsize(options.file)
        started = time.perf_counter()
        counts = count.count_file(options.file)
        seconds = time.perf_counter() - started
    elif options.stdin:
        data = sys.stdin.buffer.read()
        size = len(data)
        started = time.perf_counter()
        counts = count.count_words(data.decode())
        seconds = time.perf_counter() - started
    else:
        size, counts, seconds = counts_of_made_text(options.words, options.keep)

    top = count.ordered(counts, options.top)
    report = {
        "bytes": size,
        "words": sum(counts.values()),
        "distinct": len(counts),
        "median": statistics.median(counts.values()) if counts else 0,
        "checksum": count.checksum(counts),
    }
    if options.json:
        print(json.dumps({**report, "top": dict(top), "lengths": count.lengths(counts)}, ensure_ascii=False))
    else:
        for name, value in report.items():
            print(f"{name:<9}{value:>12}")
        for word, occurrences in top:
            print(f"{occurrences:>8} {word}")
    if options.time:
        print(f"counted in {seconds:.4f} s", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
