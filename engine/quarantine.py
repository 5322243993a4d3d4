"""The quarantine: what would violate a constraint of the target leaves, with its reason, before the constraint is made.

Laws
- Not-nulls and checks first, foreign keys to a fixpoint, uniques last; a unique that removes rows starts the foreign
  keys again. Every removal is set-based, and written down in the same transaction.
- A nullable reference that leads nowhere is set to null and noted; any other costs the row: `parent_rejected` if its
  parent was rejected, else the constraint's name.
- A reshaped row is all or nothing: with one of its rows the others go. A derived row that goes is a note.
- A constraint that the legacy database itself proves is judged only after its parents have lost rows.
"""

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd
import psycopg
from psycopg import sql

from config.errors import SourceError, TargetError
from engine import violations, witness
from engine.connect import blame
from engine.plan import HIDDEN, Rule
from engine.select import as_text
from engine.work import Work
from engine.workers import Workers
from transforms import steps
from transforms.outcome import TEXT

PARENT_REJECTED = "parent_rejected"
DUPLICATE_PROFILE = "duplicate_profile"
ROOTS = "user_role_profiles"


NOTE = """
    insert into migration.notes (run_id, legacy_table, legacy_key, target_table, target_column, note, legacy_value)
    select %(run)s, found.legacy_table, found.legacy_key, %(target)s, %(column)s, %(note)s, found.value
    from unnest(%(tables)s::text[], %(keys)s::text[], %(values)s::text[]) as found (legacy_table, legacy_key, value)
"""
REJECT = """
    insert into migration.rejects (run_id, legacy_table, legacy_key, target_table, reason, detail, legacy_row)
    select %(run)s, found.legacy_table, found.legacy_key, %(target)s, %(reason)s, %(detail)s,
           case when migration.is_valid(found.row, 'jsonb') then found.row::jsonb else to_jsonb(found.row) end
    from unnest(%(tables)s::text[], %(keys)s::text[], %(rows)s::text[]) as found (legacy_table, legacy_key, row)
    on conflict do nothing
"""


