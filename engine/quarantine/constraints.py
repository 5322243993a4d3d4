"""The constraints of a build in the making: which of them stand, and how the others are made.

Laws
- To make a constraint is to look at its rows: what can be made holds of them, and is looked at no more.
- One is made once nothing can break it any more but a row that goes: of a table that gets no more rows, and over
  columns that nothing sets to null. Until its references have followed a table has only foreign keys of other columns,
  for those do not make a changed row dearer.
- A foreign key stands only while its parent loses no rows: before some go, all that point there are dropped, so that
  no action of theirs takes rows away or keeps them. What stands is asked of the catalogue when an attempt begins.
"""

import contextlib
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

import psycopg
from psycopg import sql

from config.errors import TargetError
from engine.books import totals
from engine.books.totals import Increment
from engine.chunks.work import Work, in_build
from engine.planning.plan import ConstraintRule, Plan
from engine.reflect.statements import Statement, together
from engine.session.blame import blame

FOREIGN_KEY = "foreign key"
PHASES = {"n": "not null", "c": "check", "p": "key", "u": "key", "x": "key", "i": "index", "f": FOREIGN_KEY}
VIOLATIONS = {"23502", "23514", "23503", "23505", "23P01"}
STANDING = """
    select case contype when 'f' then 'foreign key' when 'c' then 'check' when 'n' then 'check' else 'key' end,
           r.relname::text, c.conname::text, c.convalidated
    from pg_constraint as c join pg_class as r on r.oid = c.conrelid where r.relnamespace = %(schema)s::regnamespace
    union all
    select 'index', r.relname::text, i.relname::text, true
    from pg_index as x join pg_class as i on i.oid = x.indexrelid join pg_class as r on r.oid = x.indrelid
    where r.relnamespace = %(schema)s::regnamespace
    union all
    select 'not null', r.relname::text, a.attname::text, true
    from pg_attribute as a join pg_class as r on r.oid = a.attrelid
    where r.relnamespace = %(schema)s::regnamespace and r.relkind = 'r' and a.attnum > 0 and a.attnotnull
"""
POINTING = """
    select r.relname::text, c.conname::text from pg_constraint as c
    join pg_class as r on r.oid = c.conrelid join pg_class as p on p.oid = c.confrelid
    where c.contype = 'f' and p.relnamespace = %s::regnamespace and p.relname = any (%s)
"""
Place = tuple[str, ...]  # phase, table, name


