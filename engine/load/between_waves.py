"""What is done to the build by SQL, over whole tables, between the waves.

Laws
- Each runs once, after the wave it depends on, and changes only rows that it must.
- A reference to a reshaped table follows its row to the new id; one whose row is gone is set to null, or its own row is
  rejected.
"""

import pandas as pd
import psycopg
from psycopg import sql

from config import mapping, reasons
from config.postgres.quoting import literal, quoted
from engine.chunks.work import Work, in_build
from engine.load import ddl
from engine.load.domains import finance, merged_professionals, profiles
from engine.planning.plan import HIDDEN, ConstraintRule, Follow, TablePlan
from engine.planning.tables.reshaped import legacy_key
from engine.quarantine import legacy_rows, violations
from engine.quarantine.quarantine import Quarantine
from engine.quarantine.removals import Ground
from engine.reflect.select_list import as_text, parsed
from engine.session import fetch


def place_sequences(work: Work, target: psycopg.Connection) -> None:
    """Sequences go on after the copied rows before any new row takes a number from them."""
    statements = ddl.positions(work.plan.source, work.plan.build, work.plan.sequences, dict(work.plan.origins))
    ddl.replay(target, work.schema, statements, work.settings.extension_schema)


def after(work: Work, target: psycopg.Connection, wave: int) -> None:
    """What a wave's rows need before the next wave looks at them."""
    if wave == 1:
        _note_values(work, target)
        merged_professionals.make(work, target)
        finance.place_orders(work, target)
        finance.insert_gateways(work, target)
        profiles.make_indexes(work, target)
    if wave == 2:
        merged_professionals.fill(work, target)


def frames_after(work: Work, target: psycopg.Connection, wave: int) -> dict[str, pd.DataFrame]:
    """Lookups made of the judged rows of a wave, by name."""
    return {"rejected_profiles": profiles.rejected(work, target)} if wave == 1 else {}


def drop_helpers(work: Work, target: psycopg.Connection) -> None:
    """Drop the indexes and tables that only the load needed."""
    profiles.drop_indexes(work, target)
    merged_professionals.drop(work, target)


def _note_values(work: Work, target: psycopg.Connection) -> None:
    """A note for every value of the source that the plan says does not arrive."""
    for noted in work.plan.noted:
        table = work.plan.table(noted.legacy_table).legacy
        said = (work.run_id, table.name, noted.target_table, noted.target_column, noted.note)
        query = (
            f"select {', '.join(f'{literal(word)}::text' for word in said)}, {legacy_key(table)}, {noted.value} "
            f"from {quoted(work.plan.source_schema, table.name)} as t where {noted.condition}"
        )
        into = "migration.notes (run_id, legacy_table, target_table, target_column, note, legacy_key, legacy_value)"
        legacy_rows.copy(work, target, table, query, into)


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
        sentence = f"the row of {step.legacy_table} that it belongs to was rejected"
        quarantine.remove(rule, gone, Ground(reasons.PARENT_REJECTED, sentence))


def count_loaded(work: Work, target: psycopg.Connection) -> None:
    """loaded and archived of every legacy table, counted in the target."""
    for table in work.plan.tables:
        if table.disposition == "skip":
            continue
        loaded = 0 if table.disposition == "archive" else _loaded(work, target, table)
        target.execute(
            "update migration.tables set loaded = %s, archived = %s where run_id = %s and legacy_table = %s",
            (loaded, _archived(work, target, table), work.run_id, table.name),
        )


def _loaded(work: Work, target: psycopg.Connection, table: TablePlan) -> int:
    """Legacy rows that have a row in the first target of their own route."""
    route = next(r for r in table.routes if r.is_accounted)
    name = sql.Identifier(work.schema, route.targets[0])
    if route.targets[0] not in work.plan.hidden:
        return fetch.value(int, target, sql.SQL("select count(*) from {}").format(name))
    oids = [str(oid) for oid in (table.legacy.oid, *(leaf.oid for leaf in table.legacy.leaves))]
    query = sql.SQL("select count(*) from {} as t where split_part(t.{}, '(', 1) = any (%s)").format(
        name, sql.Identifier(HIDDEN)
    )
    return fetch.value(int, target, query, (oids,))


def _archived(work: Work, target: psycopg.Connection, table: TablePlan) -> int:
    if table.disposition == "archive":
        name = sql.Identifier(work.archive_schema, table.name)
        return fetch.value(int, target, sql.SQL("select count(*) from {}").format(name))
    return fetch.value(
        int,
        target,
        "select coalesce(sum(archived), 0)::bigint from migration.chunks where run_id = %s and route = %s",
        (work.run_id, table.routes[0].name),
    )