@dataclass
class Quarantine:
    """One judgement.

    loaded: tables with rows; complete: those that get no more, so that what points at a row they lack is an orphan.

    following: references that do not lead to their new rows yet; lost: build tables that have lost rows so far, fresh:
    since the last judgement; judged: rules that hold of complete tables.
    """

    work: Work
    target: psycopg.Connection
    loaded: set[str]
    complete: set[str]
    following: set[tuple[str, str]]
    lost: set[str]
    judged: set[tuple[str, str]]
    fresh: set[str]
    workers: Workers

    def judge(self) -> None:
        """Remove every violator. Errors: TargetError."""
        with blame(TargetError, "judging the loaded rows", self.work.stop):
            self.lost |= self._lost_before()
            for table, rules in _by_table(self._untrusted("nc")).items():
                self._judge_rows(table, rules)
            nulled, changed = self._nulled_before(), True
            while changed:
                nulled |= self._judge_references()
                rows = self._judge_nulled(nulled)
                doubled = self._broken(self._open_uniques(nulled), self._has_double)
                changed = any([self._judge_unique(rule) for rule in doubled]) or rows
            self.judged |= {(rule.table, rule.name) for rule in self.work.plan.rules if self._is_settled(rule)}

    def _is_settled(self, rule: Rule) -> bool:
        """Whether what was judged of the rule now stays judged, until its parent loses rows."""
        if rule.kind == "f" and rule.ref_table not in self.complete:
            return False
        return rule.table in self.complete and not {(rule.table, column) for column in rule.columns} & self.following

    def _lost_before(self) -> set[str]:
        """Tables that have lost rows, also in an attempt that was stopped."""
        query = "select distinct build_table from migration.gone where run_id = %s"
        return {table for (table,) in self.target.execute(query, (self.work.run_id,))}

    def _nulled_before(self) -> set[tuple[str, str]]:
        """(build table, column) of references that were set to null so far."""
        query = "select distinct target_table, target_column from migration.notes where run_id = %s and note like %s"
        tables = {new: old for old, new in self.work.plan.renames}
        columns = {(table, new): old for table, old, new in self.work.plan.column_renames}
        found = [(tables.get(t, t), c) for t, c in self.target.execute(query, (self.work.run_id, "orphan: %"))]
        return {(table, columns.get((table, column), column)) for table, column in found}

    def _judge_nulled(self, nulled: set[tuple[str, str]]) -> bool:
        """Checks over columns that were set to null, whatever proved them before; whether rows went."""
        rules = [rule for rule in self._rules("c") if {(rule.table, c) for c in rule.columns} & nulled]
        return any([self._judge_rows(table, found) for table, found in _by_table(rules).items()])

    def _open_uniques(self, nulled: set[tuple[str, str]]) -> list[Rule]:
        """Uniques that nothing proves, and those for which a new null may count."""
        opened = [
            rule
            for rule in self._rules("pui")
            if (rule.nulls_not_distinct or rule.predicate) and {(rule.table, c) for c in rule.columns} & nulled
        ]
        return list(dict.fromkeys([*self._untrusted("pui"), *opened]))

    def _untrusted(self, kinds: str) -> list[Rule]:
        """Rules that nothing proves yet: neither the legacy database nor a former judgement."""
        rules = self._rules(kinds)
        return [rule for rule in rules if not rule.is_trusted and (rule.table, rule.name) not in self.judged]

    def _judge_rows(self, table: str, rules: list[Rule]) -> bool:
        """Not-nulls and checks of one table: one look at its rows, and a removal only for those that are broken."""
        looks = sql.SQL(", ").join(
            sql.SQL("coalesce(bool_or({}), false)").format(violations.violates(self.work, rule)) for rule in rules
        )
        query = sql.SQL("select {} from {} as t").format(looks, self._table(table))
        broken = self.target.execute(query).fetchone()
        for rule, is_broken in zip(rules, broken, strict=True):
            if is_broken:
                self.remove(rule, violations.violates(self.work, rule), rule.name, violations.sentence(rule))
        return any(broken)

    def _rules(self, kinds: str) -> list[Rule]:
        return [rule for rule in self.work.plan.rules if rule.kind in kinds and rule.table in self.loaded]

    def _judge_references(self) -> set[tuple[str, str]]:
        """Foreign keys to a fixpoint; (build table, column) of the references that were set to null."""
        nulled = set()
        rules = [rule for rule in self._rules("f") if rule.ref_table in self.complete]
        rules = [rule for rule in rules if not {(rule.table, c) for c in rule.columns} & self.following]
        pending = [rule for rule in rules if self._is_open(rule)]
        self.fresh = set()
        while pending:
            self.work.stop.check()
            lost = set()
            for rule in self._broken(pending, self._has_orphan):
                gone = self._judge_reference(rule)
                lost |= gone
                nulled |= set() if gone else {(rule.table, column) for column in rule.columns}
            pending = [rule for rule in rules if rule.ref_table in lost]
        return nulled

    def _is_open(self, rule: Rule) -> bool:
        if (rule.table, rule.name) in self.judged:
            return rule.ref_table in self.fresh
        return not rule.is_trusted or rule.ref_table in self.lost

    def _broken(self, rules: list[Rule], is_broken: Callable[[Rule], bool]) -> list[Rule]:
        """Those that some row violates, looked for several at once."""
        found = self.workers.map("look for violators", is_broken, rules)
        return [rule for rule, is_violated in zip(rules, found, strict=True) if is_violated]

    def _has_double(self, rule: Rule) -> bool:
        query = sql.SQL(
            "select count(*) > 0 from (select from {} where {} group by {} having count(*) > 1) as found"
        ).format(self._table(rule.table), violations.counts(rule), violations.keys(rule))
        with self.work.sessions.lend("target") as target, blame(TargetError, "looking for doubles", self.work.stop):
            return target.execute(query).fetchone()[0]

    def _has_orphan(self, rule: Rule) -> bool:
        # counted, not asked for by exists: that makes the planner look for the first one, by nested loops
        query = sql.SQL("select count(*) > 0 from {} as t where {}").format(
            self._table(rule.table), violations.violates(self.work, rule)
        )
        with self.work.sessions.lend("target") as target, blame(TargetError, "looking for orphans", self.work.stop):
            return target.execute(query).fetchone()[0]

    def _judge_reference(self, rule: Rule) -> set[str]:
        """Build tables that lost rows."""
        violates = violations.violates(self.work, rule)
        if rule.on_orphan == "null" and len(rule.columns) == 1 and self._is_nullable(rule):
            self.set_null(rule, violates)
            return set()
        if len(rule.columns) != 1:
            return self.remove(rule, violates, rule.name, violations.sentence(rule))
        child = sql.SQL("{} and exists (select from migration.gone as g where g.run_id = {} and g.build_table = {} "
                        "and g.id = t.{}::text)").format(
            violates, sql.Literal(self.work.run_id), sql.Literal(rule.ref_table), sql.Identifier(rule.columns[0])
        )  # fmt: skip
        sentence = f"the row of {self.work.plan.final_name(rule.ref_table)} that it belongs to was rejected"
        return self.remove(rule, child, PARENT_REJECTED, sentence) | self.remove(
            rule, violates, rule.name, violations.sentence(rule)
        )

    def _is_nullable(self, rule: Rule) -> bool:
        column = self.work.plan.shape(rule.table).column(rule.columns[0])
        key = self.work.plan.shape(rule.table).primary_key
        return not column.not_null and column.name not in key and not column.generated

    def _judge_unique(self, rule: Rule) -> bool:
        is_roots = rule.table == ROOTS and set(rule.columns) == {"user_id", "role"}
        if is_roots:
            self._note_superseded(rule)
        reason = DUPLICATE_PROFILE if is_roots else rule.name
        sentence = (
            "a profile of this role and user that was updated later stays" if is_roots else violations.sentence(rule)
        )
        return bool(self.remove(rule, violations.is_duplicate(self.work, rule), reason, sentence))

    def _note_superseded(self, rule: Rule) -> None:
        """References to a superseded profile move to the one that stays."""
        shape = self.work.plan.shape(ROOTS)
        query = """
            with ranked as (
                select t.id, first_value(t.id) over same as stays, {table} as legacy_table
                from {roots} as t where {doubled}
                window same as (partition by t.user_id, t.role order by {order})
            ), superseded as (
                select r.id, r.stays, r.legacy_table from ranked as r where r.id <> r.stays
            ), again as (
                update migration.moved as m set to_id = s.stays::text from superseded as s
                where m.run_id = {run} and m.to_id = s.id::text returning m.to_id, s.id
            )
            insert into migration.moved (run_id, legacy_table, legacy_id, from_id, to_id)
            select {run}, s.legacy_table, s.id::text, s.id::text, s.stays::text from superseded as s
            where not exists (select from migration.moved as m where m.run_id = {run} and m.to_id = s.id::text)
        """
        self.target.execute(
            sql.SQL(query).format(
                table=violations.legacy_table_of(self.work, "t"),
                roots=self._table(ROOTS),
                doubled=violations.doubled(self.work, rule),
                order=violations.order(self.work, shape, rule),
                run=sql.Literal(self.work.run_id),
            )
        )

    def _table(self, name: str) -> sql.Identifier:
        return sql.Identifier(self.work.schema, name)

    def set_null(self, rule: Rule, violates: sql.Composable) -> None:
        """Null the references that lead nowhere; a note for each, with the legacy value."""
        column = rule.columns[0]
        query = sql.SQL(
            "with orphans as (select t.ctid, {row} as row, t.{column}::text as value from {table} as t "
            "where {violates}), "
            "nulled as (update {table} as t set {column} = null from orphans as o where t.ctid = o.ctid) "
            "select row, value from orphans"
        ).format(
            row=self._row_name(rule.table),
            column=sql.Identifier(column),
            table=self._table(rule.table),
            violates=violates,
        )
        with self.target.transaction():
            orphans = self.target.execute(query).fetchall()
            if orphans:
                note = f"orphan: no such row in {self.work.plan.final_name(rule.ref_table)}"
                self._note(rule.table, column, note, orphans)

    def _note(self, table: str, column: str | None, note: str, rows: list[tuple[str, str | None]]) -> None:
        named = self._witnesses(table, [row for row, _ in rows])
        found = [(named[row], value) for row, value in rows]
        columns = {old: new for t, old, new in self.work.plan.column_renames if t == table}
        self.target.execute(
            NOTE,
            {
                "run": self.work.run_id,
                "tables": [w.table for w, _ in found],
                "keys": [w.key for w, _ in found],
                "target": self.work.plan.final_name(table),
                "column": columns.get(column, column),
                "note": note,
                "values": [w.value_of(column, value) for w, value in found],
            },
        )

    def _row_name(self, table: str) -> sql.Composable:
        """What tells a build row's legacy row: its origin, else its key as text."""
        if table in self.work.plan.hidden:
            return sql.SQL("t.{}").format(sql.Identifier(HIDDEN))
        key = self.work.plan.shape(table).primary_key
        columns = [sql.SQL("t.{}").format(sql.Identifier(name)) for name in key]
        if len(columns) == 1:
            return sql.SQL(as_text(self.work.plan.shape(table).column(key[0])))
        return sql.SQL("jsonb_build_array({})::text").format(sql.SQL(", ").join(columns))

    def remove(self, rule: Rule, violates: sql.Composable, reason: str, sentence: str) -> set[str]:
        """Move the violators of one table out, and all that stands or falls with them; the tables that lost rows."""
        query = sql.SQL("delete from {} as t where {} returning {}, {}").format(
            self._table(rule.table), violates, self._row_name(rule.table), self._reference_keys(rule.table)
        )
        with self.target.transaction():
            removed = self.target.execute(query).fetchall()
            if not removed:
                return set()
            touched = self._reject(rule.table, removed, reason, sentence)
        self.lost |= touched
        self.fresh |= touched
        return touched

    def _reference_keys(self, table: str) -> sql.Composable:
        """The id by which children know the row, as text."""
        has_id = self.work.plan.shape(table).column("id") is not None
        return sql.SQL("t.id::text" if has_id else "null::text")

    def _reject(self, table: str, removed: list[tuple[str, str]], reason: str, sentence: str) -> set[str]:
        touched = {table}
        self._gone(table, [key for _, key in removed if key])
        rows = list(dict.fromkeys(row for row, _ in removed))
        if table in self.work.plan.hidden:
            touched |= self._remove_siblings(table, rows)
        witnesses = self._witnesses(table, rows)
        accounted = [row for row in rows if self._is_accounted(table, witnesses[row].table)]
        self.reject_witnesses([witnesses[row] for row in accounted], table, reason, sentence)
        if derived := [row for row in rows if row not in set(accounted)]:
            note = f"not_made: {reason}: {sentence}"
            self._note(table, None, note, [(row, None) for row in derived])
        return touched

    def reject_witnesses(self, witnesses: list["witness.Witness"], table: str, reason: str, sentence: str) -> None:
        """Write these legacy rows down as rejected; `table` is the build table that refused them."""
        final = self.work.plan.final_name(table)
        with self.target.transaction():
            self._write_rejects(witnesses, final, reason, sentence)
            self._forget(witnesses, is_superseded=reason == DUPLICATE_PROFILE)

    def _is_accounted(self, table: str, legacy_table: str) -> bool:
        routes = [r for r in self.work.plan.table(legacy_table).routes if table in r.targets and not r.is_archive]
        return any(route.is_accounted for route in routes)

    def _gone(self, table: str, keys: list[str]) -> None:
        """Keys of removed rows; a table whose rows have none is named all the same."""
        query = "insert into migration.gone (run_id, build_table, id) select %s, %s, unnest(%s::text[])"
        self.target.execute(query, (self.work.run_id, table, keys or [""]))

    def _remove_siblings(self, table: str, origins: list[str]) -> set[str]:
        """The other rows that the same routes made of these legacy rows."""
        tables = {legacy.name for legacy in witness.by_table(self.work, origins)}
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

    def _write_rejects(self, witnesses: list["witness.Witness"], target: str, reason: str, detail: str) -> None:
        self.target.execute(
            REJECT,
            {
                "run": self.work.run_id,
                "tables": [w.table for w in witnesses],
                "keys": [w.key for w in witnesses],
                "rows": [w.row for w in witnesses],
                "target": target,
                "reason": reason,
                "detail": detail,
            },
        )

    def _forget(self, witnesses: list["witness.Witness"], is_superseded: bool) -> None:
        """A rejected row keeps no new id, no note and no removed link; references to it lead nowhere."""
        for table in {w.table for w in witnesses}:
            found = [w for w in witnesses if w.table == table]
            keys = [w.key for w in found]
            self._delete("notes", table, "legacy_key", keys)
            ids = self._without_survivors(table, [w.id if w.id is not None else w.key for w in found])
            known = self._delete("id_map", table, "legacy_id", ids, "target_id")
            own = steps.target_id(pd.Series(ids, dtype=TEXT), table).tolist()
            self._delete("removed_links", table, "user_role_profile_id", [*known, *own])
            if not is_superseded:
                self._lead_nowhere(table, ids, own)

    def _without_survivors(self, table: str, ids: list[str]) -> list[str]:
        """Those ids that no row in the target stands for: without a key, two legacy rows may share one."""
        route = next(r for r in self.work.plan.table(table).routes if r.is_accounted and not r.is_archive)
        is_keyed = bool(self.work.plan.table(table).key)  # a key names one row, which is the rejected one
        if is_keyed or not ids or self.work.plan.shape(route.targets[0]).column("id") is None:
            return ids
        own = dict(zip(ids, steps.target_id(pd.Series(ids, dtype=TEXT), table).tolist(), strict=True))
        query = sql.SQL(
            "select given.legacy_id from unnest(%s::text[], %s::text[]) as given (legacy_id, own) "
            "left join migration.id_map as m on m.run_id = %s and m.legacy_table = %s "
            "and m.legacy_id = given.legacy_id "
            "join {} as t on t.id::text = coalesce(m.target_id, given.own)"
        ).format(self._table(route.targets[0]))
        values = (list(own), list(own.values()), self.work.run_id, table)
        survivors = {legacy_id for (legacy_id,) in self.target.execute(query, values)}
        return [legacy_id for legacy_id in own if legacy_id not in survivors]

    def _delete(self, kind: str, table: str, column: str, values: list[str], returning: str = "run_id") -> list[str]:
        query = sql.SQL("delete from {} where run_id = %s and legacy_table = %s and {} = any (%s) returning {}").format(
            sql.Identifier("migration", kind), sql.Identifier(column), sql.Identifier(returning)
        )
        return [value for (value,) in self.target.execute(query, (self.work.run_id, table, values))]

    def _lead_nowhere(self, table: str, ids: list[str], own: list[str]) -> None:
        if table not in {follow.legacy_table for follow in self.work.plan.follows} | self.work.looked_up:
            return
        self._delete("moved", table, "legacy_id", ids)
        self.target.execute(
            "insert into migration.moved (run_id, legacy_table, legacy_id, from_id, to_id) "
            "select %s, %s, found.legacy_id, found.from_id, null from unnest(%s::text[], %s::text[]) "
            "as found (legacy_id, from_id)",
            (self.work.run_id, table, ids, own),
        )

    def _witnesses(self, table: str, rows: list[str]) -> dict[str, "witness.Witness"]:
        with self.work.sessions.lend("source") as source, blame(SourceError, "reading rejected rows", self.work.stop):
            return witness.find(self.work, source, table, rows)


def _by_table(rules: list[Rule]) -> dict[str, list[Rule]]:
    grouped: dict[str, list[Rule]] = {}
    for rule in rules:
        grouped.setdefault(rule.table, []).append(rule)
    return grouped
