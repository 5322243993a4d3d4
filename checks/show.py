"""The values of rows that differ, for a person at a terminal: nowhere else does a value leave the databases.

Law: nothing of it is kept, logged or put into a report; the caller prints it and forgets it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from checks import jobs, verify
from checks.comparison import Comparison, by_key
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
    left, right = by_key(source, one.source, keys), by_key(target, one.target, keys)
    for row in rows:
        wanted, there = left.get(row["key"], {}), right.get(row["key"], {})
        for column in row["columns"] or (wanted or there):
            yield Shown(one.name, row["key"], column, wanted.get(column), there.get(column))
