"""What a secret key decides: hashes, keystreams, and permutations of small sets.

Laws
- Every use has a tag of its own; what one use gives tells nothing of another.
- A permutation of two places and more leaves none of them where it was.
"""

from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b, shake_128
from math import prod

ROUNDS = 4  # of the Feistel network; it runs there and back, so each value passes eight
LONG = 2**160  # points; an address of the internet is one of 2**128
PERSON = b"nxtgauge-masks"
KNOWN = 4096  # hashes that are kept begun: half a microsecond less for each value of a known form


class Keyed:
    """Hashes, keystreams and permutations of one key."""

    def __init__(self, key: bytes):
        if not key:
            raise ValueError("a masking key of at least one byte is wanted")
        self._key = blake2b(key, digest_size=32, person=PERSON).digest()
        self._cycle = lru_cache(KNOWN)(self._drawn_cycle)
        self._begun = lru_cache(KNOWN)(self._begin)

    def number(self, tag: str, data: str) -> int:
        """A number of 256 bits that stands for data."""
        begun = self._begun(tag, ()).copy()
        begun.update(data.encode("utf-8", "surrogatepass"))
        return int.from_bytes(begun.digest(), "little")

    def stream(self, tag: str, data: str, size: int) -> bytes:
        """As many bytes, all of them different for other data."""
        begun = self._begun(tag, ()).copy()
        begun.update(data.encode("utf-8", "surrogatepass"))
        return shake_128(begun.digest()).digest(size)

    def moved(self, tag: str, places: Sequence[int], sizes: Sequence[int]) -> list[int]:
        """Another point of a grid of these sizes (each 2 at least): one-to-one, and never the same point.

        One-to-one up to LONG points; beyond, as far as hashes of 128 bits are, and no single place stays.
        """
        if len(sizes) == 1:
            return [self._cycle(tag, sizes[0])[places[0]]]
        if prod(sizes) >= LONG:
            stream = self.stream(tag, ",".join(map(str, places)), len(places))
            shifts = zip(places, sizes, stream, strict=True)
            return [(place + 1 + byte % (size - 1)) % size for place, size, byte in shifts]
        half = len(sizes) // 2
        upper, lower = prod(sizes[:half]), prod(sizes[half:])
        begun = self._begun(tag, tuple(sizes))
        left, right = _packed(places[:half], sizes[:half]), _packed(places[half:], sizes[half:])
        # P⁻¹(P(x) + s): a permutation as strong as P, without fixed points because s is not 0
        for turn in range(0, ROUNDS, 2):
            left = (left + _drawn(begun, turn, right)) % upper
            right = (right + _drawn(begun, turn + 1, left)) % lower
        step = 1 + _drawn(begun, ROUNDS, 0) % (upper * lower - 1)
        left, right = divmod((left * lower + right + step) % (upper * lower), lower)
        for turn in reversed(range(0, ROUNDS, 2)):
            right = (right - _drawn(begun, turn + 1, left)) % lower
            left = (left - _drawn(begun, turn, right)) % upper
        return _unpacked(left, sizes[:half]) + _unpacked(right, sizes[half:])

    def _begin(self, tag: str, sizes: tuple[int, ...]):
        return blake2b(f"{tag}\0{','.join(map(str, sizes))}\0".encode(), key=self._key, digest_size=32)

    def _drawn_cycle(self, tag: str, size: int) -> list[int]:
        """Place → the next on a way that leads once through all."""
        begun = self._begun(tag, (size,))
        way = sorted(range(size), key=lambda place: _drawn(begun, 0, place))
        following = dict(zip(way, way[1:] + way[:1], strict=True))
        return [following[place] for place in range(size)]


def _drawn(begun: blake2b, turn: int, value: int) -> int:
    found = begun.copy()
    found.update(turn.to_bytes(1, "little") + value.to_bytes(20, "little"))
    return int.from_bytes(found.digest(), "little")


def _packed(places: Sequence[int], sizes: Sequence[int]) -> int:
    number = 0
    for place, size in zip(places, sizes, strict=True):
        number = number * size + place
    return number


def _unpacked(number: int, sizes: Sequence[int]) -> list[int]:
    places = []
    for size in reversed(sizes):
        number, place = divmod(number, size)
        places.append(place)
    return places[::-1]
