"""The values of rows that differ, for a person at a terminal: nowhere else does a value leave the databases.

Law: nothing of it is kept, logged or put into a report; the caller prints it and forgets it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import psycopg

from checks.compare.comparison import TEXT, Comparison, by_key
from checks.compare.law_files import Prelude
from checks.verdict import FAIL, Json
from checks.verify import hidden, jobs, verify
from config.postgres.quoting import literal
from config.settings import Settings

MOST_ROWS = 20  # of one check


@dataclass(frozen=True)
class Shown:
    """One column of one row, as either side has it; None: null, or no such row."""

    check: str
    key: str
    column: str
    source: str | None
    target: str | None


def values(settings: Settings, report: Json) -> Iterator[Shown]:
    """What differs in the comparisons that a report says have failed. Errors: SourceError, TargetError."""
    failed = {check["name"]: check["rows"] for check in report["checks"] if check["status"] == FAIL and check["rows"]}
    if not failed:
        return
    with verify.opened(settings, report["run_id"]) as left:
        if left is None:
            return  # it was judged, and has been removed since
        readers, facts, _ = left
        found = [one for one in jobs.comparisons(facts, Prelude(facts)) if one.name in failed]
        with readers.source() as source, readers.target() as target:
            for one in found:
                yield from _of(one, failed[one.name], facts.books.secret, source, target)


def _of(
    one: Comparison, named: list[Json], secret: bytes, source: psycopg.Connection, target: psycopg.Connection
) -> Iterator[Shown]:
    """The report may name a row by a digest of its key; here it has its key."""
    rows = named[:MOST_ROWS]
    found = _keys(one, [row["key"] for row in rows], secret, source, target)
    keys = [*found.values()]
    queries = one.queries
    left, right = by_key(source, queries[0], keys), by_key(target, queries[1], keys)
    for row in rows:
        key = found[row["key"]]
        wanted, there = left.get(key, {}), right.get(key, {})
        for column in row["columns"] or (wanted or there):
            yield Shown(one.name, key, column, wanted.get(column), there.get(column))


def _keys(
    one: Comparison, shown: list[str], secret: bytes, source: psycopg.Connection, target: psycopg.Connection
) -> dict[str, str]:
    """What the report shows → the key; a digest that neither side knows any more stands for itself."""
    digest = hidden.found_by(secret, TEXT)
    digests = literal([key for key in shown if key.startswith("#")])
    found = {key: key for key in shown}
    for conn, query in zip((source, target), one.queries, strict=True):
        query = f"select {digest}, x.key from ({query}) as x where {digest} = any ({digests}::text[])"
        found |= dict(conn.execute(query).fetchall())
    return found
