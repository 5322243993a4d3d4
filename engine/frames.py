"""The frame lane: Arrow out of the source, a pure transform, Arrow into the target.

Laws
- A transform sees the rule columns as text; everything else is freight and rides along by row number.
- Values reach the target through a temporary table and are cast there, without a length: what does not fit fails the
  constraint or the check, and is never cut to size.
- A chunk's rows, its rejects, ids, links and notes, and its ledger row are one transaction.
"""

import time
from dataclasses import replace

import adbc_driver_postgresql.dbapi as adbc
import pandas as pd
import pyarrow as pa
from psycopg import sql

from config.errors import SourceError, TargetError
from config.shapes import Table
from engine import ledger, lookups, records, witness
from engine.connect import blame
from engine.plan import HIDDEN, Route, merged_shape
from engine.plan_reshaped import RULE
from engine.stage import Stage
from engine.work import Chunk, Work, select
from transforms import registry, steps
from transforms.outcome import ID_MAP, TEXT, Outcome


def move(work: Work, chunk: Chunk) -> ledger.Counts:
    """Transform and load one chunk. Errors: SourceError, TargetError, Interrupted; nothing of it is left then."""
    started, route = time.monotonic(), work.route(chunk.route)
    with work.sessions.lend("adbc_source") as source, work.sessions.lend("adbc_target") as target:
        with blame(SourceError, f"reading {route.legacy_table}", work.stop):
            table = _read(work, route, chunk, source)
        with blame(TargetError, f"loading {route.legacy_table}", work.stop), target.cursor() as cursor:
            cursor.execute(_search_path(work))
            outcome, rows = _transformed(work, route, table, cursor)
            work.stop.check()
            outcome = _load(work, route, table, outcome, cursor)
            evidence = _evidence(work, route, table, outcome, source)
            counts = replace(records.write(work, route, rows, outcome, evidence, cursor), bytes=table.nbytes)
            cursor.execute(ledger.recording(work, chunk, counts, time.monotonic() - started))
            target.commit()
    return counts


def _search_path(work: Work) -> str:
    path = sql.SQL(", ").join([sql.Identifier(work.schema), sql.Identifier(work.settings.extension_schema)])
    return sql.SQL("set local search_path = {}").format(path).as_string(None)


def _read(work: Work, route: Route, chunk: Chunk, source: adbc.Connection) -> pa.Table:
    """One Arrow column per item of the SELECT list."""
    with source.cursor() as cursor:
        cursor.execute(select(route, chunk))
        return cursor.fetch_arrow_table()


def _transformed(work: Work, route: Route, table: pa.Table, cursor) -> tuple[Outcome, pd.DataFrame]:
    """The outcome, and the rule columns it was made of (ids as the legacy row has them)."""
    rows = _rule_rows(table)
    if route.transform is None:
        return _copied(work, route, table), rows
    found = lookups.find(work, route, rows, cursor)
    converted = _converted(route, rows)
    return registry.TRANSFORMS[route.transform](converted, route.facts, found), rows


def _rule_rows(table: pa.Table) -> pd.DataFrame:
    """The rule columns as text, without their prefix."""
    names = [name for name in table.column_names if name.startswith(RULE)]
    frame = pd.DataFrame({name.removeprefix(RULE): _series(table[name]) for name in names})
    return frame if names else pd.DataFrame(index=pd.RangeIndex(table.num_rows))


def _series(values: pa.ChunkedArray) -> pd.Series:
    return pd.Series(pd.arrays.ArrowExtensionArray(values.cast(pa.string())), dtype=TEXT)


def _converted(route: Route, rows: pd.DataFrame) -> pd.DataFrame:
    """References among the rule columns as keys of the target, and every rule column that the transform names."""
    new = {
        c.item.removeprefix(RULE): steps.target_id(rows[c.item.removeprefix(RULE)], c.parent)
        for c in route.conversions
        if c.item.startswith(RULE)
    }
    return lookups.with_all_columns(rows.assign(**new), route)


