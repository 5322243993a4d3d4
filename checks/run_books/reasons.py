"""Whether each rejection is justified by the rejected row and by the rows of the target.

Laws
- A constraint: the row as the target would have it breaks it. Not-null: the value is null, or an orphan; foreign key:
  the parent is missing; unique or exclusion: a kept row conflicts with it; check: its expression is false.
- parent_rejected: a row that it refers to was rejected. invalid_value: the text is no value of the column's type.
- Reasons that are rules of a domain are left to that domain's laws; any other reason justifies nothing.
- Rejections that cannot be judged are counted and reported.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import psycopg

from checks.compare.law_files import Prelude
from checks.compare.origins import Origins, Value, reference
from checks.reading.catalog import standing_in
from checks.reading.facts import ASKABLE, READERS, Facts, parsed
from checks.reading.many import among
from checks.reading.statements import batches
from checks.run_books.lost_parents import LostParents, tuple_of
from checks.run_books.rejects import PlannedCheck, by_keys, found
from checks.verdict import ERROR, Check, Row
from config import reasons
from config.postgres.quoting import literal, quoted
from config.postgres.types import TEXTUAL, TIMES
from config.shapes import Column, Constraint, Table

PARENT_REJECTED, INVALID_VALUE = reasons.PARENT_REJECTED.name, reasons.INVALID_VALUE.name
# Reasons that laws of a domain judge, and the transforms of the tables that may have them: what a rule alone gives, and
# a parent that only the rule of professionals names.
RULES = {reason.name: set(reason.transforms) for reason in reasons.ALL if not reason.is_general}
RULES[PARENT_REJECTED] = {"professionals"}
BOOKED = "select legacy_key, reason, target_table, detail from {rejects} where run_id = %s and legacy_table = %s"
READABLE = """
    select v.key from unnest(%s::text[], %s::text[]) as v (key, given)
    where v.given is null or pg_input_is_valid(v.given, %s)
"""
UNFIT = re.compile("the value for (.+) is not of its type", re.DOTALL)
KEY = quoted("the legacy key")  # no column's name, so that expressions over the target's columns stay clear
UNIQUE = """
    select array(select pg_get_indexdef(x.indexrelid, n, true) from generate_series(1, x.indnkeyatts) as n order by n),
           array(
               select format('operator(%%I.%%s)', s.nspname, o.oprname)
               from unnest(k.conexclop) with ordinality as e (oid, place)
               join pg_operator o on o.oid = e.oid join pg_namespace s on s.oid = o.oprnamespace order by e.place
           ),
           coalesce(pg_get_expr(x.indpred, x.indrelid, true), 'true'),
           pg_get_indexdef(x.indexrelid) like '%%NULLS NOT DISTINCT%%',
           array(
               select a.attname::text from pg_depend d
               join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
               where d.refclassid = 'pg_class'::regclass and d.refobjid = x.indrelid and d.refobjsubid > 0
                   and ((d.classid = 'pg_class'::regclass and d.objid = x.indexrelid)
                       or (d.classid = 'pg_constraint'::regclass and d.objid = k.oid))
           )
    from pg_class c
    join pg_index x on x.indexrelid = c.oid and x.indisunique or x.indexrelid = c.oid and x.indisexclusion
    left join pg_constraint k on k.conindid = x.indexrelid and k.contype in ('p', 'u', 'x')
    where c.relname = %s and c.relnamespace = (select oid from pg_namespace where nspname = %s)
