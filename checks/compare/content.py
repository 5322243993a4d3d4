"""Content: every legacy column that arrives as it is, compared value by value, in whatever table it arrives.

Laws
- Copied, renamed and kept tables are compared whole, rejected rows aside; archived tables with nothing aside.
- A generated column may differ where the target's locale or encoding does, or where a function had another body when
  the legacy row was written. That is a warning, for the expression itself is judged with the schema's shape.
- Columns that a rule decides (`gone`) are not compared here: each has a law of its own.
- Columns that no rule reads are compared in the table that carries them. Rows in which all of them are null are left
  out on both sides, since that table may have rows of other origin.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace

from checks.compare.comparison import Comparison
from checks.compare.law_files import Prelude
from checks.reading.facts import Facts, any_held, column_of, md5, text, text_of
from checks.reading.relations import READ, Relation
from checks.verdict import CRITICAL, WARNING
from config.postgres.quoting import literal, quoted
from config.shapes import Column

FIXED = ("id", "user_id", "created_at", "updated_at")

EVERY = "Every row that was not rejected arrives with every column as it was."
AGAIN = "What the target generates again is what the legacy database had generated."


@dataclass(frozen=True)
class Pair:
    """A legacy column and the target's: the expressions that must agree."""

    name: str
    source: str
    target: str


def comparisons(facts: Facts, prelude: Prelude) -> list[Comparison]:
    """One for each table that keeps its shape or is archived, one for each target of carried columns."""
    return [*_tables(facts, prelude), *_archived(facts), *_carried(facts, prelude)]


def _tables(facts: Facts, prelude: Prelude) -> Iterator[Comparison]:
    for table, treatment in facts.treatments.items():
        if treatment in ("copy", "keep") and table != "user_settings":
            if facts.final(table) in facts.target.tables:
                yield from Whole(facts, table).comparisons(prelude)
            else:
                yield _missing(facts, table)


def _missing(facts: Facts, table: str) -> Comparison:
    final = facts.final(table)
    return Comparison(
        f"content/{final}", "content", facts.domain(table), final, "The table is in the target.",
        f"select null as key from {Relation(facts, facts.source.table(table)).from_sql}",
        f"select null as key from {quoted(facts.target.schema, final)}", of_source=frozenset({table}),
    )  # fmt: skip


def gone(facts: Facts, table: str) -> set[str]:
    """Columns of a table that keeps its shape that leave it, or that a rule decides."""
    rule, found = facts.find_rule(table), set[str]()
    for other in facts.mapping.tables.values():
        if other.completed_from and other.completed_from.table == table:
            found |= set(other.completed_from.columns)
    if rule and rule.split:
        found |= set(rule.split.columns)
    if rule:
        found |= set(rule.becomes)
        for variants in rule.coalesced.values():
            present = [name for name in variants if facts.source.has(table, name)]
            found |= set(present[1:])
    return found


