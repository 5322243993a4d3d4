"""Laws within the target: a condition that every row meets, an id that derives from a name.

Law: how many rows were looked at is counted beside those that break the rule.
"""

import hashlib
import uuid
from collections.abc import Iterator, Mapping
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


def held(conn: psycopg.Connection, query: str) -> tuple[int, int, tuple[Row, ...]]:
    """(rows looked at, rows that break the rule, some of these by name). query: columns key and holds."""
    compared, broken, keys = one_row(conn, HOLDS.format(query=query, most=MAX_ROWS))
    return compared, broken, tuple(Row(str(key), "breaks the rule") for key in keys or ())


def derived(
    conn: psycopg.Connection, query: str, names: Mapping[str, str] | None = None
) -> tuple[int, int, tuple[Row, ...]]:
    """The same for ids that must be the UUIDv5 of a name. query: columns key, id and name, all text.

    names: key → name, where only the source knows it; query is then of key and id.
    """
    compared, wrong = 0, []
    for key, id_, *told in _streamed(conn, query):
        compared += 1
        name = told[0] if names is None else names.get(key)
        if name is None or id_ != derived_id(name):
            wrong.append(key)
    rows = tuple(Row(str(key), "breaks the rule", ("id",)) for key in sorted(wrong, key=str)[:MAX_ROWS])
    return compared, len(wrong), rows


def derived_id(name: str) -> str:
    """The UUIDv5 of a name. The standard library says the same in six times the time; these are of a million rows."""
    found = BEGUN.copy()
    found.update(name.encode())
    h = found.hexdigest()
    return f"{h[:8]}-{h[8:12]}-5{h[13:16]}-{VARIANTS[h[16]]}{h[17:20]}-{h[20:32]}"


def _streamed(conn: psycopg.Connection, query: str) -> Iterator[tuple[Any, ...]]:
    with conn.cursor(name="derived") as cursor:
        cursor.itersize = BATCH
        yield from cursor.execute(query)
