"""The masks of staging copies: pure functions from a value's text to a text that is nobody's.

Laws
- Deterministic: one key and one kind give one value the same mask in whatever table; another key gives another.
- Injective: distinct values stay distinct and equal ones equal, so joins and uniqueness survive.
- What is blank, or holds neither letter nor digit, is kept; so is white space at either end.
- What is valid of its kind stays valid, and what is not stays that, so a rehearsal rejects the same rows.
"""

from collections.abc import Callable

Mask = Callable[[str], str]


class Masker:
    """Masks under one key. Threads may share it."""

    def __init__(self, key: bytes):
        self._key = key

    def function(self, kind: str, limit: int | None = None) -> Mask:
        """The mask of a kind (config.masks.Kind, but for null and unknown: ValueError).

        It takes PostgreSQL's text output, never None. limit: the most characters that the column takes.
        """
        raise NotImplementedError(kind, limit)

    def array(self, kind: str, limit: int | None = None) -> Mask:
        """The same for the text of an array of that kind: its elements are masked; NULLs, bounds and shape stay."""
        raise NotImplementedError(kind, limit)


def contacts(text: str) -> set[str]:
    """The email addresses (lower case) and the phone-like runs of digits (digits alone) within a text."""
    raise NotImplementedError(text)