class Whole:
    """A table that keeps its shape, and that the target has."""

    def __init__(self, facts: Facts, table: str):
        self._facts, self._table, self._final = facts, table, facts.final(table)
        self._shape = facts.source.table(table)
        self._target = facts.target.table(self._final)
        self._relation = Relation(facts, self._shape)
        self._pairs: dict[str, Pair] = {}

    def comparisons(self, prelude: Prelude) -> Iterator[Comparison]:
        """One of the carried columns, and one of the generated ones, whose values depend on the server's locale."""
        arriving = [c for c in self._shape.columns if c.name not in gone(self._facts, self._table)]
        pairs = [*(self.pair(c) for c in arriving if not self._is_generated(c)), *self.added()]
        again = [self.pair(c) for c in arriving if self._is_generated(c) and self._is_of_equals(c)]
        key = self._key(pairs, again)
        every = self._comparison(f"content/{self._final}", EVERY, key, pairs, prelude)
        yield replace(every, keyed_by=_keyed_by(self._shape.primary_key, pairs))
        if again:
            yield self._comparison(f"generated/{self._final}", AGAIN, key, again, prelude, WARNING)

    def _comparison(
        self, name: str, title: str, key: Pair, pairs: list[Pair], prelude: Prelude, severity: str = CRITICAL
    ) -> Comparison:
        condition = f"where {self._relation.rejected} is null" if self._facts.books.rejected.get(self._table) else ""
        source = f"select {_listed(key.source, pairs, 'source')} from {self._relation.from_sql} {condition}"
        target = f"select {_listed(key.target, pairs, 'target')} from {self._facts.target_rows(self._final)}"
        others = prelude.of_source(source)[1]
        return Comparison(
            name, "content", self._facts.domain(self._table), self._final, title, source, target, severity,
            of_source=frozenset({self._table}) | others, of_target=frozenset({self._final}), whole=prelude.half,
        )  # fmt: skip

    def _is_generated(self, column: Column) -> bool:
        """Whether the target generates the column; its expression is judged with the shape."""
        final = self._target.find_column(self._final_name(column.name))
        return final is not None and bool(final.generated)

    def _is_of_equals(self, column: Column) -> bool:
        """Whether all that a generated column reads arrives as it is: the catalogue says what it reads."""
        return all(self._is_same(operand) for name in column.reads if (operand := self._shape.find_column(name)))

    def _is_same(self, column: Column) -> bool:
        """Whether the column arrives as it is, in every row."""
        final = self._target.find_column(self._final_name(column.name))
        return final is not None and self.pair(column) == Pair(column.name, column_of(column), column_of(final))

    def _final_name(self, column: str) -> str:
        return self._facts.renames(self._table).get(column, column)

    @property
    def relation(self) -> Relation:
        return self._relation

    def pair(self, column: Column) -> Pair:
        """The column's expressions on both sides, over the alias t."""
        if column.name not in self._pairs:
            self._pairs[column.name] = self._pair(column)
        return self._pairs[column.name]

    def _pair(self, column: Column) -> Pair:
        final = self._target.find_column(self._final_name(column.name))
        if final is None:
            return Pair(column.name, text_of(column), "'the target has no such column'")
        source, target = self._expressions(column, final)
        return Pair(column.name, self._nulled(source, column, final.name), target)

    def _expressions(self, column: Column, final: Column) -> tuple[str, str]:
        parent = self._facts.parent(self._table, column.name)
        if final.generated:
            return column_of(column), column_of(final)
        if column.names_objects:
            return text_of(column), text_of(final)
        if column.name in FIXED[2:]:
            return self._relation.kept_time(column), column_of(final)
        if parent in self._facts.mapping.profile_sources:
            return stays(self._facts, self._relation, parent, column), text_of(final)
        if parent or (column.name == "id" and self._shape.primary_key == ("id",)):
            return self._reference(parent or self._table, column, final)
        return self._plain(column, final)

    def _plain(self, column: Column, final: Column) -> tuple[str, str]:
        others = self._coalesced(column)
        if others:
            return f"coalesce({', '.join(map(text_of, [column, *others]))})", text_of(final)
        if column.base != final.base or column.is_array != final.is_array:
            return text_of(column), text_of(final)
        return column_of(column), column_of(final)

    def _coalesced(self, column: Column) -> list[Column]:
        """What stands in for the column where it is null."""
        rule = self._facts.find_rule(self._table)
        for variants in (rule.coalesced if rule else {}).values():
            present = [c for name in variants if (c := self._shape.find_column(name))]
            if len(present) > 1 and present[0] == column:
                return present[1:]
        return []

    def _reference(self, parent: str, column: Column, final: Column) -> tuple[str, str]:
        is_moved = self._facts.treatments.get(parent) == "reshape" or self._facts.books.derived.get(parent)
        if not is_moved and column.base == final.base:
            return column_of(column), column_of(final)
        return self._relation.id_of(parent, column), self._facts.word(final, parent)

    def added(self) -> Iterator[Pair]:
        """Times that the target's table has and the legacy one lacks."""
        for name, value in (("created_at", self._relation.created()), ("updated_at", self._relation.updated())):
            if not self._shape.find_column(name) and self._target.find_column(name):
                yield Pair(name, value, f"t.{quoted(name)}")

    def _nulled(self, source: str, column: Column, final: str) -> str:
        """The expected value where the books say that the reference was set to null, or a value not kept."""
        name = f"{self._final}.{final}"
        if name not in self._facts.books.nulled_columns.get(self._table, ()):
            return source
        instead = text_of(column) if self._coalesced(column) else "null"
        return f"case when {literal(name)} = any ({self._relation.nulled}) then {instead} else {source} end"

    def _key(self, pairs: list[Pair], again: list[Pair]) -> Pair:
        """The primary key as the target spells it; of a table without one, a digest of the whole row."""
        names = self._shape.primary_key
        known = {pair.name: pair for pair in (*pairs, *again)}
        found = [known[name] for name in names if name in known]
        if names and len(found) == len(names):
            if len(found) == 1:
                return Pair("key", text(found[0].source), text(found[0].target))
            source, target = (
                f"concat(jsonb_build_array({', '.join(map(text, side))}))"
                for side in ([pair.source for pair in found], [pair.target for pair in found])
            )
            return Pair("key", source, target)
        return Pair("key", _whole(pairs, "source"), _whole(pairs, "target"))


