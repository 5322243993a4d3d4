"""The masks of addresses and names of people: made from hashes, so that nothing of the original can be seen.

Laws
- Two texts that differ only in case have masks that differ only in case.
- What is made up is long enough that a million values have a million masks; where there is no room for that, or
  nothing to make up a name from, the text's own mask serves.
"""

import re
from collections.abc import Callable
from hashlib import blake2b

from transforms.masks.keyed import Keyed
from transforms.masks.texts import in_pieces

LETTERS = "abcdefghijklmnopqrstuvwxyz"
LOCAL = 18  # letters, 84 bits
HOST, SHORTEST_HOST = 12, 2  # letters
RESERVED = ".example"  # RFC 2606: nobody will ever have it

ONSETS = (
    *"bdfghjklmnprstvz",
    "br",
    "dr",
    "gr",
    "kr",
    "pr",
    "tr",
    "bl",
    "fl",
    "kl",
    "pl",
    "sh",
    "st",
    "sk",
    "sl",
    "sp",
    "ch",
)
VOWELS = (*"aeiou", "ai", "ia", "ou")
SYLLABLES = 8  # of a name, of 8 bits each
LATIN = re.compile(r"[A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f]+")
NAME = re.compile(rf"(?:{LATIN.pattern}|[ .,&()0-9'\u2019\u00a0-])+")
SHORTEST_WORD = 3  # letters; shorter ones are initials

Mask = Callable[[str], str]


def email(keyed: Keyed, text: str, limit: int | None, otherwise: Mask) -> str:
    """An address at a host of its own for each original host. text holds one @, which is neither first nor last."""
    room = HOST if limit is None else min(HOST, limit - LOCAL - 1 - len(RESERVED))
    if room < SHORTEST_HOST:
        return otherwise(text)
    lower = text.lower()
    local = _letters(keyed.number("email", lower), LOCAL)
    return cased(f"{local}@{host(keyed, lower.rpartition('@')[2], room)}", text)


def host(keyed: Keyed, lower: str, length: int = HOST) -> str:
    """The name of a host that stands for another, the same for addresses and links."""
    return _letters(keyed.number("host", lower), HOST)[:length] + RESERVED


def name(keyed: Keyed, text: str, limit: int | None, rest: Mask) -> str | None:
    """A name of as many made-up words, its initials and numbers masked by rest; None if there is no making one."""
    words = [word for word in LATIN.finditer(text) if len(word[0]) >= SHORTEST_WORD]
    if not (2 <= len(words) <= SYLLABLES // 2 and NAME.fullmatch(text)):
        return None
    made = _words(keyed, [word[0].lower() for word in words])
    ends = [0, *(word.end() for word in words)]
    kept = [text[end : word.start()] for end, word in zip(ends, words, strict=False)]
    *before, after = in_pieces([*kept, text[ends[-1] :]], rest)
    new = "".join(f"{old}{cased(name, word[0])}" for old, name, word in zip(before, made, words, strict=True)) + after
    return new if limit is None or len(new) <= limit else None


def _words(keyed: Keyed, words: list[str]) -> list[str]:
    """As many words that can be spoken, from all of these together."""
    drawn = keyed.number("name", " ".join(words))
    made = []
    for _ in words:
        word = ""
        for _ in range(SYLLABLES // len(words) + (SYLLABLES % len(words) > 0)):
            drawn, onset = divmod(drawn, len(ONSETS))
            drawn, vowel = divmod(drawn, len(VOWELS))
            word += ONSETS[onset] + VOWELS[vowel]
        made.append(word)
    return made


def cased(new: str, like: str) -> str:
    """new, in lower case, with the capitals of another text: in its places, or all, or a pattern that stands for it."""
    if like == like.lower():
        return new
    capitals = [char != char.lower() for char in like if char.lower() != char.upper()]
    if all(capitals):
        return new.upper()
    places = [at for at, char in enumerate(new) if char.isalpha()]
    if len(capitals) > len(places) and any(capitals[len(places) :]):
        capitals = _pattern(capitals, len(places))
    chars = list(new)
    for at, is_capital in zip(places, capitals, strict=False):
        if is_capital:
            chars[at] = chars[at].upper()
    return "".join(chars)


def _pattern(capitals: list[bool], size: int) -> list[bool]:
    """Fewer capitals that stand for these; never none, and never all."""
    drawn = int.from_bytes(blake2b(bytes(capitals), digest_size=16).digest(), "little")
    number = 1 + drawn % (2**size - 2) if size > 1 else 1
    return [bool(number >> bit & 1) for bit in range(size)]


def _letters(number: int, length: int) -> str:
    drawn = []
    for _ in range(length):
        number, letter = divmod(number, len(LETTERS))
        drawn.append(LETTERS[letter])
    return "".join(drawn)
