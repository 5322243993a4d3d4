"""The frame lane: Arrow out of the source, a pure transform, Arrow into the target.

Laws
- A transform sees the rule columns as text; everything else is freight and rides along by row number.
- A row that cannot be read is refused alone; the others of its chunk are loaded.
- A chunk's rows, its rejects, ids, links and notes, and its ledger row are one transaction.
"""

import time
from dataclasses import replace

import adbc_driver_postgresql.dbapi as adbc
import pandas as pd
import pyarrow as pa

from config.errors import SourceError, TargetError
from engine.chunks import chunk_books, culprits, ledger, memory
from engine.chunks.culprits import Refused
from engine.chunks.work import NOTHING, Chunk, Part, Work, select
from engine.load import loading, lookups, refusals
from engine.load.lookup import with_all_columns
from engine.planning.plan import HIDDEN, Route
from engine.planning.tables.reshaped import RULE
from engine.quarantine import legacy_rows
from engine.reflect.catalog import search_path
from engine.session.blame import blame
from transforms import registry, steps
from transforms.outcome import ID_MAP, TEXT, Outcome

memory.return_at_once()


def move(work: Work, chunk: Chunk) -> ledger.Counts:
    """Transform and load one chunk. Errors: SourceError, TargetError, Interrupted; all of them roll the chunk back."""
    started, route = time.monotonic(), work.route(chunk.route)
    with work.sessions.lend("adbc_source") as source:
        table, unread = read(work, route, chunk.part, source)
        work.sessions.throttle.spend(table.nbytes)
        outcome, rows = _transformed(work, route, table)
        with (
            work.sessions.lend("target") as target,
            blame(TargetError, f"loading {route.legacy_table}", work.stop),
            target.transaction(),
        ):
            with search_path(target, *work.path):  # of types and generated columns
                outcome = loading.load(work, route, table, outcome, target)
            evidence = _evidence(work, route, table, outcome, source)
            counts = replace(chunk_books.write(work, route, rows, outcome, evidence, target), bytes=table.nbytes)
            if unread:
                counts += refusals.write_unread(work, route, unread, target)
            ledger.record(target, work, chunk, counts, time.monotonic() - started)
    return counts


def read(work: Work, route: Route, whole: Part, source: adbc.Connection) -> tuple[pa.Table, list[Refused]]:
    """One Arrow column per item of the SELECT list; and the rows that cannot be read so."""
    parts: list[pa.Table] = []
    table = work.plan.table(route.legacy_table).legacy
    found = culprits.sift(
        whole,
        lambda part: parts.append(_fetch(work, route, part, source)),
        lambda part: culprits.halves(source, work, table, part),
    )
    unread = [culprits.unread(work, route, table, part, error) for part, error in found]
    tables = parts or [_fetch(work, route, NOTHING, source)]
    return (tables[0] if len(tables) == 1 else pa.concat_tables(tables)), unread


def _fetch(work: Work, route: Route, part: Part, source: adbc.Connection) -> pa.Table:
    """Errors: SourceError; the session then is in the run's snapshot again."""
    try:
        with blame(SourceError, f"reading {route.legacy_table}", work.stop), source.cursor() as cursor:
            cursor.execute(select(route, part))
            return cursor.fetch_arrow_table()
    except SourceError as error:
        if culprits.is_of_a_value(error):
            source.rollback()
            work.sessions.rejoin(source)
        raise


def _transformed(work: Work, route: Route, table: pa.Table) -> tuple[Outcome, pd.DataFrame]:
    """The outcome, and the rule columns it was made of (ids as the legacy row has them)."""
    rows = _rule_rows(table)
    if route.transform is None:
        return _copied(work, route, table), rows
    found = lookups.find(work, route, rows)
    converted = _converted(route, rows)
    return chunk_books.with_blank_times(
        registry.TRANSFORMS[route.transform](converted, route.transform_parameters, found), rows
    ), rows


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
    return with_all_columns(rows.assign(**new), route)


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


def _evidence(work: Work, route: Route, table: pa.Table, outcome: Outcome, source: adbc.Connection) -> pd.DataFrame:
    """legacy_key and legacy_row of the rejected rows, by row number. Columns: origin, legacy_key, legacy_row."""
    labels = outcome.rejected.index
    if not len(labels) or not route.is_accounted:
        return pd.DataFrame({"legacy_key": [], "legacy_row": []}, dtype=TEXT)
    origins = table[HIDDEN].take(pa.array(labels.to_numpy())).to_pylist()
    with blame(SourceError, f"reading rejected rows of {route.legacy_table}"), source.cursor() as cursor:
        cursor.execute(
            legacy_rows.by_origin(work.plan.table(route.legacy_table).legacy, work.plan.source_schema, origins)
        )
        found = {origin: (key, row) for origin, key, row, _ in cursor.fetchall()}
    pairs = [found[origin] for origin in origins]
    return pd.DataFrame(pairs, index=labels, columns=["legacy_key", "legacy_row"]).astype(TEXT)
