"""What a chunk records about its rows: rejects, new ids, moved references, removed links, notes.

Laws
- Written in the chunk's own transaction.
- A derived route has no rejects: a row that it could not make is a note on the legacy row.
- `migration.moved` holds the new ids of reshaped rows, for references to them; null: the row was rejected.
- `migration.gone` holds the keys of rejected rows, so that rows which refer to them are known to have lost a parent.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import psycopg
import pyarrow as pa
from psycopg import sql

from config import note_kinds, reasons
from config.note_kinds import Note
from engine.chunks import ledger, whole_rows
from engine.chunks.culprits import Refused
from engine.chunks.work import Work
from engine.planning.plan import HIDDEN, Route
from engine.session import binary_copy
from transforms import steps
from transforms.outcome import NOTES, REJECTED, TEXT, Outcome

COLUMNS = {
    "rejects": ("legacy_key", "target_table", "reason", "detail", "legacy_row"),
    "id_map": ("legacy_id", "target_table", "target_id", "why"),
    "moved": ("legacy_id", "from_id", "to_id"),
    "gone": ("build_table", "id"),
    "removed_links": ("user_role_profile_id", "legacy_column", "url"),
    "notes": ("legacy_key", "target_table", "target_column", "note", "legacy_value"),
}
REJECT = """
    insert into migration.rejects (run_id, legacy_table, legacy_key, target_table, reason, detail, legacy_row)
    select s.run_id, s.legacy_table, s.legacy_key, s.target_table, s.reason, s.detail,
           {row}
    from pg_temp.record_rejects as s
