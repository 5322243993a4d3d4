"""Columns of reviews that move to a table of their own, row by row.

Laws (contract, 4.11: reviews)
- Every review has a row there, under its own id and with its times; a row that could not be made is noted.
- If the legacy database lacks the table or such columns, that table is empty.
"""

from collections.abc import Iterator

from checks.compare.comparison import Comparison
from checks.compare.law_files import Prelude
from checks.reading.facts import Facts, text, text_of
from checks.reading.relations import Relation
from config.postgres.quoting import quoted
from config.rules import Split
from config.shapes import Column, Table

TITLE = "Every column of presentation arrives in the table made for it, under the row's own id and as it was."


def comparisons(facts: Facts, prelude: Prelude) -> Iterator[Comparison]:
    """One for each table that columns split off from."""
    for name, rule in facts.mapping.tables.items():
        if rule.split and facts.target.find_table(rule.split.into):
            yield _comparison(facts, prelude, name, rule.split)


def _comparison(facts: Facts, prelude: Prelude, table: str, split: Split) -> Comparison:
    shape, there = facts.source.find_table(table), facts.target.table(split.into)
    present = [c for c in shape.columns if c.name in split.columns] if shape else []
    source, of_source = prelude.of_source(_source(facts, shape, split, present) if shape and present else _nothing())
    listed = ", ".join(f"{_held(there, c)} as {quoted(c.name)}" for c in present)
    times = [f"{text(f't.{name}')} as {name}" for name in ("created_at", "updated_at")]
    target = (
        f"select concat(t.{quoted(split.key)}) as key, {listed + ', ' if listed else ''}{', '.join(times)} "
        f"from {facts.target_rows(split.into)}"
    )
    return Comparison(
        f"law/{split.into}/display", "law", facts.domain(table), split.into, TITLE, source, target,
        of_source=of_source | ({table} if shape else set()), of_target=frozenset({split.into}),
    )  # fmt: skip


def _nothing() -> str:
    return "select null::text as key, null::text as created_at, null::text as updated_at where false"


def _held(there: Table, column: Column) -> str:
    found = there.find_column(column.name)
    return text_of(found) if found else "'the target has no such column'"


def _source(facts: Facts, shape: Table, split: Split, present: list[Column]) -> str:
    relation = Relation(facts, shape)
    own = shape.find_column("id")
    key = relation.id_of(shape.name, own) if own else "null::text"
    listed = ", ".join(f"{text_of(c)} as {quoted(c.name)}" for c in present)
    stays = f"{relation.rejected} is null and not {relation.not_made(split.into)}"
    return (
        f"select {key} as key, {listed}, {text(relation.created())} as created_at, "
        f"{text(relation.updated())} as updated_at from {relation.from_sql} where {stays}"
    )
