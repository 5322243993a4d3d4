"""What the books say of legacy rows that left the build, or lost a reference.

Laws
- A rejected row keeps no new id, no note and no removed link; references to it lead nowhere.
- Rows come in batches of BATCH_ROWS names, so that memory does not grow with the dirt; what a rejected row holds passes
  by in the server (legacy_rows).
- All of it is written in the caller's transaction.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import pandas as pd
import psycopg
from psycopg import sql

from config import mapping, note_kinds, reasons
from config.note_kinds import Note
from config.reasons import Reason
from config.rules import TableRule
from engine.books import totals
from engine.books.totals import Increment
from engine.chunks import whole_rows
from engine.chunks.work import Work
from engine.planning import ids
from engine.quarantine import legacy_rows, violations
from engine.quarantine.legacy_rows import LegacyRow
from engine.reflect.catalog import LegacyTable
from engine.reflect.select_list import among, plain
from transforms import steps
from transforms.outcome import TEXT

BATCH_ROWS = 10_000  # their names and ids are some 2 MB here and in the query that asks for them
NOTE = """
    insert into migration.notes (run_id, legacy_table, legacy_key, target_table, target_column, note, legacy_value)
    select %(run)s, %(table)s, found.legacy_key, %(target)s, %(column)s, %(note)s, found.value
    from unnest(%(keys)s::text[], %(values)s::text[]) as found (legacy_key, value)
"""
REJECT = """
    with written as (
        insert into migration.rejects (run_id, legacy_table, legacy_key, target_table, reason, detail, legacy_row)
        select %(run)s, %(table)s, found.key, %(target)s, %(reason)s, %(detail)s,
               {row}
        from pg_temp.__legacy_rows as found
        on conflict do nothing returning null
    )
    select count(*) from written
"""


@dataclass
class Records:
    """target: a session in whose transactions they are written."""

    work: Work
    target: psycopg.Connection

    def _table(self, name: str) -> sql.Identifier:
        return sql.Identifier(self.work.schema, name)

    def _text(self, table: str, column: str) -> sql.SQL:
        return sql.SQL(ids.word(self.work.plan.shape(table).column(column)))

    def reject(self, table: LegacyTable, query: str, build_table: str, reason: Reason, sentence: str) -> int:
        """Write down as rejected what a query of legacy_rows gives; how many it gave. build_table: it refused them."""
        rows = legacy_rows.lay_out(self.work, self.target, table, query)
        self._reject_laid(table.name, [(key, id_) for _, key, id_ in rows], build_table, reason, sentence)
        return len(rows)

    def refuse(
        self,
        table: LegacyTable,
        query: str,
        build_table: str,
        keys_of: Callable[[Sequence[str | None]], list[str]],
        reason: Reason,
        sentence: str,
    ) -> int:
        """`reject` of rows that never reached the build table. keys_of: by which other rows refer to such ids."""
        rows = legacy_rows.lay_out(self.work, self.target, table, query)
        self._gone(build_table, keys_of([id_ for *_, id_ in rows]))
        self._reject_laid(table.name, [(key, id_) for _, key, id_ in rows], build_table, reason, sentence)
        return len(rows)

    def _gone(self, table: str, keys: list[str]) -> None:
        """Keys of removed rows; a table whose rows have none is named all the same."""
        query = "insert into migration.gone (run_id, build_table, id) select %s, %s, unnest(%s::text[])"
        self.target.execute(query, (self.work.run_id, table, keys or [""]))

    def note(
        self, build_table: str, column: str | None, note: Note, found: Iterable[tuple[LegacyRow, str | None]]
    ) -> None:
        """A note on each row of one legacy table: its own value of the column, else the one given."""
        found = list(found)
        if not found:
            return
        table = found[0][0].table
        behind = columns_behind(table, column)
        named = {old: new for t, old, new in self.work.plan.column_renames if t == build_table}
        self.target.execute(
            NOTE,
            {
                "run": self.work.run_id,
                "table": table,
                "keys": [row.key for row, _ in found],
                "target": self.work.plan.final_name(build_table),
                "column": named.get(column, column) if column else None,
                "note": note,
                "values": [row.value_of(behind, value) for row, value in found],
            },
        )

    def note_not_made(self, build_table: str, rows: Sequence[LegacyRow], reason: Reason, sentence: str) -> None:
        """Note each row of one legacy table, of which no row was made in this build table."""
        self.note(build_table, None, note_kinds.NOT_MADE.saying(reason.name, sentence), [(row, None) for row in rows])

    def _reject_laid(
        self, table: str, rows: Sequence[tuple[str, str | None]], build_table: str, reason: Reason, sentence: str
    ) -> None:
        """The same of the rows that lie in pg_temp.__legacy_rows. rows: their keys and ids."""
        values = {
            "run": self.work.run_id,
            "table": table,
            "target": self.work.plan.final_name(build_table),
            "reason": reason.name,
            "detail": sentence,
        }
        written = whole_rows.insert(self.target, REJECT, "found.row", values).fetchall()[0][0]
        labels = totals.labels(self.work.settings.profile, reason=reason.name, table=table)
        totals.add(self.target, [Increment("rejects", labels, written)] if written else [])
        self._forget(table, rows, is_superseded=reason == reasons.DUPLICATE_PROFILE)

    def _forget(self, table: str, rows: Sequence[tuple[str, str | None]], is_superseded: bool) -> None:
        """A rejected row keeps no new id, no note and no removed link; references to it lead nowhere."""
        self._delete("notes", table, "legacy_key", [key for key, _ in rows])
        ids = self._without_survivors(table, [key if id_ is None else id_ for key, id_ in rows])
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
        # joined, for a filter by `any` looks through all values for each row of the table
        query = sql.SQL(
            "delete from {} as t using (select distinct unnest(%s::text[]) as value) as given "
            "where t.run_id = %s and t.legacy_table = %s and t.{} = given.value returning t.{}"
        ).format(sql.Identifier("migration", kind), sql.Identifier(column), sql.Identifier(returning))
        return [value for (value,) in self.target.execute(query, (values, self.work.run_id, table))]

    def _lead_nowhere(self, table: str, ids: list[str], own: list[str]) -> None:
        """own: the ids by which references name the rows; one that another row of the table bears leads to that."""
        if table not in self.work.followed:
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
        column = self.work.plan.shape(home).find_column("id")
        if home not in self.work.plan.hidden or column is None:
            return set()
        text = self._text(home, "id")
        is_uuid = column.base == "uuid" and not column.is_array
        query = sql.SQL("select {id} from {home} as t where {own} = {given} and {table} = %s").format(
            id=text,
            home=self._table(home),
            own=sql.SQL(plain(column)) if is_uuid else text,
            given=sql.SQL(among("uuid" if is_uuid else "text", "%s")),
            table=violations.legacy_table_of(self.work, "t"),
        )
        return {id_ for (id_,) in self.target.execute(query, (ids, table))}


def columns_behind(table: str, column: str | None) -> list[str]:
    """The legacy columns that may have filled a build column: by the mapping, else the one of its name."""
    if column is None:
        return []
    rule: TableRule | None = mapping.load().tables.get(table)
    return [legacy for legacy, into in (rule.arrives if rule else {}).items() if into == column] or [column]
