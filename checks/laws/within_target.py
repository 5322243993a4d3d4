"""Laws within the target: a condition that every row meets, an id that derives from a name.

Law: how many rows were looked at is counted beside those that break the rule.
"""

import hashlib
import uuid
from collections.abc import Iterator
from typing import Any

import psycopg

from checks.reading.statements import one_row
from checks.verdict import MAX_ROWS, Row

NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "migrate.nxtgauge")
BEGUN = hashlib.sha1(NAMESPACE.bytes, usedforsecurity=False)  # what every name's hash begins with
VARIANTS = dict(zip("0123456789abcdef", "89ab" * 4, strict=True))
BATCH = 10_000

HOLDS = """
    select count(*), count(*) filter (where x.holds is not true),
           (array_agg(concat(x.key) order by concat(x.key)) filter (where x.holds is not true))[1:{most}]
    from ({query}) as x
"""

# By what both servers sort alike.
PLACED = """
    select md5(convert_to(concat(x.key), 'UTF8')) collate "C" as place, concat(x.key), x.{told} from ({query}) as x
    order by 1
"""
END = ("~", None, None)  # after every place


def held(conn: psycopg.Connection, query: str) -> tuple[int, int, tuple[Row, ...]]:
    """(rows looked at, rows that break the rule, some of these by name). query: columns key and holds."""
    compared, broken, keys = one_row(conn, HOLDS.format(query=query, most=MAX_ROWS))
    return compared, broken, tuple(Row(str(key), "breaks the rule") for key in keys or ())


def derived(
    conn: psycopg.Connection, query: str, names: tuple[psycopg.Connection, str] | None = None
) -> tuple[int, int, tuple[Row, ...]]:
    """The same for ids that must be the UUIDv5 of a name. query: columns key, id and name, all text.

    names: where only the source knows them, its session and a query of key and name; the first is then of key and id.
    """
    found = _named(conn, query, *names) if names else _streamed(conn, query)
    compared, broken, first = 0, 0, list[str]()
    for key, id_, name in found:
        compared += 1
        if name is None or id_ != derived_id(name):
            broken += 1
            first = sorted([*first, str(key)])[:MAX_ROWS]
    return compared, broken, tuple(Row(key, "breaks the rule", ("id",)) for key in first)


def _named(
    conn: psycopg.Connection, query: str, other: psycopg.Connection, names: str
) -> Iterator[tuple[str, str, str | None]]:
    """(key, id, name), both sides read in one order, so that neither is held here. No name: nobody told it."""
    known = _streamed(other, PLACED.format(query=names, told="name"), "names")
    place, own, name = next(known, END)
    for at, key, id_ in _streamed(conn, PLACED.format(query=query, told="id")):
        while place < at:
            place, own, name = next(known, END)
        yield key, id_, name if own == key else None


def derived_id(name: str) -> str:
    """The UUIDv5 of a name. The standard library says the same in six times the time; these are of a million rows."""
    found = BEGUN.copy()
    found.update(name.encode())
    h = found.hexdigest()
    return f"{h[:8]}-{h[8:12]}-5{h[13:16]}-{VARIANTS[h[16]]}{h[17:20]}-{h[20:32]}"


def _streamed(conn: psycopg.Connection, query: str, name: str = "derived") -> Iterator[tuple[Any, ...]]:
    with conn.cursor(name=name) as cursor:
        cursor.itersize = BATCH
        yield from cursor.execute(query)