def _archived(facts: Facts) -> Iterator[Comparison]:
    """Tables of the archive, byte for byte."""
    for table, treatment in facts.treatments.items():
        rule = facts.find_rule(table)
        is_whole = treatment == "archive" or (rule and rule.also_archived)
        if is_whole or (treatment == "reshape" and rest(facts, table) and facts.settings.unmapped_columns == "archive"):
            yield _archive(facts, table)


def _archive(facts: Facts, table: str) -> Comparison:
    shape, kept = facts.source.table(table), facts.archive.find_table(table)
    pairs = [
        Pair(c.name, text_of(c) if c.names_objects else column_of(c),
             column_of(c) if kept and kept.find_column(c.name) else "'the archive has no such column'")
        for c in shape.columns
    ]  # fmt: skip

    def rows(side: str, from_sql: str) -> str:
        key = facts.key(shape) if shape.primary_key else _whole(pairs, side)
        return f"select {_listed(key, pairs, side)} from {from_sql}"

    return Comparison(
        f"archive/{table}", "content", facts.domain(table), table, "The archive holds the legacy table as it was.",
        rows("source", facts.source_rows(table)), rows("target", facts.archive_rows(table)),
        of_source=frozenset({table}), of_target=frozenset({f"legacy_archive.{table}"}),
        keyed_by=_keyed_by(shape.primary_key, pairs),
    )  # fmt: skip


def _carried(facts: Facts, prelude: Prelude) -> Iterator[Comparison]:
    """Columns of reshaped tables that no rule reads, by the target table that they arrive in."""
    into: dict[str, list[str]] = defaultdict(list)
    for table, treatment in facts.treatments.items():
        rule = facts.find_rule(table)
        # what professionals carry is a matter of who was merged into whom: a law of its own
        if treatment == "reshape" and rule and rule.carry_into and rule.carries and rule.transform != "professionals":
            into[rule.carry_into].append(table)
    for target, tables in into.items():
        if facts.settings.unmapped_columns != "carry" or target not in facts.target.tables:
            continue
        if found := Carried(facts, target, tables).comparison(prelude):
            yield found


def rest(facts: Facts, table: str) -> list[Column]:
    """Columns of a reshaped table that no rule reads."""
    rule = facts.rule(table)
    columns = rule.columns | READ.get(table, {})
    used = {c.name for variants in columns.values() if (c := facts.used(table, variants))}
    fixed = [name for name in FIXED if name not in rule.columns]
    fixed = [name for name in fixed if name != "updated_at" or _has_updated(rule.carry_into)]
    return [c for c in facts.source.table(table).columns if c.name not in {*used, *fixed, *rule.removed}]


def _has_updated(target: str | None) -> bool:
    return target != "audit_logs"  # append-only: its rows have no updated_at of their own