@dataclass
class Constraints:
    """statements: what constrains the loaded tables; nullable: (table, column) of what may be set to null yet."""

    work: Work
    statements: dict[Place, Statement]
    standing: set[Place]
    nullable: set[tuple[str, str]]

    @classmethod
    def of(cls, work: Work, target: psycopg.Connection, statements: Iterable[Statement]) -> "Constraints":
        """Those of a build as it stands."""
        known = {(statement.phase, *statement.place): statement for statement in statements}
        rows = target.execute(STANDING, {"schema": sql.Identifier(work.schema).as_string()}).fetchall()
        standing: set[Place] = {(phase, table, name) for phase, table, name, _ in rows}
        standing |= {("validate", table, name) for phase, table, name, holds in rows if holds and phase == FOREIGN_KEY}
        return cls(work, known, standing, _nullable(work.plan))

    def stands(self, statement: Statement) -> bool:
        return (statement.phase, *statement.place) in self.standing

    def holds(self, rule: ConstraintRule) -> bool:
        """Whether the rule's constraint stands, and holds of all rows."""
        return not rule.is_alone and self._place(rule, is_validated=True) in self.standing

    def is_lasting(
        self, rule: ConstraintRule, complete: Collection[str], following: Collection[tuple[str, str]]
    ) -> bool:
        """Whether it can be made, and then stays. complete: tables that get no more rows; following: (table, column) of
        references that are yet to follow."""
        if rule.is_alone or rule.table not in complete or self._place(rule, is_validated=True) not in self.statements:
            return False
        changing = {column for table, column in with_generated(self.work.plan, set(following)) if table == rule.table}
        if rule.kind == "f":
            return not changing & set(rule.columns) and self._has_key(rule)
        return not changing and not self._may_break(rule)

    def _may_break(self, rule: ConstraintRule) -> bool:
        """Whether a null that some column gets yet may break it."""
        if rule.kind in "pui" and not rule.nulls_not_distinct and not rule.predicate and _is_plain(rule):
            return False
        nullable = {column for table, column in self.nullable if table == rule.table}
        is_listed = rule.kind != "x" and rule.columns  # of an exclusion's expressions the columns are not told
        return bool(nullable & set(rule.columns) if is_listed else nullable)

    def _has_key(self, rule: ConstraintRule) -> bool:
        """Whether the unique that a foreign key points at stands."""
        wanted = set(rule.ref_columns)
        keys = [r for r in self.work.plan.rules if r.table == rule.parent and r.kind in "puix" and not r.predicate]
        return any(set(key.columns) == wanted and _is_plain(key) and self.holds(key) for key in keys)

    @contextlib.contextmanager
    def at_work(self, target: psycopg.Connection, table: str = "") -> Iterator[None]:
        """A transaction in which constraints are made, those of one table if it is named. None stands if it fails."""
        before = self._standing_of(table)
        try:
            with (
                blame(TargetError, f"making constraints of {table}".removesuffix(" of "), self.work.stop),
                making(self.work, target, table),
                in_build(self.work, target),
            ):
                yield
        except BaseException:
            self.standing -= self._standing_of(table) - before
            raise

    def _standing_of(self, table: str) -> set[Place]:
        return {place for place in self.standing.copy() if place[1] == table}  # others are at work on other tables

    def make(self, target: psycopg.Connection, rules: Sequence[ConstraintRule]) -> bool:
        """Make constraints of one table, all or none, at work; False where rows violate one. Errors: TargetError."""
        places = [self._place(rule) for rule in rules]
        is_made = self._try(target, together([self.statements[place] for place in places]))
        self.standing |= set(places) if is_made else set()
        return is_made

    def make_references(self, target: psycopg.Connection, rules: Sequence[ConstraintRule]) -> None:
        """Add foreign keys unchecked, those that do not stand."""
        places = [place for rule in rules if (place := self._place(rule)) not in self.standing]
        if places:
            with self.at_work(target):
                for place in places:
                    self._execute(target, self.statements[place])
            self.standing |= set(places)

    def validate(self, target: psycopg.Connection, rule: ConstraintRule) -> bool:
        """Check a foreign key that stands, at work; False where rows violate it. Errors: TargetError."""
        place = self._place(rule, is_validated=True)
        holds = self._try(target, [self.statements[place]])
        self.standing |= {place} if holds else set()
        return holds

    def drop_references(self, target: psycopg.Connection, tables: Collection[str]) -> None:
        """Drop the foreign keys that point at these tables, in the session's transaction."""
        schema = sql.Identifier(self.work.schema).as_string()
        for table, name in target.execute(POINTING, (schema, list(tables))).fetchall():
            query = sql.SQL("alter table {} drop constraint {}")
            target.execute(query.format(sql.Identifier(self.work.schema, table), sql.Identifier(name)))
            self.standing -= {(phase, table, name) for phase in (FOREIGN_KEY, "validate")}

    def _try(self, target: psycopg.Connection, statements: Sequence[Statement]) -> bool:
        try:
            with target.transaction():
                for statement in statements:
                    self._execute(target, statement)
        except TargetError as error:
            if error.sqlstate not in VIOLATIONS:
                raise
            return False
        return True

    def _execute(self, target: psycopg.Connection, statement: Statement) -> None:
        with blame(TargetError, f"making {statement.phase} {statement.what}", self.work.stop):
            target.execute(statement.sql)

    def _place(self, rule: ConstraintRule, is_validated: bool = False) -> Place:
        """Of a foreign key that is validated: the validation."""
        phase = "validate" if rule.kind == "f" and is_validated else PHASES[rule.kind]
        return phase, rule.table, rule.columns[0] if rule.kind == "n" else rule.name


@contextlib.contextmanager
def making(work: Work, target: psycopg.Connection, build_table: str = "") -> Iterator[None]:
    """A transaction that makes constraints; its seconds are added to the totals of the table, if it is about one."""
    started = time.monotonic()
    with target.transaction():
        target.execute("set local lock_timeout = 0")  # our own sessions may wait for each other
        yield
        labels = totals.labels(work.settings.profile, table=work.plan.final_name(build_table))
        seconds = round(time.monotonic() - started, 3)
        totals.add(target, [Increment("seconds", labels, seconds)] if build_table else [])


def _nullable(plan: Plan) -> set[tuple[str, str]]:
    """(table, column) of references that are set to null where they lead nowhere, and what is generated from them."""
    rules = [rule for rule in plan.rules if rule.kind == "f" and rule.nulls_orphans]
    found = {(rule.table, column) for rule in rules for column in rule.releases}
    found |= {(follow.table, follow.column) for follow in plan.follows}
    return with_generated(plan, found)


def with_generated(plan: Plan, columns: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """(table, column) of these, and of the columns that are generated from them."""
    generated = [(shape.name, column) for shape in plan.build for column in shape.columns if column.generated]
    return columns | {(table, c.name) for table, c in generated if any((table, name) in columns for name in c.reads)}


def _is_plain(rule: ConstraintRule) -> bool:
    """Whether the key is of columns alone."""
    names = {sql.Identifier(name).as_string() for name in rule.columns}
    return all(key in names for key in rule.keys)
