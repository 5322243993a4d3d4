"""What is done to the build by SQL, over whole tables, between the waves.

Laws
- Each runs once, after the wave it depends on, and changes only rows that it must.
- A reference to a reshaped table follows its row to the new id; one whose row is gone is set to null, or its own row is
  rejected.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

import pandas as pd
import psycopg
from psycopg import sql

from config import mapping, reasons
from config.errors import TargetError
from config.postgres.quoting import literal, quoted
from engine.chunks.work import Part, Work, in_build
from engine.load import ddl
from engine.load.domains import finance, merged_professionals, profiles
from engine.planning.plan import HIDDEN, ConstraintRule, Follow, Noted, Plan, TablePlan
from engine.planning.tables.reshaped import legacy_key
from engine.quarantine import legacy_rows, violations
from engine.quarantine.quarantine import Quarantine
from engine.quarantine.removals import Ground
from engine.reflect.select_list import as_text, parsed
from engine.session import fetch
from engine.session.blame import blame

WHOLE = (Part(),)
COUNT = sql.SQL("select count(*) from {}")
COUNT_BY_ORIGIN = sql.SQL("select split_part(t.{}, '(', 1), count(*) from {} as t group by 1")
ARCHIVED = "select route, coalesce(sum(archived), 0)::bigint from migration.chunks where run_id = %s group by route"
RECORD_LOADED = """
    update migration.tables as t set (loaded, archived) = (given.loaded, given.archived)
    from unnest(%s::text[], %s::bigint[], %s::bigint[]) as given (name, loaded, archived)
    where t.run_id = %s and t.legacy_table = given.name
"""


def place_sequences(work: Work, target: psycopg.Connection) -> None:
    """Sequences go on after the copied rows before any new row takes a number from them."""
    statements = ddl.positions(work.plan.source, work.plan.build, work.plan.sequences, dict(work.plan.origins))
    ddl.replay(target, work.path, statements)


def after(work: Work, target: psycopg.Connection, wave: int) -> None:
    """What a wave's rows need before the next wave looks at them."""
    if wave == 1:
        note_values(work, target)
        merged_professionals.make(work, target)
        finance.place_orders(work, target)
        finance.insert_gateways(work, target)
        profiles.make_indexes(work, target)
    if wave == 2:
        profiles.drop_indexes(work, target)
        merged_professionals.fill(work, target)


def frames_after(work: Work, target: psycopg.Connection, wave: int) -> dict[str, pd.DataFrame]:
    """Lookups made of the judged rows of a wave, by name."""
    return profiles.lay_out_rejected(work, target) if wave == 1 else {}


def drop_helpers(work: Work, target: psycopg.Connection) -> None:
    """Drop the tables that only the load needed."""
    merged_professionals.drop(work, target)


def note_values(
    work: Work, target: psycopg.Connection, parts_of: Callable[[Noted], Sequence[Part]] = lambda _: WHOLE
) -> None:
    """A note for every value of the source that the plan says does not arrive. parts_of: the rows that are meant."""
    for noted in work.plan.noted:
        table = work.plan.table(noted.legacy_table).legacy
        said = (work.run_id, table.name, noted.target_table, noted.target_column, noted.note)
        query = (
            f"select {', '.join(f'{literal(word)}::text' for word in said)}, {legacy_key(table)}, {noted.value} "
            f"from {quoted(work.plan.source_schema, table.name)} as t where "
        )
        into = "migration.notes (run_id, legacy_table, target_table, target_column, note, legacy_key, legacy_value)"
        for part in parts_of(noted):
            where = " and ".join((f"({noted.condition})", *part.conditions))
            legacy_rows.copy(work, target, table, query + where, into)


