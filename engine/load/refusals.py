"""Rows that a lane could not load, written down in the chunk's own transaction.

Laws
- A refused row of a route that accounts for its rows is a reject, and rows that refer to it are told so
  (migration.gone); of any other route it is a note on the legacy row.
- The archive refuses nothing: a row that cannot be copied there cannot be read, and is named in an error.
"""

from collections import defaultdict
from collections.abc import Sequence

import pandas as pd
import psycopg

from config import reasons
from config.errors import SourceError
from config.postgres.quoting import quoted
from engine.chunks import chunk_books, ledger
from engine.chunks.culprits import Refused, is_of_a_value, trying
from engine.chunks.work import Work
from engine.planning.plan import Route
from engine.quarantine import legacy_rows
from engine.quarantine.legacy_rows import LegacyRow
from engine.quarantine.records import Records
from engine.reflect.catalog import LegacyTable
from engine.reflect.select_list import as_text
from engine.session.blame import blame
from transforms import steps
from transforms.outcome import TEXT, Outcome

HELD_ROWS = 200  # whole rows that are held at once


def write(
    work: Work, route: Route, source: psycopg.Connection, target: psycopg.Connection, refused: Sequence[Refused]
) -> None:
    """Write the rows down, some at a time. Errors: SourceError, which names a row that cannot be read; TargetError."""
    for start in range(0, len(refused), HELD_ROWS):
        _write_some(work, route, source, target, refused[start : start + HELD_ROWS])


def _write_some(
    work: Work, route: Route, source: psycopg.Connection, target: psycopg.Connection, refused: Sequence[Refused]
) -> None:
    table = work.plan.table(route.legacy_table).legacy
    found = read_again(work, table, source, [one.origin for one in refused])
    if route.is_archive:
        raise _damaged(work, table, source, refused[0].origin, "the archive cannot take it")
    by_reason: dict[tuple[str, str], list[LegacyRow]] = defaultdict(list)
    for one in refused:
        by_reason[one.target, one.detail_for(work.plan)].append(found[one.origin])
    records = Records(work, target)
    for (build_table, detail), rows in by_reason.items():
        if route.is_accounted:
            records.refuse(build_table, ids_of(work, route, rows), rows, reasons.INVALID_VALUE, detail)
        else:
            records.note_not_made(build_table, rows, reasons.INVALID_VALUE, detail)


def read_again(
    work: Work, table: LegacyTable, source: psycopg.Connection, origins: Sequence[str]
) -> dict[str, LegacyRow]:
    """Origin → legacy row, of rows that were refused. Errors: SourceError, which names a row that cannot be read."""
    found: dict[str, LegacyRow] = {}
    for origin in origins:
        query = legacy_rows.by_origin(table, work.plan.source_schema, [origin])
        try:
            with trying(source), blame(SourceError, f"reading {table.name}", work.stop):
                rows = source.execute(query).fetchall()
        except SourceError as error:
            if not is_of_a_value(error):
                raise
            raise _damaged(work, table, source, origin, str(error)) from None
        found.update((name, LegacyRow(table.name, *rest)) for name, *rest in rows)
    return found


def _damaged(work: Work, table: LegacyTable, source: psycopg.Connection, origin: str, why: str) -> SourceError:
    """The error that ends a run at a row whose values cannot all be written down: where it lies, and what to do."""
    oid, _, place = origin.partition("(")
    leaf = next((leaf for leaf in table.leaves if str(leaf.oid) == oid), None)
    root = quoted(work.plan.source_schema, table.name)
    name = quoted(leaf.schema, leaf.name) if leaf else root
    at = f"where t.ctid = '({place}'"
    of_leaf = f"{at} and t.tableoid = {oid}"  # a partition may be read through its root alone
    readings = {c.name: f"select {as_text(c)} from {root} as t {of_leaf}" for c in table.shape.columns}
    lost = [column for column, query in readings.items() if not _is_readable(source, query)]
    found = f"{', '.join(lost)} cannot be read" if lost else "it cannot be written down"
    mend = ", ".join(f"{quoted(column)} = …" for column in lost) or "… = …"
    return SourceError(
        f"the row at ({place} of {name} is damaged: {found} ({why}); give it another value in the source, "
        f"`update {name} as t set {mend} {at}`, or delete the row there, and migrate again"
    )


def _is_readable(source: psycopg.Connection, query: str) -> bool:
    try:
        with trying(source):
            source.execute(query).fetchall()
    except psycopg.DatabaseError:
        return False
    return True


def ids_of(work: Work, route: Route, rows: Sequence[LegacyRow]) -> list[str]:
    """The ids by which children would have known the rows, as the target spells them."""
    ids = pd.Series([row.id for row in rows], dtype=TEXT).dropna()
    column = work.plan.shape(route.targets[0]).find_column("id")
    if column is not None and column.base == "uuid":
        ids = steps.target_id(ids, route.legacy_table)
    return ids.tolist()


def write_unread(work: Work, route: Route, unread: Sequence[Refused], target: psycopg.Connection) -> ledger.Counts:
    """The same for rows of the frame lane; returns their counts."""
    table = work.plan.table(route.legacy_table).legacy
    with work.sessions.lend("source") as source:
        found = read_again(work, table, source, [one.origin for one in unread])
    rows = [found[one.origin] for one in unread]
    known = pd.DataFrame({"key": [row.key for row in rows], "id": [row.id for row in rows]}, dtype=TEXT)
    told = pd.DataFrame([(one.target, one.detail_for(work.plan)) for one in unread], columns=["target", "detail"])
    told = told.astype(TEXT)
    rejected = steps.rejects(told.index, told["target"], reasons.INVALID_VALUE, told["detail"])
    outcome = Outcome(frames={}, rejected=rejected)
    evidence = pd.DataFrame({"legacy_key": known["key"], "legacy_row": [row.row for row in rows]}, dtype=TEXT)
    named = known if table.shape.find_column("id") else known[["key"]]
    return chunk_books.write(work, route, named, outcome, evidence, target)
