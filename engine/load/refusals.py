"""Rows that a lane could not load, written down in the chunk's own transaction.

Laws
- A refused row of a route that accounts for its rows is a reject, and rows that refer to it are told so
  (migration.gone); of any other route it is a note on the legacy row.
- The archive refuses nothing: a row that cannot be copied there cannot be read, and is named in an error.
"""

import contextlib
from collections import defaultdict
from collections.abc import Sequence
from functools import partial

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
from engine.quarantine.records import BATCH_ROWS, Records
from engine.reflect.catalog import LegacyTable
from engine.reflect.select_list import as_text
from engine.session.blame import blame
from transforms import steps
from transforms.outcome import TEXT, Outcome


def write(
    work: Work, route: Route, source: psycopg.Connection, target: psycopg.Connection, refused: Sequence[Refused]
) -> None:
    """Write the rows down, some at a time. Errors: SourceError, which names a row that cannot be read; TargetError."""
    table = work.plan.table(route.legacy_table).legacy
    if refused and route.is_archive:
        read_again(work, table, source, [refused[0].origin])
        raise _damaged(work, table, source, refused[0].origin, "the archive cannot take it")
    alike: dict[tuple[str, str], list[str]] = defaultdict(list)
    for one in refused:
        alike[one.target, one.detail_for(work.plan)].append(one.origin)
    for (build_table, detail), origins in alike.items():
        for start in range(0, len(origins), BATCH_ROWS):
            some = origins[start : start + BATCH_ROWS]
            try:
                found = _write_some(work, route, source, target, some, build_table, detail)
            except SourceError as error:
                if is_of_a_value(error):
                    read_again(work, table, source, some)
                raise
            if found != len(some):
                raise LookupError(f"{table.name}: {len(some)} rows were refused, and {found} were found again")


def _write_some(
    work: Work,
    route: Route,
    source: psycopg.Connection,
    target: psycopg.Connection,
    origins: list[str],
    build_table: str,
    detail: str,
) -> int:
    """Write down rows that were refused for one reason; how many there were."""
    table, records = work.plan.table(route.legacy_table).legacy, Records(work, target)
    if route.is_accounted:
        query = legacy_rows.by_origin(table, work.plan.source_schema, origins)
        return records.refuse(table, query, build_table, partial(keys_of, work, route), reasons.INVALID_VALUE, detail)
    query = legacy_rows.by_origin(table, work.plan.source_schema, origins, columns=())
    with trying(source), blame(SourceError, f"reading {table.name}", work.stop):
        rows = [LegacyRow(table.name, *rest) for _, *rest in source.execute(query)]
    records.note_not_made(build_table, rows, reasons.INVALID_VALUE, detail)
    return len(rows)


def read_again(
    work: Work, table: LegacyTable, source: psycopg.Connection, origins: Sequence[str]
) -> dict[str, LegacyRow]:
    """Origin → legacy row, of rows that were refused. Errors: SourceError, which names a row that cannot be read."""
    with contextlib.suppress(_Unreadable):
        return _read_some(work, table, source, origins)
    found: dict[str, LegacyRow] = {}
    for origin in origins:
        try:
            found |= _read_some(work, table, source, [origin])
        except _Unreadable as error:
            raise _damaged(work, table, source, origin, str(error)) from None
    return found


class _Unreadable(SourceError):
    """Among these rows is one that cannot be read."""


def _read_some(
    work: Work, table: LegacyTable, source: psycopg.Connection, origins: Sequence[str]
) -> dict[str, LegacyRow]:
    """Errors: _Unreadable; SourceError of any other kind."""
    query = legacy_rows.by_origin(table, work.plan.source_schema, list(origins))
    try:
        with trying(source), blame(SourceError, f"reading {table.name}", work.stop):
            rows = source.execute(query).fetchall()
    except SourceError as error:
        if not is_of_a_value(error):
            raise
        raise _Unreadable(str(error)) from None
    return {origin: LegacyRow(table.name, *rest) for origin, *rest in rows}


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


def keys_of(work: Work, route: Route, ids: Sequence[str | None]) -> list[str]:
    """The ids by which children would have known rows with these ids, as the target spells them."""
    found = pd.Series([id_ for id_ in ids if id_ is not None], dtype=TEXT)
    column = work.plan.shape(route.targets[0]).find_column("id")
    if column is not None and column.base == "uuid":
        found = steps.target_id(found, route.legacy_table)
    return found.tolist()


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