"""
TITLE = "Every rejection is justified by what the row holds and by what stands in the target."


def jobs(facts: Facts, prelude: Prelude) -> Iterator[PlannedCheck]:
    """A check for each legacy table with rejected rows."""
    for table in facts.books.rejected:
        if table in facts.source.tables:
            draft = Check(f"books/reasons/{table}", "books", facts.domain(table), table, TITLE, ERROR)
            work = partial(_check, facts, prelude, table, draft)
            yield draft, work, _parents(facts, table), _targets(facts, table)


def _parents(facts: Facts, table: str) -> frozenset[str]:
    """The legacy tables that the judgement reads."""
    origins, shape = Origins(facts, table), facts.source.table(table)
    return frozenset({table, *(parent for column in shape.columns for parent in origins.parents(column))})


def _targets(facts: Facts, table: str) -> frozenset[str]:
    rule = facts.find_rule(table)
    tables = {facts.home(table), facts.final(table), *(rule.targets if rule else ())} & facts.target.tables.keys()
    parents = {c.ref_table for name in tables for c in facts.target.table(name).constraints if c.ref_table}
    return frozenset(tables | parents)


@dataclass(frozen=True)
class _Wanted:
    """What a constraint needs: target columns, and the SQL that is true of rows (relation v) which break it."""

    columns: tuple[str, ...]
    broken: Callable[[], str]
    of: Constraint | None = None  # a foreign key: its own columns are not set to null beforehand


def _check(
    facts: Facts, prelude: Prelude, table: str, draft: Check, source: psycopg.Connection, target: psycopg.Connection
) -> Check:
    judge, rows, compared, missed = Reasons(facts, prelude, table, source, target), [], 0, Counter[str]()
    booked = BOOKED.format(rejects=facts.bound_book("rejects", table))
    with batches(target, booked, [facts.books.run_id, table]) as found_there:
        for (reason, target_table), details in (one for batch in found_there for one in _by_reason(batch).items()):
            unjustified = judge.unjustified(reason, target_table, details)
            if unjustified is None:
                missed[reason] += len(details)
            else:
                rows += [Row(key, "breaks the rule", ("reason",)) for key in unjustified]
                compared += len(details)
    for reason, count in missed.items():
        facts.gaps.append(f"{table}: whether {count:,} rows were rejected rightly by {reason}")
    more = f"; {missed.total():,} could not be judged" if missed else ""
    return found(draft, rows, compared, more)


def _by_reason(batch: Iterable[tuple[str, str, str, str]]) -> dict[tuple[str, str], dict[str, str]]:
    """(reason, target table) → key → detail."""
    groups: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    for key, reason, target_table, detail in batch:
        groups[reason, target_table][key] = detail
    return groups


@dataclass(frozen=True)
class _Unique:
    """A unique index or an exclusion. keys: its expressions; operators: of an exclusion, one each; columns: all that it
    reads. is_of_nulls: a null equals a null."""

    keys: list[str]
    operators: list[str]
    predicate: str
    is_of_nulls: bool
    columns: list[str]


class Reasons:
    """Judges reasons for which rows of one legacy table were rejected, or could not be made."""

    def __init__(
        self, facts: Facts, prelude: Prelude, table: str, source: psycopg.Connection, target: psycopg.Connection
    ):
        self._facts, self._prelude, self._table, self._source, self._target = facts, prelude, table, source, target
        self._shape, self._rule = facts.source.table(table), facts.find_rule(table)
        self._lost = LostParents(facts, source)

    def unjustified(self, reason: str, target_table: str, details: dict[str, str]) -> Iterable[str] | None:
        """Keys of the rows for which the reason does not hold; None where that cannot be told. details: key → detail.

        Keys that are none of the source are left out.
        """
        transform = self._rule.transform if self._rule else None
        if transform in RULES.get(reason, ()):
            return ()
        if reason == PARENT_REJECTED:
            return self._without_lost_parent(list(details.keys() - self._derived(target_table, details)))
        if reason == INVALID_VALUE:
            return self._fitting(target_table, details)
        wanted = self._constraint(reason, target_table)
        return list(details) if wanted is None else self._keeping(wanted, target_table, list(details))

    def _derived(self, target_table: str, keys: Iterable[str]) -> set[str]:
        """Those of these rows of which something was not made because they themselves were rejected."""
        if target_table == self._facts.final(self._table):
            return set()
        return set(among(self._facts.books.rejected.get(self._table, {}), self._target, keys))

    # By a constraint

    def _constraint(self, reason: str, target_table: str) -> _Wanted | None:
        """The constraint or unique index of this name; None where the target has none."""
        shape = self._facts.target.find_table(target_table)
        if shape is None:
            return None
        named = next((c for c in shape.constraints if c.name == reason), None)
        if named and named.kind == "f":
            rewritten = [name for name in named.columns if self._is_rewritten(shape, name)]
            return _Wanted(named.columns, lambda: _orphan(self._facts, named, rewritten), named)
        if named and named.kind == "c":
            expression = named.definition.removeprefix("CHECK ").removesuffix(" NOT VALID").removesuffix(" NO INHERIT")
            return _Wanted(named.columns, lambda: f"select {KEY} from v where ({expression}) is false")
        if column := self._never_null(reason, shape):
            return _Wanted(
                (column,), lambda: self._null(target_table, column), reference(self._facts, target_table, column)
            )
        row = self._target.execute(UNIQUE, [reason, self._facts.target.schema]).fetchone()
        if row is None:
            return None
        unique = _Unique(*row)
        return _Wanted(tuple(dict.fromkeys(unique.columns)), lambda: self._standing(target_table, unique))

    def _is_rewritten(self, shape: Table, name: str) -> bool:
        """Whether ids stand in the column that are written otherwise than in the source."""
        value = Origins(self._facts, self._table).value(shape.name, name)
        if value is None or not value.column or not value.parents:
            return False
        column = self._shape.find_column(value.column)
        return column is not None and column.base != shape.column(name).base

    def _never_null(self, reason: str, shape: Table) -> str | None:
        """The column of a not-null; its name is made of the legacy names or of the target's."""
        named = {}
        for column in (c.name for c in shape.columns if c.not_null):
            value = Origins(self._facts, self._table).value(shape.name, column)
            for table in (self._table, shape.name):
                for name in (column, value.column if value else None):
                    named[f"{table}_{name}_not_null"[:63]] = column
        return named.get(reason)

    def _schema_of(self, table: str) -> str:
        return quoted(self._facts.target.schema, table)

    def _null(self, target_table: str, column: str) -> str:
        own, is_null = reference(self._facts, target_table, column), f"v.{quoted(column)} is null"
        query = f"select {KEY} from v where {is_null}"
        if own is None:
            return query
        held = self._facts.holds(own.parent, [(own.ref_columns[0], f"v.{quoted(column)}")])
        return f"{query} union select {KEY} from v where not {held}"  # with or it would be asked for each row

    def _standing(self, table: str, unique: "_Unique") -> str:
        """Rows in whose way a row stands that stayed."""
        predicate, numbers = unique.predicate, range(len(unique.keys))
        listed = ", ".join(f"({key}) as e{n}" for n, key in enumerate(unique.keys))
        equal = "is not distinct from" if unique.is_of_nulls else "="
        operators = unique.operators or [equal for _ in numbers]
        pairs = " and ".join(f"t.e{n} {operators[n]} w.e{n}" for n in numbers)
        return (
            f"select w.{KEY} from (select {KEY}, {listed} from v where {predicate}) as w where exists ("
            f"select from (select {listed} from {self._schema_of(table)} where {predicate}) as t where {pairs})"
        )

    def _keeping(self, wanted: _Wanted, target_table: str, keys: list[str]) -> list[str] | None:
        """Of these rows those that do not break the constraint."""
        origins = Origins(self._facts, self._table)
        values = [value for column in wanted.columns if (value := origins.value(target_table, column))]
        if not values or len(values) < len(wanted.columns):
            return None
        rows = self._read(origins, values, keys)
        shape = self._facts.target.table(target_table)
        relation = _relation(self._facts, shape, wanted, rows)
        try:
            with self._target.transaction(), standing_in(self._target, self._facts.target.schema):
                broken = {key for (key,) in self._target.execute(f"{relation} {wanted.broken()}")}
        except (psycopg.DataError, psycopg.ProgrammingError, psycopg.NotSupportedError):
            return None
        return sorted({row[0] for row in rows} - broken)

    def _read(self, origins: Origins, values: Sequence[Value], keys: list[str]) -> list[tuple[Any, ...]]:
        """(key, raw values, spelled values) of these legacy rows."""
        condition = by_keys(self._facts, self._table, keys)
        if condition is None:
            return []
        listed = ", ".join([*(v.raw for v in values), *(v.spelled for v in values)])
        query = f"select {origins.relation.key}, {listed} from {origins.relation.from_sql} where {condition}"
        return self._source.execute(self._prelude.of_source(query)[0]).fetchall()

    # By a parent

    def _without_lost_parent(self, keys: list[str]) -> list[str]:
        """Of these rows those that point at no rejected one."""
        condition = by_keys(self._facts, self._table, keys)
        links = list(self._links())
        if condition is None or not links:
            return keys
        texts = ", ".join(tuple_of(self._facts, self._shape, columns) for columns, _, _ in links)
        table = quoted(self._facts.source.schema, self._table)
        key = self._facts.key(self._shape)
        rows = self._source.execute(f"select {key}, {texts} from {table} as t where {condition}").fetchall()
        values = [{row[place] for row in rows} - {None} for place in range(1, len(links) + 1)]
        lost = [
            self._lost.among(parent, columns, some) for (_, parent, columns), some in zip(links, values, strict=True)
        ]
        has_lost = {row[0] for row in rows if any(value in some for value, some in zip(row[1:], lost, strict=True))}
        return sorted({row[0] for row in rows} - has_lost)

    def _links(self) -> Iterator[tuple[tuple[str, ...], str, tuple[str, ...]]]:
        """(own columns, legacy parent with rejected rows, its columns)."""
        rejected, origins = self._facts.books.rejected, Origins(self._facts, self._table)
        declared = [c for c in self._shape.constraints if c.kind == "f" and c.ref_table in rejected]
        for constraint in declared:
            yield constraint.columns, constraint.parent, constraint.ref_columns
        for column in self._shape.columns:
            for parent in origins.parents(column):
                if parent in rejected and self._facts.source.has(parent, "id"):
                    yield (column.name,), parent, ("id",)

    # By a value

    def _fitting(self, target_table: str, details: dict[str, str]) -> list[str] | None:
        """Of these rows those whose value is of the column's type."""
        shape, fitting = self._facts.target.find_table(target_table), list[str]()
        if shape is None or self._facts.target.version < ASKABLE:
            return None
        of_column: dict[str, list[str]] = defaultdict(list)
        for key, detail in details.items():
            said = UNFIT.fullmatch(detail)
            of_column[said[1] if said else ""].append(key)
        for name, keys in of_column.items():
            column, origins = shape.find_column(name), Origins(self._facts, self._table)
            value = origins.value(target_table, name)
            if column is None or value is None:
                return None
            rows = self._read(origins, [value], keys)
            if _is_no_time(self._shape.find_column(value.column or ""), column):
                fitting += [row[0] for row in rows if row[1] is None]
                continue  # a number is no time, though one of eight digits can be read as a day
            with standing_in(self._target, self._facts.target.schema):
                fitting += self._readable([row[:2] for row in rows], column.type)
        return fitting

    def _readable(self, rows: list[tuple[Any, ...]], kind: str) -> list[str]:
        """The keys of those rows whose value the target reads as one of the type; one that is nested too deep for it
        ends the question, so the others are asked apart from it."""
        arrays = [[key for key, _ in rows], [given for _, given in rows], kind]
        try:
            with self._target.transaction():
                return [key for (key,) in self._target.execute(READABLE, arrays)]
        except psycopg.errors.StatementTooComplex:
            middle = len(rows) // 2
            parts = (rows[:middle], rows[middle:]) if middle else ()
            return [key for part in parts for key in self._readable(part, kind)]


