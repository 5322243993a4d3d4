"""The checks of shape: one for each table of the target, and one for each other kind of thing (checks.shape)."""

from collections.abc import Iterator
from dataclasses import replace

import psycopg

from checks.compare.comparison import OF_SOURCE
from checks.reading.connect import Work
from checks.reading.facts import Facts
from checks.shape import judge
from checks.verdict import CRITICAL, ERROR, FAIL, MAX_ROWS, PASS, STALE, WARNING, Check, Row

OTHERS = {
    judge.SEQUENCES: "Sequences are the legacy ones, and go on after what they have given, and the rows.",
    judge.TABLES: "The target has the tables that it should have, and no other table or view.",
    judge.SCHEMA: "Types, functions and owners are those that the tables need; nothing else stands in the schema.",
    judge.ARCHIVE: "The archive has the columns, types and keys of the legacy tables, and nobody else may use it.",
    judge.BOOKS: "The books are as the program makes them, and nobody else may use them.",
    judge.GRANTS: "No role was granted anything by name since the publish; whoever granted it knows why.",
    judge.TUNING: "How tables are kept and planned with is as it was published; whoever tuned them knows why.",
}
# What may be changed once it is published, and is told all the same.
SINCE = {
    judge.GRANTS: "new grants to roles, by name: {}",
    judge.TUNING: "otherwise than published: {}",
}
TITLE = "Columns, constraints, indexes, comments and grants are those of the declaration and of the legacy table."


def jobs(facts: Facts) -> Iterator[tuple[Check, Work]]:
    """The planned checks, and how each is made."""
    shape = judge.Shape(facts)
    copied = {
        facts.final(legacy): legacy for legacy, treatment in facts.treatments.items() if treatment in ("copy", "keep")
    }
    drafts = [(f"catalog/{name}", name, TITLE) for name in judge.tables(facts)]
    for name, table, title in [*drafts, *((name, None, title) for name, title in OTHERS.items())]:
        domain = facts.domain(copied[table]) if table in copied else ""
        severity = WARNING if name in SINCE else CRITICAL
        draft = Check(name, "catalog", domain, table, title, ERROR, severity)
        yield draft, _work(shape, draft)


def _work(shape: judge.Shape, draft: Check) -> Work:
    def work(source: psycopg.Connection, target: psycopg.Connection) -> Check:
        return _result(draft, shape.rows(draft.name, source, target))

    return work


def _result(draft: Check, looked_at: list[Row]) -> Check:
    found, compared = [row for row in looked_at if row.what], len(looked_at)
    wrong = [row for row in found if row.what != OF_SOURCE]
    rows = wrong or found
    status = FAIL if wrong else STALE if rows else PASS
    since = {OF_SOURCE: len(rows)} if status == STALE else {}
    return replace(
        draft, status=status, compared=compared, rows=tuple(rows[:MAX_ROWS]), rows_total=len(rows), since=since,
        detail=_detail(draft.name, status, len(rows), compared),
    )  # fmt: skip


def _detail(name: str, status: str, number: int, compared: int) -> str:
    if status == PASS:
        return f"{compared} objects agree"
    if status == STALE:
        return f"could not be compared: {number} of {compared} {OF_SOURCE}; all others agree"
    return SINCE[name].format(number) if name in SINCE else f"{number} of {compared} objects are not as they should be"
