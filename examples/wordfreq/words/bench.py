"""What is timed: counting a text that was made before."""

import __static__

from words.count import checksum, count_words
from words.text import make_text

TEXTS: dict[int, str] = {}


def prepare(words: int) -> None:
    """Make the text of `words` words, which is not part of the time."""
    TEXTS[words] = make_text(words)


def count(words: int, times: int) -> int:
    """Count the prepared text `times` times; the checksum of the counts."""
    text = TEXTS[words]
    result = 0
    for _ in range(times):
        result = checksum(count_words(text))
    return result
