"""Classes of characters that may replace each other without changing the form of a text.

Laws
- A character is replaced by one of its class: the same category of Unicode in the same block of 128, so that lengths,
  in bytes too, and the pattern of letters, digits and marks stay.
- Letters that come in two cases are one class, so that the mask in lower case does not depend on the text's case.
- What is neither letter, digit nor mark stays; so do the selectors that only choose a glyph.
"""

from collections import defaultdict
from functools import cache
from operator import getitem
from unicodedata import category

import numpy as np

LOWER = "abcdefghijklmnopqrstuvwxyz"
DIGITS = "0123456789"
BLOCK = 128
FILLERS = "xXoO0"  # none of them makes a bad document a good one: no escape of JSON has an x or an o
MOST_SHIFTS = 2**16  # characters whose shifts are kept, of 300 to 1,100 bytes each
SELECTORS = {*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)}

Place = tuple[str, int]  # the characters of a class in one case, and where among them a character stands


class Alphabet(dict[str, Place | None]):
    """Character → its place; None where it stays. Of ASCII the given classes, in lower case; of the rest all.

    filler: stands for every character that is moved; without it each class has one of its own.
    """

    def __init__(self, *classes: str, filler: str | None = None):
        super().__init__(dict.fromkeys(map(chr, range(BLOCK))))
        for members in classes:
            for case in {members, members.upper()}:
                self.update((char, (case, place)) for place, char in enumerate(case))
        self._shifts = _Shifts(self)
        self.filling = _Filling(self, filler)
        self._ascii: np.ndarray[tuple[int], np.dtype[np.uint8]] | None = None

    def __missing__(self, char: str) -> Place | None:
        self.update(_places(ord(char) // BLOCK))
        return self[char]

    def shifted(self, text: str, stream: bytes) -> str:
        """Every character moved within its class by its byte of the stream, none left where it was."""
        if not text.isascii():
            return "".join(map(getitem, map(self._shifts.__getitem__, text), stream))
        if self._ascii is None:
            self._ascii = np.frombuffer("".join(self._shifts[chr(code)] for code in range(BLOCK)).encode(), np.uint8)
        pairs = bytearray(2 * len(text))
        pairs[0::2], pairs[1::2] = stream, text.encode()
        return self._ascii.take(np.frombuffer(pairs, "<u2")).tobytes().decode()


class _Filling(dict[int, int]):
    """Code of a character → that of the one that stands for its class; for str.translate."""

    def __init__(self, places: Alphabet, filler: str | None):
        super().__init__()
        self._places, self._filler = places, filler

    def __missing__(self, code: int) -> int:
        found = self._places[chr(code)]
        self[code] = code if found is None else ord(self._filler or _filler(found[0]))
        return self[code]


def _filler(members: str) -> str:
    return next((char for char in FILLERS if char in members), members[0])


class _Shifts(dict[str, str]):
    """Character → what each byte of a stream makes of it, 256 characters."""

    def __init__(self, places: Alphabet):
        super().__init__()
        self._places = places

    def __missing__(self, char: str) -> str:
        if len(self) == MOST_SHIFTS:
            self.clear()
        found = self._places[char]
        if found is None:
            self[char] = char * 256
        else:
            members, place = found
            size = len(members)
            self[char] = "".join(members[(place + 1 + byte % (size - 1)) % size] for byte in range(256))
        return self[char]


def _places(block: int) -> dict[str, Place | None]:
    """The places of all characters of a block."""
    codes = range(block * BLOCK, (block + 1) * BLOCK)
    places: dict[str, Place | None] = dict.fromkeys(map(chr, codes))
    for members in _classes(block):
        if len(members) == 1:
            members = _strays()[_kin(members)]
        places.update((char, (members, place)) for place, char in enumerate(members) if char in places)
    return places


def _classes(block: int) -> list[str]:
    """The classes of a block; of letters in two cases one for each case, in the same order."""
    found = defaultdict[tuple[str, ...], list[str]](list)
    for code in range(block * BLOCK, (block + 1) * BLOCK):
        char = chr(code)
        kind = category(char)
        if kind[0] not in "LNM" or code in SELECTORS:
            continue
        lower, upper = char.lower(), char.upper()
        if char not in (lower, upper) or not _are_cases(lower, upper, block):
            found[(kind,)].append(char)
        elif char == lower:
            found[category(lower), category(upper), "lower"].append(lower)
            found[category(lower), category(upper), "upper"].append(upper)
    return ["".join(members) for members in found.values()]


def _are_cases(lower: str, upper: str, block: int) -> bool:
    """Whether two texts are one character in two cases, both in this block."""
    return (
        len(lower) == len(upper) == 1
        and lower != upper
        and (lower.upper(), upper.lower()) == (upper, lower)
        and ord(lower) // BLOCK == ord(upper) // BLOCK == block
    )


def _kin(char: str) -> tuple[str, int]:
    return category(char)[0], len(char.encode())


@cache
def _strays() -> dict[tuple[str, int], str]:
    """Characters that are alone in their class, some forty, gathered: letters, numbers or marks of equal bytes."""
    found = defaultdict(list)
    for block in range(0x110000 // BLOCK):
        for members in _classes(block) if not 0xD800 <= block * BLOCK < 0xE000 else ():
            if len(members) == 1:
                found[_kin(members)].append(members)
    return {kin: "".join(members) for kin, members in found.items()}


@cache
def of_text() -> Alphabet:
    return Alphabet(LOWER, DIGITS)


@cache
def of_names() -> Alphabet:
    """Vowels for vowels and consonants for consonants: what could be spoken still can."""
    return Alphabet("aeiouy", "bcdfghjklmnpqrstvwxz", DIGITS)


@cache
def of_hex() -> Alphabet:
    return Alphabet("abcdef", DIGITS, filler="0")
