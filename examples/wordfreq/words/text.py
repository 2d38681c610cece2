"""A text of any length that is the same on every machine: made-up words, the common ones far more often than the rare."""

import __static__

from typing import Final

ONSETS: Final = ["b", "br", "d", "f", "g", "h", "k", "l", "m", "n", "p", "qu", "r", "s", "st", "t", "v", "w", "z", ""]
VOWELS: Final = ["a", "e", "i", "o", "u", "ai", "ea", "ou", "é", "ö"]
CODAS: Final = ["", "", "", "n", "r", "s", "l", "m", "t", "ng"]
VOCABULARY: Final = 4096


class Generator:
    """A linear congruential generator with 31-bit state."""

    def __init__(self, seed: int) -> None:
        self.state: int = seed

    def below(self, limit: int) -> int:
        """The next number, at least 0 and less than `limit`, which is at most 2 ** 16."""
        self.state = (self.state * 1103515245 + 12345) % 2147483648
        return (self.state >> 15) % limit


def make_word(generator: Generator, syllables: int) -> str:
    word = ""
    for _ in range(syllables):
        word += ONSETS[generator.below(len(ONSETS))]
        word += VOWELS[generator.below(len(VOWELS))]
        word += CODAS[generator.below(len(CODAS))]
    return word


def make_vocabulary(generator: Generator) -> list[str]:
    """Distinct words, short ones first."""
    seen: set[str] = set()
    words: list[str] = []
    while len(words) < VOCABULARY:
        word = make_word(generator, 1 + len(words) * 4 // VOCABULARY + generator.below(2))
        if word not in seen:
            seen.add(word)
            words.append(word)
    return words


def make_text(words: int, seed: int = 1) -> str:
    """Sentences of `words` words in all, in lines of ten or so."""
    generator = Generator(seed)
    vocabulary = make_vocabulary(generator)
    pieces: list[str] = []
    left_in_sentence = 0
    for i in range(words):
        # A product of fractions favours the front of the list, as language does.
        rank = VOCABULARY
        for _ in range(4):
            rank = rank * generator.below(VOCABULARY) // VOCABULARY
        word = vocabulary[rank]
        if left_in_sentence == 0:
            left_in_sentence = 4 + generator.below(16)
            word = word.capitalize()
        left_in_sentence -= 1
        pieces.append(word)
        if left_in_sentence == 0 or i == words - 1:
            pieces.append(".\n" if generator.below(4) == 0 else ". ")
            left_in_sentence = 0
        elif generator.below(9) == 0:
            pieces.append(", ")
        elif i % 10 == 9:
            pieces.append("\n")
        else:
            pieces.append(" ")
    return "".join(pieces)
