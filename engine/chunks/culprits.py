"""Finds the rows that a load refuses: a part that fails is halved until each of them is alone.

Laws
- A part without such rows is loaded at the first attempt. One bad row among n costs about 2 log2 n more, and no memory.
- Only errors that a value can cause are handled so; any other ends the run.
- A failed attempt is rolled back. Rows are tried in physical order, so that every attempt at a run finds the same rows.
"""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import adbc_driver_postgresql.dbapi as adbc
import psycopg

from config.errors import MigrateError, SourceError
from config.postgres.quoting import quoted
from engine.chunks.work import Part, Work, select
from engine.planning.plan import Plan, Route
from engine.planning.tables.reshaped import RULE
from engine.reflect.catalog import LegacyTable
from engine.session.blame import blame

# Classes of SQLSTATE that a row's value can cause: cardinality, data, integrity, routines, a limit, PL/pgSQL, damage.
OF_A_VALUE = ("21", "22", "23", "2F", "38", "39", "54", "P0", "XX")
Tried = TypeVar("Tried")
Source = psycopg.Connection | adbc.Connection


@dataclass(frozen=True)
class Refused:
    """One legacy row that cannot be loaded. column: the target column whose value is the reason, if it is known."""

    origin: str
    target: str
    column: str | None
    sqlstate: str

    def detail_for(self, plan: Plan) -> str:
        """The sentence of a rejection, with the column's final name."""
        if self.column is None:
            return "a value is not of the type that is wanted"
        final = {(table, old): new for table, old, new in plan.column_renames}
        return f"the value for {final.get((self.target, self.column), self.column)} is not of its type"


def is_of_a_value(error: MigrateError) -> bool:
    return getattr(error, "sqlstate", "").startswith(OF_A_VALUE)


def sift(
    whole: Tried, attempt: Callable[[Tried], None], halves: Callable[[Tried], Sequence[Tried]]
) -> Iterator[tuple[Tried, MigrateError]]:
    """Attempts the whole, else its halves; gives the single rows that fail, each with its error.

    halves: of a single row none. Errors: what `attempt` raises of any other kind.
    """
    pending = [whole]
    while pending:
        part = pending.pop()
        try:
            attempt(part)
        except MigrateError as error:
            if not is_of_a_value(error):
                raise
            smaller = halves(part)
            if not smaller:
                yield part, error
            pending += reversed(smaller)


@contextlib.contextmanager
def trying(*sessions: psycopg.Connection) -> Iterator[None]:
    """A failure within the block is rolled back to a savepoint in these sessions, which stay in their transactions.

    Where one of them is lost, and cannot be rolled back, the failure that told of it is the error.
    """
    failure: MigrateError | None = None
    try:
        with contextlib.ExitStack() as stack:
            for session in sessions:
                stack.enter_context(session.transaction())
            try:
                yield
            except MigrateError as error:
                failure = error
                raise
    except psycopg.Error:
        if failure:
            raise failure from None
        raise


def halves(source: Source, work: Work, table: LegacyTable, part: Part) -> list[Part]:
    """The two parts of a part; of a partitioned table its leaves, of one page its rows."""
    if part.tids:
        middle = len(part.tids) // 2
        return [replace(part, tids=tids) for tids in (part.tids[:middle], part.tids[middle:])] if middle else []
    if part.oid is None and table.leaves:
        return [Part(leaf.oid) for leaf in table.leaves]
    end = part.end or _pages(source, part.oid or table.oid, part.first)
    if end - part.first > 1:
        middle = (part.first + end) // 2
        return [replace(part, end=middle), replace(part, first=middle, end=end)]
    return _rows(source, work, table, replace(part, end=end))


def _pages(source: Source, oid: int, first: int) -> int:
    query = f"select pg_catalog.pg_relation_size({oid}) / int4in(textout(current_setting('block_size')))"
    pages: int = _asked(source, query)[0][0]
    return max(pages, first + 1)


def _rows(source: Source, work: Work, table: LegacyTable, part: Part) -> list[Part]:
    """The halves of one page. Errors: SourceError where it has no rows, so that no row can be the reason."""
    name = quoted(work.plan.source_schema, table.name)
    where = " and ".join(part.conditions)
    tids = _asked(source, f"select concat(t.ctid) from {name} as t where {where} order by t.ctid")
    if not tids:
        raise SourceError(f"reading {table.name}: it fails for a page without rows; see the server's log")
    whole = replace(part, tids=tuple(tid for (tid,) in tids))
    return halves(source, work, table, whole) or [whole]


def _asked(source: Source, query: str) -> list[tuple[Any, ...]]:
    with contextlib.closing(source.cursor()) as cursor:
        cursor.execute(query)
        return cursor.fetchall()


def origin_of(table: LegacyTable, part: Part) -> str:
    """The origin of a part's only row."""
    return f"{part.oid or table.oid}{part.tids[0]}"


def unread(work: Work, route: Route, table: LegacyTable, part: Part, error: MigrateError) -> Refused:
    """The part's only row, as one that cannot be read; its column is that of the first item whose expression fails."""
    with work.sessions.lend("source") as source:
        column = (unreadable_column(work, route, part, source) or "").removeprefix(RULE)
    having = (name for name in route.targets if column and work.plan.shape(name).find_column(column))
    target = next(having, route.targets[0])
    return Refused(origin_of(table, part), target, column or None, error.sqlstate)


def unreadable_column(work: Work, route: Route, part: Part, source: psycopg.Connection) -> str | None:
    """The item whose expression fails for the part's only row; None if none fails."""
    for item in route.items:
        try:
            with trying(source), blame(SourceError, f"reading {route.legacy_table}", work.stop):
                source.execute(select(replace(route, items=(item,)), part)).fetchall()
        except SourceError as error:
            if not is_of_a_value(error):
                raise
            return item.name
    return None
