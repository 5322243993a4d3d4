"""Money and tracecoins: the sums of the tables of amounts, on both sides.

Laws
- Every column of numbers counts that is neither a key nor a reference; sums are exact, in numeric, by currency where
  the table has one.
- Only rejected rows are left out.
"""

from collections.abc import Iterator

from checks.compare.comparison import Comparison
from checks.reading.facts import Facts, column_of, parsed, text, text_of
from checks.reading.relations import Relation
from config.postgres.quoting import quoted
from config.postgres.types import FLOATS, NUMBERS
from config.shapes import Column, Table

TABLES = ("payments", "invoices", "coupon_uses", "tracecoin_wallets", "tracecoin_ledger")
SUMMED = {"money"} | NUMBERS | FLOATS
CURRENCY = "currency"


def comparisons(facts: Facts) -> Iterator[Comparison]:
    """One for each table of amounts that the legacy database has."""
    for table in TABLES:
        shape = facts.source.find_table(table)
        if shape and facts.treatments[table] == "copy":
            yield _sums(facts, shape)


def _sums(facts: Facts, shape: Table) -> Comparison:
    relation, final = Relation(facts, shape), facts.final(shape.name)
    columns = [c for c in shape.columns if _is_amount(facts, shape, c)]
    source = _query(shape, columns, f"{relation.from_sql} where {relation.rejected} is null")
    target = _query(shape, columns, facts.target_rows(final))
    of = "by currency" if shape.find_column(CURRENCY) else "over all rows"
    return Comparison(
        f"money/{final}", "money", facts.domain(shape.name), final,
        f"Every column of numbers adds up to what it did in the legacy table, {of}, rejected rows aside.",
        source, target, of_source=frozenset({shape.name}), of_target=frozenset({final}),
        is_by_row=False,
    )  # fmt: skip


def _is_amount(facts: Facts, shape: Table, column: Column) -> bool:
    if column.base not in SUMMED or column.is_array or column.name in shape.primary_key:
        return False
    return not column.name.endswith("_id") and facts.parent(shape.name, column.name) is None


def _query(shape: Table, columns: list[Column], from_sql: str) -> str:
    sums = [f"{text(f'sum({_number(column)})')} as {quoted(column.name)}" for column in columns]
    return f"select {_key(shape)} as key, {', '.join(['concat(count(*)) as rows', *sums])} from {from_sql} group by 1"


def _number(column: Column) -> str:
    return f"{column_of(column)}::numeric" if column.base == "money" else parsed(text_of(column), "numeric")


def _key(shape: Table) -> str:
    """The currency; `other` for what is none, which might be anything."""
    column = shape.find_column(CURRENCY)
    if column is None:
        return "'all'::text"
    value = text_of(column)
    return f"case when {value} ~ '^[A-Za-z]{{3}}$' then {value} when {value} is null then 'none' else 'other' end"
