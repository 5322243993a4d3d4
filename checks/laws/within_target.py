"""Laws within the target: a condition that every row meets, an id that derives from a name.

Law: how many rows were looked at is counted beside those that break the rule.
"""

import contextlib
import hashlib
import itertools
import uuid
from collections.abc import Iterator
from typing import Any

import psycopg

from checks.reading.statements import batches, one_row
from checks.verdict import MAX_ROWS, Row

NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "migrate.nxtgauge")
BEGUN = hashlib.sha1(NAMESPACE.bytes, usedforsecurity=False)  # what every name's hash begins with
VARIANTS = dict(zip("0123456789abcdef", "89ab" * 4, strict=True))

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
    compared, broken, first = 0, 0, list[str]()
    with _found(conn, query, names) as found:
        for key, id_, name in found:
            compared += 1
            if name is None or id_ != derived_id(name):
                broken += 1
                first = sorted([*first, str(key)])[:MAX_ROWS]
    return compared, broken, tuple(Row(key, "breaks the rule", ("id",)) for key in first)


@contextlib.contextmanager
def _found(
    conn: psycopg.Connection, query: str, names: tuple[psycopg.Connection, str] | None
) -> Iterator[Iterator[tuple[Any, ...]]]:
    """(key, id, name) as derived has them. No name: nobody told it."""
    if names is None:
        with _rows(conn, query, "derived") as found:
            yield found
        return
    source, told = names
    ids, known = PLACED.format(query=query, told="id"), PLACED.format(query=told, told="name")
    with _rows(conn, ids, "derived") as found, _rows(source, known, "names") as named:
        yield _merged(found, named)


def _merged(found: Iterator[tuple[Any, ...]], named: Iterator[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    """Both sides are read in one order, so that neither is held here."""
    place, own, name = next(named, END)
    for at, key, id_ in found:
        while place < at:
            place, own, name = next(named, END)
        yield key, id_, name if own == key else None


@contextlib.contextmanager
def _rows(conn: psycopg.Connection, query: str, name: str) -> Iterator[Iterator[tuple[Any, ...]]]:
    with batches(conn, query, name=name) as found:
        yield itertools.chain.from_iterable(found)


def derived_id(name: str) -> str:
    """The UUIDv5 of a name. The standard library says the same in six times the time; these are of a million rows."""
    found = BEGUN.copy()
    found.update(name.encode())
    h = found.hexdigest()
    return f"{h[:8]}-{h[8:12]}-5{h[13:16]}-{VARIANTS[h[16]]}{h[17:20]}-{h[20:32]}"