def follow(work: Work, target: psycopg.Connection, quarantine: Quarantine) -> None:
    """References to reshaped tables follow their rows."""
    for step in dict.fromkeys(work.plan.follows):
        _drop_lost(work, quarantine, step)
        shape = work.plan.shape(step.table)
        query = sql.SQL(
            "update {table} as t set {column} = {to_id} from migration.moved as m "
            "where m.run_id = {run} and m.legacy_table = {legacy} and m.from_id = {value} "
            "and m.to_id is not null and m.to_id <> m.from_id"
        ).format(
            table=sql.Identifier(work.schema, step.table),
            column=sql.Identifier(step.column),
            to_id=sql.SQL(parsed("m.to_id", "uuid")),
            value=sql.SQL(as_text(shape.column(step.column))),
            run=sql.Literal(work.run_id),
            legacy=sql.Literal(step.legacy_table),
        )
        with in_build(work, target):
            target.execute(query)


def _drop_lost(work: Work, quarantine: Quarantine, step: Follow) -> None:
    """References to a rejected row are set to null where they may be; else their own rows are rejected."""
    gone = violations.is_lost(work, step)
    root = mapping.load().root_of(step.legacy_table)
    rule = ConstraintRule(step.table, f"{step.table}_{step.column}_fkey", "f", (step.column,), ref_table=root)
    rejects = any(
        r.table == step.table and r.columns == (step.column,) and r.kind == "f" and r.on_orphan == "reject"
        for r in work.plan.rules
    )
    if step.is_nullable and not rejects:
        quarantine.set_null(rule, gone)
    else:
        home = work.plan.final_name(work.plan.table(step.legacy_table).routes[0].targets[0])
        sentence = f"the row of {home} that it belongs to was rejected"
        quarantine.remove(rule, gone, Ground(reasons.PARENT_REJECTED, sentence))


def counted_together(plan: Plan) -> list[list[TablePlan]]:
    """The legacy tables that are read, those whose rows lead to one table of the build or the archive together."""
    found: dict[tuple[bool, str], list[TablePlan]] = defaultdict(list)
    for table in plan.tables:
        if table.disposition != "skip":
            found[counted_in(table)].append(table)
    return list(found.values())


def counted_in(table: TablePlan) -> tuple[bool, str]:
    """Whether in the archive, and the table there or in the build: the first target of the route that is accounted."""
    if table.disposition == "archive":
        return True, table.name
    return False, next(route for route in table.routes if route.is_accounted).targets[0]


def count_loaded(work: Work, groups: Iterable[Sequence[TablePlan]]) -> list[tuple[str, int]]:
    """Legacy table → its rows that have a row in the build, or of an archived one in the archive, counted there."""
    with work.sessions.lend("target") as target, blame(TargetError, "counting the loaded rows", work.stop):
        return [counted for tables in groups for counted in _loaded(work, target, tables)]


def record_loaded(work: Work, target: psycopg.Connection, counted: Iterable[tuple[str, int]]) -> None:
    """loaded and archived of every legacy table. Of one that is archived alone all rows are."""
    archived: dict[str, int] = dict(target.execute(ARCHIVED, (work.run_id,)).fetchall())
    tables = [(work.plan.table(name), rows) for name, rows in counted]
    figures = [
        (t.name, 0, rows) if t.disposition == "archive" else (t.name, rows, archived.get(t.routes[0].name, 0))
        for t, rows in tables
    ]
    names, loaded, rest = (list(column) for column in zip(*figures, strict=True)) if figures else ([], [], [])
    target.execute(RECORD_LOADED, (names, loaded, rest, work.run_id))


def _loaded(work: Work, target: psycopg.Connection, tables: Sequence[TablePlan]) -> list[tuple[str, int]]:
    """Of tables that are counted together."""
    is_archived, home = counted_in(tables[0])
    name = sql.Identifier(work.archive_schema if is_archived else work.schema, home)
    if is_archived or home not in work.plan.hidden:
        count = fetch.value(int, target, COUNT.format(name))
        return [(table.name, count) for table in tables]
    found: dict[str, int] = dict(target.execute(COUNT_BY_ORIGIN.format(sql.Identifier(HIDDEN), name)).fetchall())
    return [(table.name, sum(found.get(str(oid), 0) for oid in _oids(table))) for table in tables]


def _oids(table: TablePlan) -> list[int]:
    return [table.legacy.oid, *(leaf.oid for leaf in table.legacy.leaves)]
