"""How rows are removed from the build: recorded with their reason, together with every row that cannot stay without
them.

Laws
- A removal and its record are one transaction.
- All target rows of a reshaped row are removed. A removed derived row is a note on the legacy row, whose copied row
  stays.
- A rejected row keeps no new id, no note and no removed link; references to it lead nowhere.
"""

import contextlib
from dataclasses import dataclass

import pandas as pd
import psycopg
from psycopg import sql

from config import mapping, note_kinds, reasons
from config.errors import SourceError, TargetError
from config.mapping import TableRule
from config.note_kinds import Note
from config.reasons import Reason
from engine.books import totals
from engine.books.totals import Increment
from engine.chunks.chunk_books import orphan_note
from engine.chunks.work import Work, in_build
from engine.planning import ids
from engine.planning.plan import HIDDEN, ConstraintRule
from engine.quarantine import legacy_rows, violations
from engine.quarantine.legacy_rows import LegacyRow
from engine.reflect.select_list import key_of
from engine.session.blame import blame
from transforms import steps
from transforms.outcome import TEXT

NOTE = """
    insert into migration.notes (run_id, legacy_table, legacy_key, target_table, target_column, note, legacy_value)
    select %(run)s, found.legacy_table, found.legacy_key, %(target)s, %(column)s, %(note)s, found.value
    from unnest(%(tables)s::text[], %(keys)s::text[], %(values)s::text[]) as found (legacy_table, legacy_key, value)
"""
REJECT = """
    with written as (
        insert into migration.rejects (run_id, legacy_table, legacy_key, target_table, reason, detail, legacy_row)
        select %(run)s, found.legacy_table, found.legacy_key, %(target)s, %(reason)s, %(detail)s,
               case when migration.is_valid(found.row, 'jsonb') then jsonb_in(textout(found.row))
                    else to_jsonb(found.row) end
        from unnest(%(tables)s::text[], %(keys)s::text[], %(rows)s::text[]) as found (legacy_table, legacy_key, row)
        on conflict do nothing returning legacy_table
    )
    select legacy_table, count(*) from written group by legacy_table
"""


def _behind(rule: TableRule | None, column: str | None) -> list[str | None]:
    """The legacy columns that may have filled a build column: by the mapping, else the one of its name."""
    return [legacy for legacy, into in (rule.arrives if rule else {}).items() if into == column] or [column]


def _not_made(reason: Reason, sentence: str) -> Note:
    return note_kinds.NOT_MADE.saying(reason.name, sentence)


