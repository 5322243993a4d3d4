"""Masks that a column's checks refuse, such as one on a letter in a fixed place: the column is set to null instead.

Laws
- Some of the source's own values are masked, and the source's server says whether the column's type, domains and own
  checks take the masks.
- Keys and references are left: they are masked together or not at all.
"""

from collections.abc import Iterator
from dataclasses import replace

import psycopg
from psycopg import sql

from engine.reflect.catalog import Catalog
from engine.staging.columns import Choice
from engine.staging.fillers import Asked
from transforms.masks import Masker

UNFIT = "its checks do not take the mask of kind"  # how the reason begins why a column is emptied
READ, TRIED = 1_000, 40  # rows, and different values of them
SAMPLE = """
    select distinct concat(c) from (select {column} as c from {table} where {column} is not null limit {read}) x
    limit {tried}
"""


def fit(conn: psycopg.Connection, catalog: Catalog, choices: tuple[Choice, ...], key: bytes) -> tuple[Choice, ...]:
    """The choices, null in place of a mask that does not fit. conn: a session of the source."""
    checked, masker = set(_checked(catalog)), Masker(key)
    return tuple(
        replace(one, kind="null", limit=None, why=f"{UNFIT} {one.kind}: emptied")
        if (one.table, one.column) in checked and not _fits(conn, catalog, one, masker)
        else one
        for one in choices
    )


def _checked(catalog: Catalog) -> Iterator[tuple[str, str]]:
    """Columns that have a check of their own, or a domain with one, and are no key nor reference."""
    domains = {kind.name for kind in catalog.types if kind.kind == "d"}
    for table in (table for table in catalog.tables if not table.extension):
        constraints = table.shape.constraints
        held = {name for c in constraints if c.kind in "pf" for name in c.columns}
        held |= {
            name
            for t in catalog.tables
            for c in t.shape.constraints
            if c.ref_table == table.name
            for name in c.ref_columns
        }
        checked = {c.columns for c in constraints if c.kind == "c"}
        for column in table.shape.columns:
            is_checked = (column.name,) in checked or column.type.removesuffix("[]").strip('"') in domains
            if is_checked and column.name not in held and not column.generated:
                yield table.name, column.name


def _fits(conn: psycopg.Connection, catalog: Catalog, choice: Choice, masker: Masker) -> bool:
    if choice.kind in ("keep", "null", "unknown"):
        return True
    table = next(table.shape for table in catalog.tables if table.name == choice.table)
    asked = Asked(conn, catalog.schema, table, choice.column)
    mask = (masker.array if choice.is_array else masker.function)(choice.kind, choice.limit)
    values = _sample(conn, catalog.schema, choice)
    return all(asked.takes(mask(text)) or not asked.takes(text) for text in values)


def _sample(conn: psycopg.Connection, schema: str, choice: Choice) -> list[str]:
    query = sql.SQL(SAMPLE).format(
        column=sql.Identifier(choice.column), table=sql.Identifier(schema, choice.table), read=READ, tried=TRIED
    )
    return [text for (text,) in conn.execute(query)]
