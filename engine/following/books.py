"""What the books say of the rows that a round derives: by a delta for itself, and in the end for the run.

Laws
- The records of a delta stand under an id of their own, beside those of the run.
- The records of what was derived anew are replaced whole by the delta's, in the transaction that changes the build.
"""

from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql

from engine.books import bookkeeping
from engine.following.units import Group, Rows

if TYPE_CHECKING:
    from engine.following.delta import Delta
    from engine.planning.plan import Plan

OF_ROWS = ("rejects", "id_map", "removed_links", "notes", "moved", "gone")
OF_UNIT = """
    run_id = %(run)s and legacy_table = any (%(names)s)
    and (target_table = any (%(final)s) or target_table is null and legacy_table = any (%(accounted)s))
"""
BORROW_MOVED = """
    insert into migration.moved (run_id, legacy_table, legacy_id, from_id, to_id)
    select %(delta)s, legacy_table, legacy_id, from_id, to_id from migration.moved
    where run_id = %(run)s and legacy_table = any (%(followed)s) and legacy_table <> all (%(derived)s)
"""
BORROW_GONE = """
    insert into migration.gone (run_id, build_table, id) select %(delta)s, build_table, id
    from migration.gone where run_id = %(run)s and build_table <> all (%(tables)s)
"""


def borrow(delta: "Delta") -> None:
    """Where references to rows lead that the round does not derive, and which of them are gone. Groups may look any up;
    single rows name only what the plan has them follow."""
    give_back(delta)
    steps, plan = delta.work.plan.follows, delta.main.plan
    names = [table.name for table in plan.tables] if delta.groups else [step.legacy_table for step in steps]
    delta.target.execute(BORROW_MOVED, _of(delta) | {"followed": names})
    delta.target.execute(BORROW_GONE, _of(delta))


def give_back(delta: "Delta") -> None:
    """Delete what a delta has borrowed."""
    given = _of(delta)
    of_others = "run_id = %(delta)s and legacy_table <> all (%(derived)s)"
    delta.target.execute(f"delete from migration.moved where {of_others}", given)
    delta.target.execute(
        "delete from migration.gone where run_id = %(delta)s and build_table <> all (%(tables)s)", given
    )


def _of(delta: "Delta") -> dict[str, Any]:
    derived = [route.legacy_table for route in delta.routes if route.is_accounted]
    return {
        "run": delta.main.run_id,
        "delta": delta.work.run_id,
        "derived": derived,
        "tables": list(delta.tables),
    }


def replace(delta: "Delta") -> set[str]:
    """The run's records of what was derived anew are those of the delta. Returns the tables that were written to."""
    units: list[Rows | Group] = [*delta.rows, *delta.groups]
    written = set[str]()
    for unit in units:
        keys = delta.seeds[unit.legacy_table].texts() if isinstance(unit, Rows) else None
        written |= forget(delta.target, delta.main.run_id, delta.main.plan, unit, keys)
    give_back(delta)
    for table in OF_ROWS:
        query = "update {} set run_id = %(run)s where run_id = %(delta)s"
        if delta.target.execute(sql.SQL(query).format(sql.Identifier(bookkeeping.SCHEMA, table)), _of(delta)).rowcount:
            written.add(table)
    return written


def forget(
    target: psycopg.Connection, run_id: str, plan: "Plan", unit: Rows | Group, keys: sql.Composed | None = None
) -> set[str]:
    """Delete what the books of a run, or of its delta, say of a unit's rows. keys: a query for those that are meant,
    where not all are; of what was rejected all are derived anew. Returns the tables that had any."""
    accounted = [unit.legacy_table] if isinstance(unit, Rows) else sorted(unit.accounted)
    tables = [t.name for t in unit.tables] if isinstance(unit, Rows) else [name for _, name in unit.tables]
    given = {
        "run": run_id,
        "accounted": accounted,
        "names": sorted({route.legacy_table for route in unit.routes}),
        "build": tables,
        "final": [plan.final_name(name) for name in tables],
    }
    queries: dict[str, sql.SQL | sql.Composed] = {}
    queries["gone"] = sql.SQL("delete from migration.gone where run_id = %(run)s and build_table = any (%(build)s)")
    for table in ("rejects", "removed_links", "moved"):
        query = "delete from {} where run_id = %(run)s and legacy_table = any (%(accounted)s)"
        queries[table] = sql.SQL(query).format(sql.Identifier(bookkeeping.SCHEMA, table))
    for table, column in (("notes", "legacy_key"), ("id_map", "legacy_id")):
        meant = sql.SQL("{} in ({})").format(sql.Identifier(column), keys) if keys else sql.SQL("true")
        queries[table] = sql.SQL("delete from {} where {} and {}").format(
            sql.Identifier(bookkeeping.SCHEMA, table), sql.SQL(OF_UNIT), meant
        )
    return {table for table, query in queries.items() if target.execute(query, given).rowcount}
