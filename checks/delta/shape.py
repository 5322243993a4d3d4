"""The shape of a build at the cut-over: constraints, indexes and columns as they were judged before, and sequences.

Laws
- The whole judgement of shape is made when the verification is prepared. Later both catalogues are read again: if
  every column, constraint and index stands as it stood, that judgement stands too; else all of it is made anew.
- Where sequences stand is always looked at anew, for no snapshot covers them.
- A judgement that found a fault never stands.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

import psycopg

from checks.reading.facts import Facts
from checks.shape import judge, objects, things
from checks.shape.things import Thing
from checks.shape.wanted.members import Positions
from checks.verdict import CRITICAL, ERROR, FAIL, MAX_ROWS, PASS, Check
from checks.verify.jobs import Job, shaped

TITLE = "Every column, constraint and index is there as it should be, and validated where the legacy one is."
STANDS = "{objects} objects stand as they were judged"
NAME = "catalog/constraints"


@dataclass(frozen=True)
class Judged:
    """What was judged before. columns: those of the target, with the sequences that they draw from."""

    facts: Facts
    checks: tuple[Check, ...]
    columns: tuple[Thing, ...]
    at: str

    def stands(self, facts: Facts) -> bool:
        """Whether nothing was found, and nothing is otherwise now."""
        was = self.facts
        is_same = (was.source, was.target, was.archive) == (facts.source, facts.target, facts.archive)
        return is_same and all(check.status == PASS for check in self.checks if check.severity == CRITICAL)


def judged(facts: Facts, source: psycopg.Connection, target: psycopg.Connection) -> Judged:
    """The whole judgement."""
    checks = tuple(work(source, target) for _, work in objects.jobs(facts))
    columns = tuple(thing for thing in things.read(target, facts.target.schema) if thing.kind == "column")
    return Judged(facts, checks, columns, time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime()))


def planned(facts: Facts, before: Judged | None) -> Iterator[Job]:
    """The checks of shape: few, where what was judged before stands; else all."""
    if before is None or not before.stands(facts):
        yield from (shaped(facts, *one) for one in objects.jobs(facts))
        return
    draft = Check(NAME, "catalog", "", None, TITLE, ERROR)
    yield Job(draft, lambda source, target: _standing(draft, facts))
    title = objects.OTHERS[judge.SEQUENCES]
    sequences = Check(judge.SEQUENCES, "catalog", "", None, title, ERROR)
    yield Job(sequences, lambda source, target: _sequences(sequences, facts, before, source, target))


def _standing(draft: Check, facts: Facts) -> Check:
    tables = [*facts.target.tables.values(), *facts.archive.tables.values()]
    constraints = [constraint for table in tables for constraint in table.constraints]
    count = sum(len(table.columns) + len(table.indexes) for table in tables) + len(constraints)
    return replace(draft, status=PASS, compared=count, detail=STANDS.format(objects=f"{count:,}"))


def _sequences(
    draft: Check, facts: Facts, before: Judged, source: psycopg.Connection, target: psycopg.Connection
) -> Check:
    legacy, found = things.sequences(source, facts.source.schema), things.sequences(target, facts.target.schema)
    positions = Positions(facts, legacy, target, is_build=judge.is_build(target, facts.target.schema))
    rows = list(positions.judged([*found, *before.columns]))
    detail = f"{len(rows)} of {len(found)} sequences are behind, or elsewhere" if rows else f"{len(found)} sequences"
    return replace(
        draft, status=FAIL if rows else PASS, compared=len(found), rows=tuple(rows[:MAX_ROWS]), rows_total=len(rows),
        detail=detail,
    )  # fmt: skip
