"""Words and how often they occur."""

import __static__

from typing import Final

PUNCTUATION: Final = ".,;:!?\"'()[]"


def count_words(text: str) -> dict[str, int]:
    """The number of occurrences of each word of `text`, in lower case and without punctuation around it."""
    counts: dict[str, int] = {}
    for line in text.splitlines():
        for raw in line.split():
            word = raw.strip(PUNCTUATION).lower()
            if word:
                counts[word] = counts.get(word, 0) + 1
    return counts


def count_file(path: str) -> dict[str, int]:
    """The same of a file in UTF-8."""
    file = open(path, encoding="utf-8")
    text = file.read()
    file.close()
    return count_words(text)


def ordered(counts: dict[str, int], limit: int) -> list[tuple[str, int]]:
    """The `limit` most frequent words, equally frequent ones by alphabet."""
    return sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))[:limit]


def lengths(counts: dict[str, int]) -> dict[int, int]:
    """How many occurrences have each length in code points."""
    result: dict[int, int] = {}
    for word, count in counts.items():
        size = len(word)
        if size in result:
            result[size] += count
        else:
            result[size] = count
    return result


def checksum(counts: dict[str, int]) -> int:
    """A number that depends on every word and every count, and not on their order."""
    total = 0
    for word, count in counts.items():
        value = 0
        for letter in word:
            value = (value * 31 + ord(letter)) % 1000003
        total += value * count
    return total
