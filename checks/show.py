"""The values of rows that differ, for a person at a terminal: nowhere else does a value leave the databases.

Law: nothing of it is kept, logged or put into a report; the caller prints it and forgets it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import psycopg

from checks import jobs, verify
from checks.comparison import TEXT, Comparison
from checks.facts import literal, quoted
from checks.laws import Prelude
from checks.verdict import FAIL
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


def values(settings: Settings, report: Mapping) -> Iterator[Shown]:
    """What differs in the comparisons that a report says have failed. Errors: SourceError, TargetError."""
    failed = {check["name"]: check["rows"] for check in report["checks"] if check["status"] == FAIL and check["rows"]}
    if not failed:
        return
    sessions, facts = verify.opened(settings, report["run_id"])  # there is one: it was judged
    found = [one for one in jobs.comparisons(facts, Prelude(facts)) if one.name in failed]
    with sessions.source() as source, sessions.target() as target:
        sessions.use(target)
        for one in found:
            yield from _of(one, failed[one.name], source, target)


def _of(one: Comparison, named: list[Mapping], source, target) -> Iterator[Shown]:
    rows = named[:MOST_ROWS]
    keys = [row["key"] for row in rows]
    left, right = _rows(source, one.source, keys), _rows(target, one.target, keys)
    for row in rows:
        wanted, there = left.get(row["key"], {}), right.get(row["key"], {})
        for column in row["columns"] or (wanted or there):
            yield Shown(one.name, row["key"], column, wanted.get(column), there.get(column))


def _rows(conn: psycopg.Connection, query: str, keys: list[str]) -> dict[str, dict[str, str | None]]:
    names = [column.name for column in conn.execute(f"select * from ({query}) as x limit 0").description]
    each = ", ".join(f"case when x.{quoted(n)} is not null then format('%s', x.{quoted(n)}) end" for n in names)
    rows = conn.execute(f"select {each} from ({query}) as x where {TEXT} = any ({literal(keys)}::text[])")
    return {row[0]: dict(zip(names, row, strict=True)) for row in rows}