@dataclass
class Removals:
    """loaded: build tables with rows; lost: those that have lost rows so far, fresh: since the last judgement."""

    work: Work
    target: psycopg.Connection
    loaded: set[str]
    lost: set[str]
    fresh: set[str]

    def _table(self, name: str) -> sql.Identifier:
        return sql.Identifier(self.work.schema, name)

    def set_null(self, rule: ConstraintRule, violates: sql.Composable) -> None:
        """Null the references that lead nowhere; a note for each that was not null before, with the legacy value."""
        names = rule.releases or rule.columns[:1]
        shape = self.work.plan.shape(rule.table)
        listed: list[sql.Composable] = [sql.SQL(ids.told(shape.column(name))) for name in names]
        listed += [sql.SQL("t.{} is not null").format(sql.Identifier(name)) for name in names]
        query = sql.SQL(
            "with orphans as (select t.ctid, {row} as row, {values} from {table} as t "
            "where {violates}), "
            "nulled as (update {table} as t set {nulls} from orphans as o where t.ctid = o.ctid) "
            "select * from orphans"
        ).format(
            row=self._row_name(rule.table),
            values=sql.SQL(", ").join(listed),
            nulls=sql.SQL(", ").join(sql.SQL("{} = null").format(sql.Identifier(name)) for name in names),
            table=self._table(rule.table),
            violates=violates,
        )
        with self._blame(rule), self.target.transaction():
            with in_build(self.work, self.target):
                orphans = self.target.execute(query).fetchall()
            if orphans:
                note = orphan_note(self.work, rule.parent)
                for place, name in enumerate(names, 2):
                    held = [(row[1], row[place]) for row in orphans if row[place + len(names)]]
                    self._note(rule.table, name, note, held)

    def _blame(self, rule: ConstraintRule) -> contextlib.AbstractContextManager[None]:
        return blame(TargetError, f"judging {rule.table} by {rule.name}", self.work.stop)

    def _note(self, table: str, column: str | None, note: Note, rows: list[tuple[str, str | None]]) -> None:
        named = self._legacy_rows(table, [row for row, _ in rows])
        self._write_notes(table, column, note, [(named[row], value) for row, value in rows])

    def _write_notes(
        self, table: str, column: str | None, note: Note, found: list[tuple[LegacyRow, str | None]]
    ) -> None:
        columns = {old: new for t, old, new in self.work.plan.column_renames if t == table}
        rules = mapping.load().tables
        self.target.execute(
            NOTE,
            {
                "run": self.work.run_id,
                "tables": [one.table for one, _ in found],
                "keys": [one.key for one, _ in found],
                "target": self.work.plan.final_name(table),
                "column": columns.get(column, column) if column else None,
                "note": note,
                "values": [one.value_of(_behind(rules.get(one.table), column), value) for one, value in found],
            },
        )

    def _row_name(self, table: str) -> sql.Composable:
        """What tells a build row's legacy row: its origin, else its key as text."""
        if table in self.work.plan.hidden:
            return sql.SQL("t.{}").format(sql.Identifier(HIDDEN))
        key = self.work.plan.shape(table).primary_key
        if len(key) == 1:
            return self._text(table, key[0])
        return sql.SQL(key_of([self.work.plan.shape(table).column(name) for name in key]))

    def _text(self, table: str, column: str) -> sql.SQL:
        return sql.SQL(ids.word(self.work.plan.shape(table).column(column)))

    def remove(self, rule: ConstraintRule, violates: sql.Composable, reason: Reason, sentence: str) -> set[str]:
        """Remove the violators of one table, with every row that cannot stay without them. Returns the tables that lost
        rows."""
        query = sql.SQL("delete from {} as t where {} returning {}, {}").format(
            self._table(rule.table), violates, self._row_name(rule.table), self._reference_keys(rule.table)
        )
        with self._blame(rule), self.target.transaction():
            with in_build(self.work, self.target):
                removed = self.target.execute(query).fetchall()
            if not removed:
                return set()
            touched = self._reject(rule.table, removed, reason, sentence)
        self.lost |= touched
        self.fresh |= touched
        return touched

    def _reference_keys(self, table: str) -> sql.Composable:
        """The id by which children know the row, as text."""
        has_id = self.work.plan.shape(table).find_column("id") is not None
        return self._text(table, "id") if has_id else sql.SQL("null::text")

    def _reject(self, table: str, removed: list[tuple[str, str]], reason: Reason, sentence: str) -> set[str]:
        touched = {table}
        self._gone(table, [key for _, key in removed if key])
        rows = list(dict.fromkeys(row for row, _ in removed))
        if table in self.work.plan.hidden:
            touched |= self._remove_siblings(table, rows)
        legacy = self._legacy_rows(table, rows)
        accounted = [row for row in rows if self._is_accounted(table, legacy[row].table)]
        self.reject_legacy([legacy[row] for row in accounted], table, reason, sentence)
        if derived := [row for row in rows if row not in set(accounted)]:
            self._note(table, None, _not_made(reason, sentence), [(row, None) for row in derived])
        return touched

    def refuse(self, table: str, ids: list[str], legacy: list[LegacyRow], reason: Reason, sentence: str) -> None:
        """Record rows that never reached the build table. ids: those by which other rows refer to them."""
        self._gone(table, ids)
        self.reject_legacy(legacy, table, reason, sentence)

    def note_not_made(self, table: str, legacy: list[LegacyRow], reason: Reason, sentence: str) -> None:
        """Note each legacy row of which no row was made in this build table."""
        self._write_notes(table, None, _not_made(reason, sentence), [(found, None) for found in legacy])

    def reject_legacy(self, legacy: list[LegacyRow], table: str, reason: Reason, sentence: str) -> None:
        """Write these legacy rows down as rejected; `table` is the build table that refused them."""
        final = self.work.plan.final_name(table)
        with self.target.transaction():
            self._write_rejects(legacy, final, reason, sentence)
            self._forget(legacy, is_superseded=reason == reasons.DUPLICATE_PROFILE)

    def _is_accounted(self, table: str, legacy_table: str) -> bool:
        routes = [r for r in self.work.plan.table(legacy_table).routes if table in r.targets and not r.is_archive]
        return any(route.is_accounted for route in routes)

    def _gone(self, table: str, keys: list[str]) -> None:
        """Keys of removed rows; a table whose rows have none is named all the same."""
        query = "insert into migration.gone (run_id, build_table, id) select %s, %s, unnest(%s::text[])"
        self.target.execute(query, (self.work.run_id, table, keys or [""]))

    def _remove_siblings(self, table: str, origins: list[str]) -> set[str]:
        """The other rows that the same routes made of these legacy rows."""
        tables = {legacy.name for legacy in legacy_rows.by_table(self.work, origins)}
        routes = [r for r in self.work.plan.routes if table in r.targets and r.legacy_table in tables]
        routes = [r for r in routes if not r.is_archive]
        siblings = {name for route in routes for name in route.targets if name != table and name in self.loaded}
        touched = set()
        for name in sorted(siblings & self.work.plan.hidden):
            query = sql.SQL("delete from {} as t where t.{} = any (%s) returning null, {}").format(
                self._table(name), sql.Identifier(HIDDEN), self._reference_keys(name)
            )
            removed = self.target.execute(query, (origins,)).fetchall()
            if removed:
                touched.add(name)
                self._gone(name, [key for _, key in removed if key])
        return touched

    def _write_rejects(self, legacy: list[LegacyRow], target: str, reason: Reason, detail: str) -> None:
        values = {
            "run": self.work.run_id,
            "tables": [one.table for one in legacy],
            "keys": [one.key for one in legacy],
            "rows": [one.row for one in legacy],
            "target": target,
            "reason": reason.name,
            "detail": detail,
        }
        written = self.target.execute(REJECT, values).fetchall()
        labels = totals.labels(self.work.settings.profile, reason=reason.name)
        totals.add(self.target, [Increment("rejects", labels | {"table": table}, rows) for table, rows in written])

    def _forget(self, legacy: list[LegacyRow], is_superseded: bool) -> None:
        """A rejected row keeps no new id, no note and no removed link; references to it lead nowhere."""
        for table in {one.table for one in legacy}:
            found = [one for one in legacy if one.table == table]
            keys = [one.key for one in found]
            self._delete("notes", table, "legacy_key", keys)
            ids = self._without_survivors(table, [one.id if one.id is not None else one.key for one in found])
            known = self._delete("id_map", table, "legacy_id", ids, "target_id")
            own = steps.target_id(pd.Series(ids, dtype=TEXT), table).tolist()
            self._delete("removed_links", table, "user_role_profile_id", [*known, *own])
            if not is_superseded:
                self._lead_nowhere(table, ids, own)

    def _without_survivors(self, table: str, ids: list[str]) -> list[str]:
        """Those ids that no row in the target stands for: without a key, two legacy rows may share one."""
        route = next(r for r in self.work.plan.table(table).routes if r.is_accounted and not r.is_archive)
        is_keyed = bool(self.work.plan.table(table).key)  # a key names one row, which is the rejected one
        if is_keyed or not ids or self.work.plan.shape(route.targets[0]).find_column("id") is None:
            return ids
        own = dict(zip(ids, steps.target_id(pd.Series(ids, dtype=TEXT), table).tolist(), strict=True))
        query = sql.SQL(
            "select given.legacy_id from unnest(%s::text[], %s::text[]) as given (legacy_id, own) "
            "left join migration.id_map as m on m.run_id = %s and m.legacy_table = %s "
            "and m.legacy_id = given.legacy_id "
            "join {} as t on {} = coalesce(m.target_id, given.own)"
        ).format(self._table(route.targets[0]), self._text(route.targets[0], "id"))
        values = (list(own), list(own.values()), self.work.run_id, table)
        survivors = {legacy_id for (legacy_id,) in self.target.execute(query, values)}
        return [legacy_id for legacy_id in own if legacy_id not in survivors]

    def _delete(self, kind: str, table: str, column: str, values: list[str], returning: str = "run_id") -> list[str]:
        query = sql.SQL("delete from {} where run_id = %s and legacy_table = %s and {} = any (%s) returning {}").format(
            sql.Identifier("migration", kind), sql.Identifier(column), sql.Identifier(returning)
        )
        return [value for (value,) in self.target.execute(query, (self.work.run_id, table, values))]

    def _lead_nowhere(self, table: str, ids: list[str], own: list[str]) -> None:
        """own: the ids by which references name the rows; one that another row of the table bears leads to that."""
        if table not in {follow.legacy_table for follow in self.work.plan.follows} | self.work.looked_up:
            return
        self._delete("moved", table, "legacy_id", ids)
        there = self._borne(table, own)
        lost = [pair for pair in zip(ids, own, strict=True) if pair[1] not in there]
        self.target.execute(
            "insert into migration.moved (run_id, legacy_table, legacy_id, from_id, to_id) "
            "select %s, %s, found.legacy_id, found.from_id, null from unnest(%s::text[], %s::text[]) "
            "as found (legacy_id, from_id)",
            (self.work.run_id, table, [id_ for id_, _ in lost], [id_ for _, id_ in lost]),
        )

    def _borne(self, table: str, ids: list[str]) -> set[str]:
        """Those of these ids that a row of the build bears which the legacy table has given it."""
        home = self.work.plan.table(table).routes[0].targets[0]
        if home not in self.work.plan.hidden or self.work.plan.shape(home).find_column("id") is None:
            return set()
        query = sql.SQL("select {id} from {home} as t where {id} = any (%s) and {table} = %s").format(
            id=self._text(home, "id"), home=self._table(home), table=violations.legacy_table_of(self.work, "t")
        )
        return {id_ for (id_,) in self.target.execute(query, (ids, table))}

    def _legacy_rows(self, table: str, rows: list[str]) -> dict[str, LegacyRow]:
        with self.work.sessions.lend("source") as source, blame(SourceError, "reading rejected rows", self.work.stop):
            return legacy_rows.find(self.work, source, table, rows)
