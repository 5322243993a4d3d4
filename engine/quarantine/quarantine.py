"""The quarantine: rows that would violate a constraint of the target are removed, with their reasons, before it is
made.

Laws
- The look at a constraint's rows is the attempt to make it, wherever it can stay; violators are searched for only where
  that failed, or the constraint has to wait (constraints).
- Not-nulls and checks first, foreign keys to a fixpoint, uniques last; a unique that removes rows starts the foreign
  keys again. Every removal is set-based, and written down in the same transaction.
- A nullable orphan is set to null and noted. A row with any other orphan is rejected: reason `parent_rejected` if its
  parent was, else the constraint's name.
- A reshaped row is all or nothing: if one of its target rows is removed, all are. A removed derived row is a note.
- A constraint that the legacy database itself proves is judged only after its parents have lost rows.
"""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import psycopg
from psycopg import sql

from config import mapping, reasons
from config.errors import TargetError
from engine.chunks.work import in_build
from engine.planning.plan import ConstraintRule
from engine.quarantine import violations
from engine.quarantine.constraints import with_generated
from engine.quarantine.removals import Ground, Removals
from engine.session import fetch
from engine.session.blame import blame
from engine.session.execution import Workers


@dataclass
class Quarantine(Removals):
    """One judgement.

    complete: tables that get no more rows, so that what points at a row they lack is an orphan; following: references
    that do not lead to their new rows yet; judged: rules that hold of complete tables.
    """

    complete: set[str]
    following: set[tuple[str, str]]
    judged: set[tuple[str, str]]
    workers: Workers

    def judge(self) -> None:
        """Remove every violator. Errors: TargetError."""
        with blame(TargetError, "judging the loaded rows", self.work.stop):
            self.lost |= self._lost_before()
            self._judge_all_rows()
            self._make_keys(self._rules("pui"), self._parents())
            nulled, changed = self._nulled_before(), True
            while changed:
                nulled = with_generated(self.work.plan, nulled | self._judge_references())
                changed = self._judge_nulled(nulled)
                changed = self._judge_keys(nulled) or changed
            self.judged |= {(rule.table, rule.name) for rule in self.work.plan.rules if self._is_settled(rule)}

    def _is_settled(self, rule: ConstraintRule) -> bool:
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
        noted: list[tuple[str, str]] = self.target.execute(query, (self.work.run_id, "orphan: %")).fetchall()
        found = [(tables.get(table, table), column) for table, column in noted]
        return {(table, columns.get((table, column), column)) for table, column in found}

    def _judge_nulled(self, nulled: set[tuple[str, str]]) -> bool:
        """Not-nulls and checks over columns that were set to null, whatever proved them before; whether rows went."""
        rules = [rule for rule in self._rules("nc") if {(rule.table, c) for c in rule.columns} & nulled]
        rules = [rule for rule in rules if not self.constraints.holds(rule)]
        return any([self._judge_rows(table, found) for table, found in _by_table(rules).items()])

    def _parents(self) -> set[str]:
        """Tables at which open foreign keys point: those are made and looked at when the parents' keys stand."""
        return {rule.parent for rule in self._references() if self._is_open(rule)}

    def _make_keys(self, rules: list[ConstraintRule], tables: set[str]) -> list[ConstraintRule]:
        """Make the keys of these tables, several tables at once; those that rows violate."""
        wanted = [r for r in self._to_make(rules) if r.table in tables]
        found = self.workers.map("make keys", self._make_each, list(_by_table(wanted).values()))
        return [rule for broken in found for rule in broken]

    def _make_each(self, rules: list[ConstraintRule]) -> list[ConstraintRule]:
        with self._at_work(rules) as target:
            return [rule for rule in rules if not self.constraints.make(target, [rule])]

    @contextlib.contextmanager
    def _at_work(self, rules: list[ConstraintRule]) -> Iterator[psycopg.Connection]:
        """A session that may make these constraints of one table."""
        with self.work.sessions.lend("target") as target, self.constraints.at_work(target, rules[0].table):
            yield target

    def _to_make(self, rules: list[ConstraintRule]) -> list[ConstraintRule]:
        """Those of the rules whose constraints do not stand, and can be made now and stay."""
        wanted = (rule for rule in rules if not self.constraints.holds(rule))
        return [rule for rule in wanted if self.constraints.is_lasting(rule, self.complete, self.following)]

    def _judge_keys(self, nulled: set[tuple[str, str]]) -> bool:
        """Uniques and exclusions; whether rows went."""
        rules = self._rules("puix")
        doubled = self._make_keys(rules, self.loaded)
        open_ = [*self._open_uniques(nulled), *self._untrusted("x")]
        open_ = [rule for rule in open_ if rule not in doubled and not self.constraints.holds(rule)]
        doubled += self._broken([rule for rule in open_ if rule.kind != "x"], self._has_double)
        doubled += [rule for rule in open_ if rule.kind == "x"]
        doubled = sorted(self._in_order(doubled), key=lambda rule: rule.kind != "x")
        went = [self._judge_exclusion(rule) if rule.kind == "x" else self._judge_unique(rule) for rule in doubled]
        self._make_keys(doubled, self.loaded)
        return any(went)

    def _open_uniques(self, nulled: set[tuple[str, str]]) -> list[ConstraintRule]:
        """Uniques that nothing proves, and those for which a new null may count."""
        opened = [
            rule
            for rule in self._rules("pui")
            if (rule.nulls_not_distinct or rule.predicate) and {(rule.table, c) for c in rule.columns} & nulled
        ]
        return list(dict.fromkeys([*self._untrusted("pui"), *opened]))

    def _untrusted(self, kinds: str) -> list[ConstraintRule]:
        """Rules that nothing proves yet: neither the legacy database nor a former judgement."""
        rules = self._rules(kinds)
        return [rule for rule in rules if not rule.is_trusted and (rule.table, rule.name) not in self.judged]

    def _judge_all_rows(self) -> None:
        """Not-nulls and checks: those of a table are made together, so that its rows are read once."""
        lasting = _by_table(self._to_make(self._rules("nc")))
        with_violators = self.workers.map("make not-nulls and checks", self._make_together, list(lasting.values()))
        broken = [rule for rules in with_violators for rule in rules]
        waiting = [rule for rule in self._untrusted("nc") if rule not in lasting.get(rule.table, [])]
        for table, rules in _by_table(self._in_order([*broken, *waiting])).items():
            self._judge_rows(table, rules)
        for rules in _by_table(broken).values():
            self._make_together(rules)

    def _make_together(self, rules: list[ConstraintRule]) -> list[ConstraintRule]:
        """None of the rules if all hold, else all of them."""
        with self._at_work(rules) as target:
            return [] if self.constraints.make(target, rules) else rules

    def _judge_rows(self, table: str, rules: list[ConstraintRule]) -> bool:
        """Not-nulls and checks of one table: one look at its rows, and a removal only for those that are broken."""
        looks = sql.SQL(", ").join(
            sql.SQL("coalesce(pg_catalog.bool_or({}), false)").format(violations.violates(self.work, rule))
            for rule in rules
        )
        query = sql.SQL("select {} from {} as t").format(looks, self._table(table))
        names = ", ".join(rule.name for rule in rules)
        with blame(TargetError, f"judging {table} by {names}", self.work.stop), in_build(self.work, self.target):
            broken = fetch.one(self.target, query)
        for rule, is_broken in zip(rules, broken, strict=True):
            if is_broken:
                self.remove(rule, violations.violates(self.work, rule), _ground(rule))
        return any(broken)

    def _in_order(self, rules: list[ConstraintRule]) -> list[ConstraintRule]:
        """As the plan has them: of several that a row violates the first is its reason."""
        return [rule for rule in self.work.plan.rules if rule in rules]

    def _rules(self, kinds: str) -> list[ConstraintRule]:
        return [rule for rule in self.work.plan.rules if rule.kind in kinds and rule.table in self.loaded]

    def _judge_references(self) -> set[tuple[str, str]]:
        """Foreign keys to a fixpoint; (build table, column) of the references that were set to null."""
        nulled = set()
        rules = self._references()
        pending = [rule for rule in rules if self._is_open(rule)]
        self.fresh = set()
        while pending:
            self.work.stop.check()
            lost = set()
            for rule in self._broken_references(pending):
                gone = self._judge_reference(rule)
                lost |= gone
                nulled |= set() if gone else {(rule.table, column) for column in rule.releases}
            pending = [rule for rule in rules if rule.ref_table in lost]
        return nulled

    def _references(self) -> list[ConstraintRule]:
        """Foreign keys whose parents have all their rows, and whose own values are the last."""
        rules = [rule for rule in self._rules("f") if rule.ref_table in self.complete]
        return [rule for rule in rules if not {(rule.table, c) for c in rule.columns} & self.following]

    def _broken_references(self, rules: list[ConstraintRule]) -> list[ConstraintRule]:
        """Those with orphans: all that can stay are added before any is checked, which takes weaker locks."""
        self.constraints.make_references(self.target, self._to_make(rules))
        found = self.workers.map("look for orphans", self._broken_of_table, list(_by_table(rules).values()))
        return self._in_order([rule for broken in found for rule in broken])

    def _broken_of_table(self, rules: list[ConstraintRule]) -> list[ConstraintRule]:
        lasting = self._to_make(rules)
        with self._at_work(rules) as target:
            broken = [rule for rule in lasting if not self.constraints.validate(target, rule)]
        return broken + [rule for rule in rules if rule not in lasting and self._has_orphan(rule)]

    def _is_open(self, rule: ConstraintRule) -> bool:
        if self.constraints.holds(rule):
            return False
        if (rule.table, rule.name) in self.judged:
            return rule.ref_table in self.fresh
        return not rule.is_trusted or rule.ref_table in self.lost

    def _broken(self, rules: list[ConstraintRule], is_broken: Callable[[ConstraintRule], bool]) -> list[ConstraintRule]:
        """Those that some row violates, looked for several at once."""
        found = self.workers.map("look for violators", is_broken, rules)
        return [rule for rule, is_violated in zip(rules, found, strict=True) if is_violated]

    def _has_double(self, rule: ConstraintRule) -> bool:
        query = sql.SQL(
            "select count(*) > 0 from (select from {} as t where {} group by {} having count(*) > 1) as found"
        ).format(self._table(rule.table), violations.counts(rule), violations.keys(rule))
        return self._is_any(rule, query)

    def _has_orphan(self, rule: ConstraintRule) -> bool:
        # counted, not asked for by exists: that makes the planner look for the first one, by nested loops
        query = sql.SQL("select count(*) > 0 from {} as t where {}").format(
            self._table(rule.table), violations.violates(self.work, rule)
        )
        return self._is_any(rule, query)

    def _is_any(self, rule: ConstraintRule, query: sql.Composed) -> bool:
        with self.work.sessions.lend("target") as target, self._blame(rule), in_build(self.work, target):
            return fetch.value(bool, target, query)

    def _judge_reference(self, rule: ConstraintRule) -> set[str]:
        """Build tables that lost rows."""
        violates = violations.violates(self.work, rule)
        if rule.nulls_orphans:
            self.set_null(rule, violates)
            return set()
        if len(rule.columns) != 1:
            return self.remove(rule, violates, _ground(rule))
        is_child = sql.SQL("exists (select from migration.gone as g where g.run_id = {} and g.build_table = {} "
                           "and g.id = {})").format(
            sql.Literal(self.work.run_id),
            sql.Literal(rule.parent),
            self._text(rule.table, rule.columns[0]),
        )  # fmt: skip
        sentence = f"the row of {self.work.plan.final_name(rule.parent)} that it belongs to was rejected"
        return self.remove(rule, violates, Ground(reasons.PARENT_REJECTED, sentence, is_child), _ground(rule))

    def _judge_unique(self, rule: ConstraintRule) -> bool:
        violates = violations.is_duplicate(self.work, rule)
        if rule.table != mapping.load().profile_root or set(rule.columns) != {"user_id", "role"}:
            return bool(self.remove(rule, violates, _ground(rule)))
        sentence = "a profile of this role and user that was updated later stays"
        with self._blame(rule), self.target.transaction():
            self._note_superseded(rule)
            return bool(self.remove(rule, violates, Ground(reasons.DUPLICATE_PROFILE, sentence)))

    def _judge_exclusion(self, rule: ConstraintRule) -> bool:
        """Whether rows went; each round takes those that stand behind a row which stays."""
        has_lost = False
        while self.remove(rule, violations.is_excluded(self.work, rule), _ground(rule)):
            has_lost = True
        return has_lost

    def _note_superseded(self, rule: ConstraintRule) -> None:
        """References to a superseded profile move to the one that stays."""
        shape = self.work.plan.shape(rule.table)
        query = """
            with ranked as (
                select t.id, first_value(t.id) over same as stays, {table} as legacy_table
                from {roots} as t where {doubled}
                window same as (partition by t.user_id, t.role order by {order})
            ), superseded as (
                select r.id, r.stays, r.legacy_table from ranked as r where r.id <> r.stays
            ), again as (
                update migration.moved as m set to_id = concat(s.stays) from superseded as s
                where m.run_id = {run} and m.to_id = concat(s.id) returning m.to_id, s.id
            )
            insert into migration.moved (run_id, legacy_table, legacy_id, from_id, to_id)
            select {run}, s.legacy_table, concat(s.id), concat(s.id), concat(s.stays) from superseded as s
            where not exists (select from migration.moved as m where m.run_id = {run} and m.to_id = concat(s.id))
        """
        self.target.execute(
            sql.SQL(query).format(
                table=violations.legacy_table_of(self.work, "t"),
                roots=self._table(rule.table),
                doubled=violations.doubled(self.work, rule),
                order=violations.order(self.work, shape, rule),
                run=sql.Literal(self.work.run_id),
            )
        )


def _ground(rule: ConstraintRule) -> Ground:
    return Ground(reasons.of_constraint(rule.kind, rule.name), violations.sentence(rule))


def _by_table(rules: list[ConstraintRule]) -> dict[str, list[ConstraintRule]]:
    grouped: dict[str, list[ConstraintRule]] = {}
    for rule in rules:
        grouped.setdefault(rule.table, []).append(rule)
    return grouped