def _copied(work: Work, route: Route, table: pa.Table) -> Outcome:
    """A copied table whose ids or references are derived: every row arrives; new ids are written down."""
    target = route.targets[0]
    outcome = Outcome(frames={target: pd.DataFrame(index=pd.RangeIndex(table.num_rows))})
    own = next((c for c in route.conversions if c.is_own_id and not c.item.startswith(RULE)), None)
    if own is None or not route.is_accounted:
        return outcome
    legacy = _series(table[own.item])
    odd = legacy.notna() & steps.canonical_uuid(legacy).isna()
    ids = pd.DataFrame({"legacy_id": legacy[odd], "target_id": steps.target_id(legacy[odd], own.parent)})
    ids = ids.assign(target_table=work.plan.final_name(target), why="derived").astype(TEXT)
    return Outcome(frames=outcome.frames, id_map=ids[ID_MAP])


def _load(work: Work, route: Route, table: pa.Table, outcome: Outcome, cursor) -> Outcome:
    """Stage every target's rows, set aside those with values that do not fit, insert the rest."""
    freight = {target: dict(pairs) for target, pairs in route.freight}
    stages = []
    for target, frame in outcome.frames.items():
        if len(frame):
            stage = _stage(work, route, table, target, frame, freight.get(target, {}))
            stage.fill(cursor)
            stages.append(stage)
    unfit = [found for stage in stages if route.is_checked for found in stage.unfit(cursor)]
    if unfit:
        outcome = records.without_unfit(outcome, table, unfit)
    for stage in stages:
        stage.insert(cursor, [origin for origin, *_ in unfit])
    _keep_merged(work, route, table, outcome, freight, cursor)
    return outcome


def _keep_merged(work: Work, route: Route, table: pa.Table, outcome: Outcome, freight: dict, cursor) -> None:
    """Carried columns of merged rows, kept aside for the row that each was merged into."""
    shape = merged_shape(work.plan)
    if not len(outcome.merged) or shape is None:
        return
    ids = outcome.id_map[outcome.id_map["why"] == "merged"]
    positions = pa.array(ids.index.to_numpy())
    values = {
        "__root_id": pa.array(ids["target_id"].astype(TEXT)),
        "__legacy_id": pa.array(ids["legacy_id"].astype(TEXT)),
        "__updated_at": table[RULE + "updated_at"].take(positions),
    }
    for name, item in freight[route.targets[0]].items():
        values[name] = _freight(route, table, item).take(positions)
    stage = Stage(shape, values, {}, False)
    stage.fill(cursor)
    stage.insert(cursor, [])


def _stage(work: Work, route: Route, table: pa.Table, target: str, frame: pd.DataFrame, freight: dict) -> Stage:
    shape = work.plan.shape(target)
    positions = pa.array(frame.index.to_numpy())
    legacy_names = {new: old for of, old, new in work.plan.column_renames if of == target}
    named = {name: legacy_names.get(name, name) for name in frame.columns}
    columns = {own: pa.array(frame[name].astype(TEXT)) for name, own in named.items() if shape.column(own)}
    for name, item in freight.items():
        if name not in columns:
            columns[name] = _freight(route, table, item).take(positions)
    columns[HIDDEN] = table[HIDDEN].take(positions)
    return Stage(shape, columns, dict(route.defaults), _identities(shape))


def _freight(route: Route, table: pa.Table, item: str) -> pa.ChunkedArray:
    """The item's values; ids and references in the target's form."""
    parent = next((c.parent for c in route.conversions if c.item == item), None)
    if parent is None:
        return table[item]
    return pa.chunked_array([pa.array(steps.target_id(_series(table[item]), parent))])


def _identities(shape: Table) -> bool:
    return any(column.identity == "a" for column in shape.columns)


def _evidence(work: Work, route: Route, table: pa.Table, outcome: Outcome, source: adbc.Connection) -> pd.DataFrame:
    """legacy_key and legacy_row of the rejected rows, by row number. Columns: origin, legacy_key, legacy_row."""
    labels = outcome.rejected.index
    if not len(labels) or not route.is_accounted:
        return pd.DataFrame({"legacy_key": [], "legacy_row": []}, dtype=TEXT)
    origins = table[HIDDEN].take(pa.array(labels.to_numpy())).to_pylist()
    with blame(SourceError, f"reading rejected rows of {route.legacy_table}"), source.cursor() as cursor:
        cursor.execute(witness.by_origin(work.plan.table(route.legacy_table).legacy, work.plan.source_schema, origins))
        found = {origin: (key, row) for origin, key, row, _ in cursor.fetchall()}
    pairs = [found[origin] for origin in origins]
    return pd.DataFrame(pairs, index=labels, columns=["legacy_key", "legacy_row"]).astype(TEXT)
