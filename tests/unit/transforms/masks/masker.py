"""One masker, whose masks tests look at value by value."""

from transforms.masks import Masker

MASKER = Masker(b"a key of the tests")

UUID = "d0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"


def masked(kind: str, text: str, limit: int | None = None) -> str:
    return MASKER.function(kind, limit)(text)
