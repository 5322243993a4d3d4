"""Checks of the archive and of the run's books about single rows, which nobody may write to once the build is sealed.

Laws
- A change is a fault, never stale: rows that were written since, rows that are gone, and tables that are missing.
- The books are compared with their digest in the seal, also in a copy of the target; the archive with its count in the
  seal, and by xmin where that is reliable. The archive's values are compared with the source (content).
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial

import psycopg

from checks.reading.drift import Drift, Seal
from checks.reading.facts import Facts
from checks.reading.statements import one_value
from checks.verdict import ERROR, FAIL, PASS, Check, Row
from checks.verify.jobs import Job
from config.postgres.quoting import quoted

DIGEST = """
    select concat(count(*), ' ', coalesce(sum(h.part::numeric), 0)) from {table} as book
    cross join lateral (select bit_in(textout('x' || left(md5(concat(book)), 16)), 0, 64)::bigint as part) as h
    where run_id = %s
"""
UNSEALED = "the archive and the books by their seal: an older program sealed the build, or none did"
BOOKS = Check(
    "seal/books", "seal", "", None,
    "What the run has put down of single rows is what it was when the build was verified.", ERROR,
)  # fmt: skip
ARCHIVE = Check(
    "seal/archive", "seal", "", None, "Nobody has written to the archive since the build was verified.", ERROR
)


def jobs(facts: Facts, drift: Drift) -> Iterator[Job]:
    """A check of the books and one of the archive; none of a build whose seal says nothing of them."""
    if drift.seal is None or drift.seal.books is None:
        facts.gaps.append(UNSEALED)
        return
    yield Job(BOOKS, partial(_books, facts, drift.seal.books), is_settled=True)
    yield Job(ARCHIVE, partial(_archive, facts, drift, drift.seal), is_settled=True)


def _books(facts: Facts, wanted: Mapping[str, str], source: psycopg.Connection, target: psycopg.Connection) -> Check:
    found = {name: _digest(target, name, facts.books.run_id) for name in wanted}
    rows = [Row(f"migration.{name}", "differs") for name in wanted if found[name] != wanted[name]]
    return _told(BOOKS, rows, len(wanted))


def _digest(target: psycopg.Connection, name: str, run_id: str) -> str:
    return one_value(target, str, DIGEST.format(table=quoted("migration", name)), [run_id])


def _archive(facts: Facts, drift: Drift, seal: Seal, source: psycopg.Connection, target: psycopg.Connection) -> Check:
    prefix = "legacy_archive."
    wanted = {key.removeprefix(prefix): rows for key, rows in seal.rows.items() if key.startswith(prefix)}
    there = facts.archive.tables
    rows = [Row(name, "missing") for name in sorted(wanted.keys() - there.keys())]
    rows += [Row(name, "unexpected") for name in sorted(there.keys() - wanted.keys())]
    for name in sorted(wanted.keys() & there.keys()):
        count = one_value(target, int, f"select count(*) from {quoted(facts.archive.schema, name)}")
        if name in drift.archive.tables or count != wanted[name]:
            rows.append(Row(name, "differs"))
    return _told(ARCHIVE, rows, len(wanted))


def _told(draft: Check, rows: list[Row], compared: int) -> Check:
    detail = f"{len(rows)} of {compared} tables were written to" if rows else f"{compared} tables are as they were"
    return replace(
        draft, status=FAIL if rows else PASS, compared=compared, rows=tuple(rows), rows_total=len(rows), detail=detail
    )
