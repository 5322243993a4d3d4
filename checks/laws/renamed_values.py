"""Values that gave way to those of another column of the same meaning: each is noted, and nothing else is.

Law: of two columns that become one the first that is not null wins; the other's value is noted where it differs, or
where it does not fit the column that it should have filled.
"""

from collections.abc import Iterator

from checks.compare.comparison import Comparison
from checks.reading.facts import Facts, text_of
from checks.reading.fitting import fitted
from checks.reading.relations import Relation
from config import note_kinds
from config.postgres.quoting import literal
from config.shapes import Column

TITLE = "A value that another column of the same meaning overruled is noted, and no other is."
SOURCE = """
    select {key} as key, {wanted} as target_column, {note} as note, {lost} as value from {table}
    where {rejected} is null and {lost} is not null and coalesce({won}, {fitted}) is distinct from {lost}
"""
TARGET = """
    select n.legacy_key as key, n.target_column, n.note, n.legacy_value as value
    from (select * from {notes}) as n
    where n.run_id = {run} and n.legacy_table = {table} and n.note like '% differs and was not kept'
"""


def comparisons(facts: Facts) -> Iterator[Comparison]:
    """One for each table in which two columns become one."""
    for table, rule in facts.mapping.tables.items():
        for wanted, variants in rule.coalesced.items():
            present = [c for name in variants if (c := _column(facts, table, name))]
            for lost in present[1:]:
                yield _comparison(facts, table, wanted, present[0], lost)


def _column(facts: Facts, table: str, name: str) -> Column | None:
    shape = facts.source.find_table(table)
    return shape.find_column(name) if shape else None


def _comparison(facts: Facts, table: str, wanted: str, won: Column, lost: Column) -> Comparison:
    relation = Relation(facts, facts.source.table(table))
    source = SOURCE.format(
        key=relation.key,
        wanted=literal(wanted),
        note=literal(note_kinds.OVERRULED.saying(lost.name)),
        lost=text_of(lost),
        won=text_of(won),
        fitted=fitted(facts, table, won, lost),
        table=relation.from_sql,
        rejected=relation.rejected,
    )
    target = TARGET.format(run=literal(facts.books.run_id), table=literal(table), notes=facts.book("notes", table))
    return Comparison(
        f"law/notes/{table}.{lost.name}", "law", facts.domain(table), "notes", TITLE, source, target,
        of_source=frozenset({table}),
    )  # fmt: skip