"""


def without_refused(work: Work, outcome: Outcome, table: pa.Table, refused: Sequence[Refused]) -> Outcome:
    """The outcome with these rows rejected, because the target refuses one of their values."""
    labels = _labels(table, [one.origin for one in refused])
    new = steps.rejects(
        pd.Index(labels, dtype="int64"),
        _texts([one.target for one in refused], labels),
        reasons.INVALID_VALUE,
        _texts([one.detail_for(work.plan) for one in refused], labels),
    )

    def kept(frame: pd.DataFrame) -> pd.DataFrame:
        return frame[~frame.index.isin(labels)]

    return replace(
        outcome,
        frames={name: kept(frame) for name, frame in outcome.frames.items()},
        rejected=steps.joined([outcome.rejected, new], REJECTED),
        merged=outcome.merged.difference(pd.Index(labels)),
        id_map=kept(outcome.id_map),
        removed_links=kept(outcome.removed_links),
        notes=kept(outcome.notes),
    )


def with_orphans(
    work: Work, outcome: Outcome, table: pa.Table, orphans: Sequence[tuple[Refused, str, str | None]]
) -> Outcome:
    """The outcome with a note for each pointer that was set to null.

    orphans: (what was refused, the build table that it should name, its value).
    """
    final: dict[tuple[str, str], str | None] = {(of, old): new for of, old, new in work.plan.column_renames}
    rows = [
        (one.target, final.get((one.target, one.column or ""), one.column), orphan_note(work, parent), value)
        for one, parent, value in orphans
    ]
    labels = _labels(table, [one.origin for one, *_ in orphans])
    notes = pd.DataFrame(rows, columns=NOTES, index=pd.Index(labels, dtype="int64")).astype(TEXT)
    return replace(outcome, notes=steps.joined([outcome.notes, notes], NOTES))


def with_blank_times(outcome: Outcome, rows: pd.DataFrame) -> Outcome:
    """The outcome with a note for each time that is null because its text is blank."""
    if "blank_times" not in rows or not outcome.frames:
        return outcome
    table, frame = next(iter(outcome.frames.items()))
    each = rows["blank_times"].loc[frame.index].str.split(",").explode()
    columns = each[each.notna() & (each != "")].astype(TEXT)
    columns = columns.replace("verified_at", "reviewed_at")  # as a request calls it
    said = {
        "target_table": table,
        "target_column": columns,
        "note": note_kinds.BLANK_TIME.saying(),
        "legacy_value": None,
    }
    notes = steps.frame(columns.index, said)
    return replace(outcome, notes=steps.joined([outcome.notes, notes], NOTES))


def orphan_note(work: Work, parent: str) -> Note:
    return note_kinds.ORPHAN.saying(work.plan.final_name(parent))


def _labels(table: pa.Table, origins: Sequence[str]) -> list[int]:
    places = {origin: label for label, origin in enumerate(table[HIDDEN].to_pylist())}
    return [places[origin] for origin in origins]


def _texts(values: list[str], labels: list[int]) -> pd.Series:
    return pd.Series(values, index=pd.Index(labels, dtype="int64"), dtype=TEXT)


def write(
    work: Work, route: Route, rows: pd.DataFrame, outcome: Outcome, evidence: pd.DataFrame, target: psycopg.Connection
) -> ledger.Counts:
    """Write all records; returns the counts of the chunk. rows: as the legacy table has them."""
    notes = outcome.notes
    if not route.is_accounted:
        notes = pd.concat([notes, _as_notes(outcome.rejected)])
    else:
        if len(outcome.rejected):
            _record(work, route, "rejects", outcome.rejected.join(evidence), target)
        if len(outcome.id_map):
            _record(work, route, "id_map", _final(work, outcome.id_map), target)
        _record(work, route, "moved", _moved(work, route, rows, outcome), target)
        _record(work, route, "gone", _gone(work, route, rows, outcome.rejected), target)
    _record(work, route, "removed_links", outcome.removed_links, target)
    if len(notes):
        _record(work, route, "notes", _final(work, notes).join(rows["key"].rename("legacy_key")), target)
    is_named = np.zeros(len(rows), bool)
    for labels in (*(frame.index for frame in outcome.frames.values()), outcome.rejected.index, outcome.merged):
        is_named[labels] = True
    return ledger.Counts(
        rows_read=len(rows),
        rejected=len(outcome.rejected) if route.is_accounted else 0,
        reasons=Counter(outcome.rejected["reason"]) if route.is_accounted else {},
        merged=len(outcome.merged),
        archived=len(rows) - int(is_named.sum()),
    )


def _as_notes(rejected: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "target_table": rejected["target_table"],
            "target_column": pd.Series(pd.NA, index=rejected.index, dtype=TEXT),
            "note": "not_made: " + rejected["reason"] + ": " + rejected["detail"],
            "legacy_value": pd.Series(pd.NA, index=rejected.index, dtype=TEXT),
        }
    )[NOTES]


def _final(work: Work, frame: pd.DataFrame) -> pd.DataFrame:
    names = {name: work.plan.final_name(name) for name in frame["target_table"].dropna().unique()}
    return frame.assign(target_table=frame["target_table"].map(names).astype(TEXT))


def _moved(work: Work, route: Route, rows: pd.DataFrame, outcome: Outcome) -> pd.DataFrame:
    """Where references to these rows lead now, if not to the id that a reference says. Columns as COLUMNS."""
    if route.legacy_table not in work.followed or "id" not in rows:
        return pd.DataFrame()
    if not len(outcome.id_map) and not len(outcome.rejected):
        return pd.DataFrame()
    ids = outcome.id_map[outcome.id_map["why"].isin(["merged", "created", "derived"])]
    if route.lookups == ("repeated_ids",):
        ids = ids[steps.canonical_uuid(ids["legacy_id"]).isna()]  # references stay with the row that keeps the UUID
    moved = ids.rename(columns={"target_id": "to_id"})[["legacy_id", "to_id"]]
    lost = rows.loc[outcome.rejected.index, ["id"]].rename(columns={"id": "legacy_id"})
    moved = pd.concat([moved, lost.assign(to_id=pd.Series(pd.NA, index=lost.index, dtype=TEXT))])
    moved = moved.assign(from_id=steps.target_id(moved["legacy_id"], route.legacy_table))
    return moved[moved["legacy_id"].notna()]


def _gone(work: Work, route: Route, rows: pd.DataFrame, rejected: pd.DataFrame) -> pd.DataFrame:
    if "id" not in rows or not len(rejected):
        return pd.DataFrame()
    ids = rows.loc[rejected.index, "id"].dropna()
    if work.plan.shape(route.targets[0]).column("id").base == "uuid":
        ids = steps.target_id(ids, route.legacy_table)
    return pd.DataFrame({"build_table": route.targets[0], "id": ids}).astype(TEXT)


def _record(work: Work, route: Route, kind: str, frame: pd.DataFrame, target: psycopg.Connection) -> None:
    if not len(frame):
        return
    same = {"run_id": work.run_id} | ({} if kind == "gone" else {"legacy_table": route.legacy_table})
    of_all = {name: pa.repeat(value, len(frame)) for name, value in same.items()}
    rows = pa.table(of_all | {name: steps.arrow(frame[name].astype(TEXT)) for name in COLUMNS[kind]})
    if kind == "rejects":
        _reject(rows, target)
    else:
        binary_copy.write(target, sql.Identifier("migration", kind), rows)


def _reject(rows: pa.Table, target: psycopg.Connection) -> None:
    """By way of a temporary table: whether jsonb takes a row, the server has to say."""
    declared = sql.SQL(", ").join(sql.SQL("{} text").format(sql.Identifier(name)) for name in rows.column_names)
    target.execute(sql.SQL("create temporary table record_rejects ({})").format(declared))
    binary_copy.write(target, sql.Identifier("pg_temp", "record_rejects"), rows)
    whole_rows.insert(target, REJECT, "s.legacy_row")
    target.execute("drop table pg_temp.record_rejects")