class Carried:
    """The columns that arrive in one table that the target has."""

    def __init__(self, facts: Facts, target: str, tables: list[str]):
        self._facts, self._target, self._tables = facts, facts.target.table(target), tables

    def comparison(self, prelude: Prelude) -> Comparison | None:
        rests = {table: rest(self._facts, table) for table in self._tables}
        rests = {table: [c for c in columns if not self._is_anew(c)] for table, columns in rests.items()}
        names = list(dict.fromkeys(self.place(t, c) for t, columns in rests.items() for c in columns))
        if not names:
            return None
        sources = [self._source(table, columns, names) for table, columns in rests.items() if columns]
        source = "\nunion all ".join(sources)
        others = prelude.of_source(source)[1]
        shown = {self.place(t, c): self.shown(t, c) for t, found in rests.items() for c in found}
        there = [f"{shown[name] or 'null::text'} as {quoted(alias(name))}" for name in names]
        held = [column_of(c) for name in names if (c := self._target.find_column(name))]
        key = text_of(self._target.column("id"))
        target = (
            f"select {key} as key, {', '.join(there)} from {self._facts.target_rows(self._target.name)} "
            f"where {any_held(held)}"
        )
        name = self._target.name
        return Comparison(
            f"carried/{name}", "content", self._facts.domain(self._tables[0]), name,
            "Every column that no rule reads arrives with its row, under its name and as it was.", source, target,
            of_source=frozenset(self._tables) | others, of_target=frozenset({name}), whole=prelude.half,
        )  # fmt: skip

    def _is_anew(self, column: Column) -> bool:
        """Whether the target generates the column itself; the catalogue says from what."""
        there = self._target.find_column(column.name) if column.generated else None
        return there is not None and bool(there.generated)

    def place(self, table: str, column: Column) -> str:
        """The name under which the column arrives: its own, unless another column has it."""
        suffixed = f"{column.name}_{table}"
        return suffixed if self._target.find_column(suffixed) else column.name

    def shown(self, table: str, column: Column) -> str | None:
        """SQL: the target's value of a legacy column, ids as text; None where the target lacks the column."""
        there, parent = self._target.find_column(self.place(table, column)), self._facts.parent(table, column.name)
        if there is None:
            return None
        return self._facts.word(there, parent) if parent else text_of(there)

    def _source(self, table: str, columns: list[Column], names: list[str]) -> str:
        relation = Relation(self._facts, self._facts.source.table(table))
        places = {self.place(table, c): self.value(relation, table, c) for c in columns}
        key = (
            relation.id_of(table, self._facts.source.table(table).column("id")) if self._has_id(table) else "null::text"
        )
        listed = ", ".join(f"{places.get(name, 'null::text')} as {quoted(alias(name))}" for name in names)
        printed = {text_of(c): column_of(c) for c in columns}  # whether one is there is seen without printing it
        held = any_held(printed.get(value, value) for value in places.values())
        condition = f"{relation.rejected} is null and {held}"
        return f"select {key} as key, {listed} from {relation.from_sql} where {condition}"

    def _has_id(self, table: str) -> bool:
        return self._facts.source.has(table, "id")

    def value(self, relation: Relation, table: str, column: Column) -> str:
        """The column's value as it arrives: a reference as the target spells it."""
        parent = self._facts.parent(table, column.name)
        value = text_of(column)
        if parent in self._facts.mapping.profile_sources:
            value = stays(self._facts, relation, parent, column)
        elif parent:
            value = relation.id_of(parent, column)
        name = f"{self._target.name}.{self.place(table, column)}"
        if name in self._facts.books.nulled_columns.get(table, ()):
            return f"case when not coalesce({literal(name)} = any ({relation.nulled}), false) then {value} end"
        return value


# Profiles that stay under their own ids need not be looked up.
STAYS = """
    select p.legacy_id, max(coalesce(case when p.rejected is null then p.id end, s.id)) as id
    from {parent} p
    left join {parent} s on p.rejected = 'duplicate_profile' and s.user_id = p.user_id and s.rejected is null
    where p.legacy_id in (select m.legacy_id from {parent} m where m.rejected is not null or m.id <> m.legacy_id)
    group by p.legacy_id
"""
WENT = "select legacy_id, case when rejected is null then root_id end as id from professional"


def stays(facts: Facts, relation: Relation, parent: str, column: Column) -> str:
    """Where a reference to a profile or a professional leads: to its root, to the root that superseded it, or nowhere.

    What names no row of the source stays as it is, unless the books say otherwise.
    """
    alias, value = quoted(f"stays {column.name}"), facts.spelled(column, parent)
    query = WENT if parent == facts.mapping.former_root else STAYS.format(parent=parent)
    relation.joins.append(f"left join ({query}) as {alias} on {alias}.legacy_id = {value}")
    return f"case when {alias}.legacy_id is null then {value} else {alias}.id end"


def _keyed_by(key: tuple[str, ...], pairs: list[Pair]) -> tuple[int, ...]:
    """The places of the columns that a key is made of, of a table without one all; none where some are not compared."""
    places = {pair.name: place for place, pair in enumerate(pairs, 1)}
    return tuple(places[name] for name in key or places) if places.keys() >= set(key) else ()


def _whole(pairs: list[Pair], side: str) -> str:
    """A digest of the whole row: the key of a table that has none."""
    return md5(f"concat(row({', '.join(getattr(p, side) for p in pairs)}))")


def _listed(key: str, pairs: list[Pair], side: str) -> str:
    return ", ".join([f"{key} as key", *(f"{getattr(p, side)} as {quoted(alias(p.name))}" for p in pairs)])


def alias(name: str) -> str:
    """The name under which a comparison's query has a column."""
    return f"key {name}" if name == "key" else name  # `key` is the comparison's own
