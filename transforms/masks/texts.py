"""The mask of texts: every letter, digit and mark becomes another of its class.

Laws
- Short texts are permuted among all texts of their form: the mask is injective and changes each. The form is the
  sequence of classes, so case and separators do not matter: `A-b` and `a b` become the same letters.
- In a short text each address and each run of seven digits and more is permuted by itself, so that none stays either.
- A long text is moved by a keystream that depends on all of it; every letter and digit changes, and runs of digits
  begin with 000, as no phone number does.
- Of a text of more than WHOLE characters only the beginning is moved so, as much as makes texts differ; behind it one
  character stands for all of its class. What repeats in the original repeats in its mask, so that the mask is as easily
  compressed: an entry of an index takes some 2,700 bytes, and these are compressed ones.
"""

import re
from collections import defaultdict
from collections.abc import Callable
from itertools import accumulate

from transforms.masks import shapes
from transforms.masks.keyed import Keyed
from transforms.masks.letters import Alphabet

LONG = 2**96  # texts of one form: from here on a stream is as good as a permutation, and costs a fiftieth
WHOLE = 500  # characters; PostgreSQL compresses what it puts into an index from some 500 bytes on
NOBODYS = "000"
ASCII_DIGIT = re.compile("[0-9]")

Movable = tuple[int, str, int]  # position, characters of the class, which of them stands there


class Texts:
    """The mask of texts over one alphabet. has_contacts: whether numbers and addresses may stand in them."""

    def __init__(self, keyed: Keyed, tag: str, alphabet: Alphabet, has_contacts: bool = True):
        self._keyed = keyed
        self._tag = tag
        self._alphabet = alphabet
        self._has_contacts = has_contacts

    def masked(self, text: str) -> str:
        """A text of the same form, whatever it may be besides."""
        movable, forms = [], 1
        for at, char in enumerate(text):
            found = self._alphabet[char]
            if found is not None:
                movable.append((at, *found))
                forms *= len(found[0])
                if forms >= LONG:
                    return self._streamed(text, at + 1)
        return self._permuted(text, movable)

    def _permuted(self, text: str, movable: list[Movable]) -> str:
        chars = list(text)
        for group in self._groups(text, movable):
            moved = self._keyed.moved(self._tag, [place for _, _, place in group], [len(m) for _, m, _ in group])
            for (at, members, _), place in zip(group, moved, strict=True):
                chars[at] = members[place]
        return "".join(chars)

    def _streamed(self, text: str, enough: int) -> str:
        """enough: how many characters have as many forms as texts need to differ."""
        moved = len(text) if len(text) <= WHOLE else enough
        stream = self._keyed.stream(self._tag, text.lower(), moved)
        masked = self._alphabet.shifted(text[:moved], stream) + text[moved:].translate(self._alphabet.filling)
        return shapes.RUN.sub(_nobodys, masked) if self._has_contacts else masked

    def _groups(self, text: str, movable: list[Movable]) -> list[list[Movable]]:
        """What of a text is permuted together: each contact by itself, and all else."""
        may_hold = self._has_contacts and (len(movable) >= shapes.SHORTEST_RUN or "@" in text)
        owner = _owners(text) if may_hold else None
        if not owner:
            return [movable] if movable else []
        groups = defaultdict(list)
        for found in movable:
            groups[owner.get(found[0])].append(found)
        return list(groups.values())


def in_pieces(pieces: list[str], mask: Callable[[str], str]) -> list[str]:
    """Pieces masked as one text, by a mask that keeps lengths."""
    masked, ends = mask("".join(pieces)), list(accumulate(map(len, pieces)))
    return [masked[start:end] for start, end in zip([0, *ends], ends, strict=False)]


def _owners(text: str) -> dict[int, tuple[int, int]]:
    """Position → the email address or the run of digits that it stands in."""
    spans = [*(run.span() for run in shapes.RUN.finditer(text)), *shapes.addresses(text)]
    return {at: span for span in spans for at in range(*span)}


def _nobodys(run: re.Match[str]) -> str:
    if shapes.digits(run[0]) > shapes.LONGEST_RUN:
        return run[0]
    zeros = iter(NOBODYS)
    return ASCII_DIGIT.sub(lambda digit: next(zeros, str(digit[0])), run[0])
