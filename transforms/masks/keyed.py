"""Functions under a secret key: hashes, keystreams, and permutations of small sets.

Laws
- Every use has a tag of its own, so that the result of one use says nothing about another's.
- A permutation of two or more places moves every one of them.
"""

from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b, shake_128
from math import gcd

PERSON = b"nxtgauge-masks"
LONG = 2**160  # points of a grid; an address of the internet is one of 2**128
NUMBER_BYTES = 20
KNOWN = 4096  # grids whose hashes are kept begun


class Keyed:
    """Hashes, keystreams and permutations of one key."""

    def __init__(self, key: bytes):
        if not key:
            raise ValueError("a masking key of at least one byte is wanted")
        self._key = blake2b(key, digest_size=32, person=PERSON).digest()
        self._cycle = lru_cache(KNOWN)(self._drawn_cycle)
        self._grid = lru_cache(KNOWN)(self._begun_grid)
        self._begun = lru_cache(KNOWN)(self._begin)

    def number(self, tag: str, data: str) -> int:
        """A number of 256 bits that stands for data."""
        return int.from_bytes(self._hashed(tag, data), "little")

    def stream(self, tag: str, data: str, size: int) -> bytes:
        """As many bytes, all of them different for other data."""
        return shake_128(self._hashed(tag, data)).digest(size)

    def moved(self, tag: str, places: Sequence[int], sizes: Sequence[int]) -> list[int]:
        """Another point of a grid of these sizes (each 2 at least): one-to-one, and never the same point.

        One-to-one up to LONG points; beyond, as far as hashes of 128 bits are, and no single place stays.
        """
        if len(sizes) == 1:
            return [self._cycle(tag, sizes[0])[places[0]]]
        if len(sizes) >= LONG.bit_length():
            return self._streamed(tag, places, sizes)
        half = len(sizes) // 2
        left, upper = _packed(places[:half], sizes[:half])
        right, lower = _packed(places[half:], sizes[half:])
        if upper * lower >= LONG:
            return self._streamed(tag, places, sizes)
        first, second, third, step = self._grid(tag, tuple(sizes), upper * lower)
        # P⁻¹(P(x) + step), P a Feistel network: as strong as P, and without fixed points because step is not 0
        right = (right + _drawn(first, left)) % lower
        left = (left + _drawn(second, right)) % upper
        right = (right + _drawn(third, left)) % lower
        left, right = divmod((left * lower + right + step) % (upper * lower), lower)
        right = (right - _drawn(third, left)) % lower
        left = (left - _drawn(second, right)) % upper
        right = (right - _drawn(first, left)) % lower
        return _unpacked(left, sizes[:half]) + _unpacked(right, sizes[half:])

    def _streamed(self, tag: str, places: Sequence[int], sizes: Sequence[int]) -> list[int]:
        stream = self.stream(tag, ",".join(map(str, places)), len(places))
        return [(p + 1 + byte % (size - 1)) % size for p, size, byte in zip(places, sizes, stream, strict=True)]

    def _hashed(self, tag: str, data: str) -> bytes:
        begun = self._begun(tag).copy()
        begun.update(data.encode("utf-8", "surrogatepass"))
        return begun.digest()

    def _begin(self, tag: str) -> blake2b:
        return blake2b(f"{tag}\0".encode(), key=self._key, digest_size=32)

    def _begun_grid(self, tag: str, sizes: tuple[int, ...], points: int) -> tuple[blake2b, blake2b, blake2b, int]:
        """The hashes of the three rounds of a grid's network, and the step between two runs of it.

        The step has no divisor in common with the number of points, so that one way leads through all of them: what is
        moved until it is of some kind ends on another of its kind, if there is one.
        """
        first, second, third, last = (self._begin(f"{tag}\0{turn}\0{sizes}") for turn in range(4))
        step = 1 + _drawn(last, 0) % (points - 1)
        while gcd(step, points) > 1:
            step += 1
        return first, second, third, step

    def _drawn_cycle(self, tag: str, size: int) -> list[int]:
        """Place → the next on a way that leads once through all."""
        begun = self._begin(f"{tag}\0cycle\0{size}")
        way = sorted(range(size), key=lambda place: _drawn(begun, place))
        following = dict(zip(way, way[1:] + way[:1], strict=True))
        return [following[place] for place in range(size)]


def _drawn(begun: blake2b, value: int) -> int:
    found = begun.copy()
    found.update(value.to_bytes(NUMBER_BYTES, "little"))
    return int.from_bytes(found.digest(), "little")


def _packed(places: Sequence[int], sizes: Sequence[int]) -> tuple[int, int]:
    """(the number of a point, how many there are)."""
    number, points = 0, 1
    for place, size in zip(places, sizes, strict=True):
        number = number * size + place
        points *= size
    return number, points


def _unpacked(number: int, sizes: Sequence[int]) -> list[int]:
    places = []
    for size in reversed(sizes):
        number, place = divmod(number, size)
        places.append(place)
    places.reverse()
    return places