def _is_no_time(own: Column | None, column: Column) -> bool:
    """Whether no value of a legacy column is one of the target's time column."""
    return column.base in TIMES and own is not None and (own.is_array or own.base not in TIMES | TEXTUAL)


def _relation(facts: Facts, shape: Table, wanted: _Wanted, rows: Sequence[tuple[Any, ...]]) -> str:
    """WITH clause of v: the rows as the target would have them, references that lead nowhere set to null."""
    names = [quoted(column) for column in wanted.columns]
    given = [KEY, *(quoted(f"raw {column}") for column in wanted.columns), *names]
    arrays = ", ".join(f"{literal([row[n] for row in rows])}::text[]" for n in range(len(given)))
    listed = ", ".join(
        f"{_arriving(facts, shape, column, wanted)} as {name}, g.{quoted(f'raw {column}')}"
        for column, name in zip(wanted.columns, names, strict=True)
    )
    return (
        f"with g as (select * from unnest({arrays}) as given ({', '.join(given)})), "
        f"v as (select g.{KEY}, {listed} from g)"
    )


def _arriving(facts: Facts, shape: Table, name: str, wanted: _Wanted) -> str:
    """The value of one column in its own type; of the judged reference as text."""
    column, own = shape.column(name), reference(facts, shape.name, name)
    value = f"g.{quoted(name)}"
    if wanted.of and name in wanted.of.columns:
        return value
    if own and not column.not_null:
        value = f"(case when {facts.holds(own.parent, [(own.ref_columns[0], value)])} then {value} end)"
    is_builtin = column.kind == "b" and not column.is_array and column.base in READERS
    return parsed(value, column.base) if is_builtin else f"{value}::{_uncut(column)}"


def _uncut(column: Column) -> str:
    """The type, without a length that a cast would cut to."""
    is_text = column.kind == "b" and not column.is_array and column.base in TEXTUAL - {"citext"}
    return "text" if is_text and column.base != "bpchar" else column.type


def _orphan(facts: Facts, own: Constraint, rewritten: Sequence[str]) -> str:
    """Rows whose reference names no row. rewritten: those of its columns whose ids name none by themselves either."""
    raw = [f"v.{quoted(f'raw {column}')} is not null" for column in own.columns]
    pairs = [(key, f"v.{quoted(column)}") for key, column in zip(own.ref_columns, own.columns, strict=True)]
    cases = [f"{' and '.join(raw)} and not {facts.holds(own.parent, pairs)}"]
    if "MATCH FULL" in own.definition:
        cases.append(f"({' or '.join(raw)}) and not ({' and '.join(raw)})")
    for column, pair, is_held in zip(own.columns, pairs, raw, strict=True):
        cases += [f"{is_held} and not {facts.holds(own.parent, [pair])}"] if column in rewritten else []
    # each case a join of its own: with `or` between them it would be asked for each row
    return " union ".join(f"select {KEY} from v where {case}" for case in cases)
