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
    from engine.following.kin import Kin
    from engine.planning.plan import Plan

OF_ROWS = ("rejects", "id_map", "removed_links", "notes", "moved", "gone")
OF_UNIT = """
    legacy_table = any (%(names)s)
    and (target_table = any (%(final)s) or target_table is null and legacy_table = any (%(accounted)s))
"""
OF_ACCOUNTED = "legacy_table = any (%(accounted)s)"
BORROW_MOVED = """
    insert into migration.moved (run_id, legacy_table, legacy_id, from_id, to_id)
    select %(delta)s, legacy_table, legacy_id, from_id, to_id from migration.moved
    where run_id = %(run)s and legacy_table = any (%(followed)s) and legacy_table <> all (%(derived)s)
"""
BORROW_MOVED_OF_OTHERS = """
    insert into migration.moved (run_id, legacy_table, legacy_id, from_id, to_id)
    select %(delta)s, legacy_table, legacy_id, from_id, to_id from migration.moved as m
    where run_id = %(run)s and legacy_table = any (%(followed)s) and not {meant}
"""
GIVE_BACK_MOVED_OF_OTHERS = """
    delete from migration.moved as m where run_id = %(delta)s and legacy_table = any (%(own)s) and not {meant}
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
    follow = [step.legacy_table for step in steps]
    names = [table.name for table in plan.tables] if set(delta.groups) - set(delta.kin) else follow
    borrowed = delta.target.execute(BORROW_MOVED, _of(delta) | {"followed": names}).rowcount
    for kin in delta.kin.values():
        query = sql.SQL(BORROW_MOVED_OF_OTHERS).format(meant=kin.has_any_id("m"))
        given = _of(delta) | {"followed": [t for t in kin.legacy_tables if t in follow]}
        borrowed += delta.target.execute(query, given).rowcount
    borrowed += delta.target.execute(BORROW_GONE, _of(delta)).rowcount
    if borrowed:  # or the planner takes none for the delta's
        delta.target.execute("analyze (skip_locked) migration.moved, migration.gone")


def give_back(delta: "Delta") -> None:
    """Delete what a delta has borrowed."""
    given = _of(delta)
    of_others = "run_id = %(delta)s and legacy_table <> all (%(derived)s)"
    delta.target.execute(f"delete from migration.moved where {of_others}", given)
    for kin in delta.kin.values():
        query = sql.SQL(GIVE_BACK_MOVED_OF_OTHERS).format(meant=kin.has_any_id("m"))
        delta.target.execute(query, given | {"own": kin.legacy_tables})
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
        kin = delta.kin.get(unit) if isinstance(unit, Group) else None
        written |= forget(delta.target, delta.main.run_id, delta.main.plan, unit, keys, kin)
    give_back(delta)
    for table in OF_ROWS:
        query = "update {} set run_id = %(run)s where run_id = %(delta)s"
        if delta.target.execute(sql.SQL(query).format(sql.Identifier(bookkeeping.SCHEMA, table)), _of(delta)).rowcount:
            written.add(table)
    return written


def forget(
    target: psycopg.Connection,
    run_id: str,
    plan: "Plan",
    unit: Rows | Group,
    keys: sql.Composed | None = None,
    kin: "Kin | None" = None,
) -> set[str]:
    """Delete what the books of a run, or of its delta, say of a unit's rows. keys: a query for those that are meant,
    where not all are; kin: the same of a group; of what was rejected all are derived anew. Returns the tables that had
    any."""
    accounted = [unit.legacy_table] if isinstance(unit, Rows) else sorted(unit.accounted)
    tables = [t.name for t in unit.tables] if isinstance(unit, Rows) else [name for _, name in unit.tables]
    given = {
        "run": run_id,
        "accounted": accounted,
        "names": sorted({route.legacy_table for route in unit.routes}),
        "build": tables,
        "final": [plan.final_name(name) for name in tables],
    }
    meant: dict[str, sql.Composable] = dict.fromkeys(OF_ROWS, sql.SQL("true"))
    if keys:
        meant |= {"notes": _among("legacy_key", keys), "id_map": _among("legacy_id", keys)}
    if kin:
        meant |= {"notes": kin.has_key("b.legacy_table", "b.legacy_key"), "removed_links": kin.has_root("b")}
        meant |= dict.fromkeys(("moved", "id_map"), kin.has_any_id("b"))
    where = {"gone": "build_table = any (%(build)s)", "notes": OF_UNIT, "id_map": OF_UNIT}
    queries = {
        table: sql.SQL("delete from {} as b where run_id = %(run)s and {} and {}").format(
            sql.Identifier(bookkeeping.SCHEMA, table), sql.SQL(where.get(table, OF_ACCOUNTED)), meant[table]
        )
        for table in OF_ROWS
    }
    return {table for table, query in queries.items() if target.execute(query, given).rowcount}


def _among(column: str, keys: sql.Composed) -> sql.Composed:
    return sql.SQL("{} in ({})").format(sql.Identifier(column), keys)
