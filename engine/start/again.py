"""What a resumed run reads again of a source that has changed meanwhile.

Laws
- Whatever may say something else now is read again: the tables that have changed, what is read together with them, and
  all that passes through Python, whose rules look other tables up. With it everything of the same legacy table, and of
  the same table of the build.
- What stays is of tables that have not changed, copied as they are: it shows the new snapshot as well as the old one.
- From the first judgement on rows of one table depend on those of others, and there is nothing to be kept.
"""

from collections.abc import Collection

import psycopg
from psycopg import sql

from config.errors import TargetError
from engine.books import bookkeeping
from engine.planning.plan import Plan, Route
from engine.session.blame import blame

LAID_OUT = {"schema"}  # the steps that are done before the first row


def is_possible(conn: psycopg.Connection, run_id: str) -> bool:
    """Whether the run's build has its tables, and nothing of them has been judged."""
    return bookkeeping.done_steps(conn, run_id) == LAID_OUT


def routes(plan: Plan, changed: Collection[str]) -> list[Route]:
    """The routes whose rows are moved again. changed: legacy tables."""
    again = [r for r in plan.routes if r.lane == "frame" or any(_reads(r, table) for table in changed)]
    while True:
        tables = {route.legacy_table for route in again}
        targets = {(route.is_archive, target) for route in again for target in route.targets}
        wider = [r for r in plan.routes if r.legacy_table in tables or targets & {(r.is_archive, t) for t in r.targets}]
        if len(wider) == len(again):
            return again
        again = wider


def _reads(route: Route, table: str) -> bool:
    """Whether the route's query names the table; one that only seems to is read again for nothing."""
    query = (route.from_sql, route.where_sql, *(item.expression for item in route.items))
    return route.legacy_table == table or any(table in part for part in query)


def forget(conn: psycopg.Connection, run_id: str, plan: Plan, again: Collection[Route]) -> None:
    """Empty the build's tables that the routes fill, and the books of what they have moved. Errors: TargetError."""
    tables = sorted({route.legacy_table for route in again})
    filled = sorted({_filled(plan, route, target) for route in again for target in route.targets})
    with blame(TargetError, "emptying what is read again"), conn.transaction():
        for schema, name in filled:
            conn.execute(sql.SQL("truncate {}").format(sql.Identifier(schema, name)))
        for table in bookkeeping.OF_A_TABLE:
            query = sql.SQL("delete from {} where run_id = %s and legacy_table = any(%s)")
            conn.execute(query.format(sql.Identifier(bookkeeping.SCHEMA, table)), [run_id, tables])
        gone = "delete from migration.gone where run_id = %s and build_table = any(%s)"
        conn.execute(gone, [run_id, [name for _, name in filled]])
        moved = "delete from migration.chunks where run_id = %s and route = any(%s)"
        conn.execute(moved, [run_id, [route.name for route in again]])


def _filled(plan: Plan, route: Route, target: str) -> tuple[str, str]:
    """The table of the build, or of the archive's, with its schema."""
    return (plan.archive_schema if route.is_archive else plan.build_schema), target
