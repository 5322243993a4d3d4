"""Sets of texts that are remembered without being kept: by hashes of eight bytes under a key.

Laws
- Who has the hashes and not the key can compute no text from them, not even by trying all phone numbers.
- Equal texts have equal hashes. That a text which is not in a set of two millions is taken for one that is has odds of
  one to nine millions of millions (of a number: one to two thousand millions).
"""

from collections.abc import Sequence
from hashlib import blake2b

import numpy as np

FRESH = 1_000_000  # hashes that are gathered before they are sorted in: 8 MB


class Hashes:
    """A set of texts, some eight bytes each."""

    def __init__(self, key: bytes):
        self._key = key
        self._sorted = np.empty(0, np.uint64)
        self._fresh: list[np.ndarray] = []
        self._fresh_count = 0

    def add(self, texts: Sequence[str]) -> None:
        if texts:
            self._fresh.append(self._hashed(texts))
            self._fresh_count += len(texts)
        if self._fresh_count > FRESH:
            self._settle()

    def __len__(self) -> int:
        self._settle()
        return len(self._sorted)

    def found(self, texts: Sequence[str]) -> list[int]:
        """Positions of those texts that are in the set."""
        if not texts or not len(self):
            return []
        hashes = self._hashed(texts)
        places = np.searchsorted(self._sorted, hashes)
        places[places == len(self._sorted)] = 0
        return np.flatnonzero(self._sorted[places] == hashes).tolist()

    def _hashed(self, texts: Sequence[str]) -> np.ndarray:
        key = self._key
        digests = (blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8, key=key).digest() for text in texts)
        return np.frombuffer(b"".join(digests), np.uint64)

    def _settle(self) -> None:
        if self._fresh:
            self._sorted = np.unique(np.concatenate([self._sorted, *self._fresh]))
            self._fresh, self._fresh_count = [], 0


class Numbers(Hashes):
    """Phone numbers of seven to ten digits, of which it can be said how many begin alike.

    A hash begins with twelve bits for the number's length and first three digits.
    """

    HEAD_BITS, HEAD_DIGITS, SHORTEST = 12, 3, 7

    def __init__(self, key: bytes):
        super().__init__(key)
        self._counts = np.zeros(2**self.HEAD_BITS, np.int64)

    @property
    def lengths(self) -> set[int]:
        """How many digits the numbers have."""
        return {int(head) // 10**self.HEAD_DIGITS + self.SHORTEST for head in np.flatnonzero(self._by_head())}

    def looked_up(self, numbers: Sequence[str]) -> tuple[list[int], float]:
        """Positions of those numbers that are in the set; and how many of all would be by chance, their lengths and
        first three digits given.

        Numbers are not spread evenly: a mask that keeps a country's code draws from those of that country.
        """
        heads = np.array([self._head(number) for number in numbers], np.int64)
        alike = self._by_head()[heads]
        rest = heads // 10**self.HEAD_DIGITS + self.SHORTEST - self.HEAD_DIGITS  # digits
        possible = np.flatnonzero(alike).tolist()
        found = [possible[place] for place in self.found([numbers[place] for place in possible])]
        return found, float((alike / 10.0**rest).sum())

    def _hashed(self, texts: Sequence[str]) -> np.ndarray:
        heads = np.array([self._head(text) for text in texts], np.uint64)
        return super()._hashed(texts) >> np.uint64(self.HEAD_BITS) | heads << np.uint64(64 - self.HEAD_BITS)

    def _head(self, number: str) -> int:
        scale: int = 10**self.HEAD_DIGITS
        return (len(number) - self.SHORTEST) * scale + int(number[: self.HEAD_DIGITS])

    def _settle(self) -> None:
        if self._fresh:
            super()._settle()
            heads = (self._sorted >> np.uint64(64 - self.HEAD_BITS)).astype(np.int64)
            self._counts = np.bincount(heads, minlength=2**self.HEAD_BITS)

    def _by_head(self) -> np.ndarray:
        self._settle()
        return self._counts
