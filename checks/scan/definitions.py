"""Personal values in the definitions of a copy: names, defaults, checks, labels, bodies, bounds and comments.

Law: definitions are copied without a mask; so an address, a number or a value of the source in one of them is a
finding, unless masks.toml lists the object under kept_definitions.
"""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

import psycopg

from checks.reading import catalog
from checks.scan.leftovers import phrases
from checks.scan.remembered import Originals


@dataclass(frozen=True)
class Definitions:
    """count: how many texts were read; found: object → how many of its texts hold something of the source; accepted:
    those of them that are listed."""

    count: int
    found: Counter[str]
    accepted: Counter[str]


def search(conn: psycopg.Connection, schema: str, originals: Originals, kept: Collection[str]) -> Definitions:
    """kept: objects whose definitions may say what they say."""
    texts = catalog.asked(conn, "definitions", schema)
    held = Counter(name for name, text in texts if originals.stand_in(text, phrases(text)))
    accepted = Counter({name: count for name, count in held.items() if name in kept})
    return Definitions(len(texts), held - accepted, accepted)
