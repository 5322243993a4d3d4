"""One lookup: what a transform must know beyond its own rows, as a small frame of text.

Laws
- A lookup is restricted to what the chunk's rows ask for. What is asked once per run holds exceptions alone (ids
  claimed twice, users with several professionals, rejected profiles), so that it does not grow with the tables.
- A lookup of legacy rows asks the source once, in the run's snapshot; one that depends on earlier waves asks the build
  schema, for each chunk.
- Keys are compared as the legacy database spells them and handed on as the target does.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd
import psycopg
import pyarrow as pa
from adbc_driver_postgresql.dbapi import Cursor
from psycopg import sql

from config.postgres.quoting import quoted
from config.postgres.types import UUID_TEXT
from engine.chunks.work import Work
from engine.planning.ids import hyphened
from engine.planning.plan import Route
from engine.planning.tables.reshaped import RULE
from engine.reflect.catalog import LegacyTable
from transforms import steps
from transforms.outcome import TEXT, empty

Find = Callable[[Work, Route, pd.DataFrame, Cursor], pd.DataFrame]
Prepare = Callable[[Work, psycopg.Connection], dict[str, pd.DataFrame]]


@dataclass(frozen=True)
class Long:
    """A lookup that may be as long as a table: a SELECT in the source, laid out in the build schema for the load.

    parents: (column, legacy table) of those of its columns whose ids are derived.
    """

    query: str
    parents: list[tuple[str, str]]


@dataclass(frozen=True)
class Lookup:
    """find: for a chunk's rows. prepare: its frames for the whole run, by their names.

    long: what is laid out, in these columns; it gives None where the source has nothing to ask.
    """

    find: Find
    prepare: Prepare | None = None
    long: Callable[[Work], Long | None] | None = None
    columns: Sequence[str] = ()


def prepared(name: str, columns: list[str], prepare: Prepare | None = None) -> Lookup:
    """One whose frame is the same for all chunks of the run, or of one legacy table (`name:table`)."""

    def find(work: Work, route: Route, rows: pd.DataFrame, cursor: Cursor) -> pd.DataFrame:
        frame = work.frames.get(f"{name}:{route.legacy_table}", work.frames.get(name))
        return empty(columns) if frame is None else frame

    return Lookup(find, prepare)


def laid_out(
    name: str, columns: list[str], keys: Callable[[pd.DataFrame], pd.Series], long: Callable[[Work], Long | None]
) -> Lookup:
    """One that is laid out in the build schema. keys: what a chunk's rows ask its first column for."""

    def find(work: Work, route: Route, rows: pd.DataFrame, cursor: Cursor) -> pd.DataFrame:
        if table_of(name) not in work.frames:
            return empty(columns)
        query = sql.SQL("select {} from {} where {} = any ({}::text[])").format(
            sql.SQL(", ").join(map(sql.Identifier, columns)),
            sql.Identifier(work.schema, table_of(name)),
            sql.Identifier(columns[0]),
            values(keys(rows)),
        )
        return _handed_on(work, name, asked(cursor, query, columns))

    return Lookup(find, None, long, columns)


def table_of(name: str) -> str:
    """The build schema's table in which a long lookup is laid out."""
    return f"__lookup_{name}"


def _handed_on(work: Work, name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Keys as the target spells them: of the column's parent where that one's ids are derived."""
    parents = work.frames[table_of(name)].to_dict("records")
    new = {p["column"]: steps.target_id(frame[p["column"]], p["parent"]) for p in parents}
    return frame.assign(**new)


def in_any_spelling(rows: pd.DataFrame, column: str) -> pd.Series:
    """The column's ids: UUIDs in their plain form, others as they stand."""
    return steps.first_known(steps.canonical_uuid(rows[column]), rows[column])


def asked(cursor: Cursor, query: sql.Composed, columns: list[str]) -> pd.DataFrame:
    """The query's rows, of the build schema."""
    cursor.execute(query.as_string(None))
    table = cursor.fetch_arrow_table()
    return pd.DataFrame(
        {c: pd.Series(pd.arrays.ArrowExtensionArray(table[c].cast(pa.string())), dtype=TEXT) for c in columns}
    )


def asked_source(source: psycopg.Connection, query: str, columns: list[str]) -> pd.DataFrame:
    """The query's rows, of the source."""
    rows = source.execute(query).fetchall()
    return pd.DataFrame(rows, columns=columns).astype(TEXT)


def values(*series: pd.Series) -> sql.Literal:
    """All values that there are, for `any (…)`."""
    return sql.Literal(sorted({value for s in series for value in s.dropna()}))


def converted(route: Route, rows: pd.DataFrame, column: str) -> pd.Series:
    """The column as the target spells it."""
    found = next((c for c in route.conversions if c.item == RULE + column), None)
    return steps.target_id(rows[column], found.parent) if found else rows[column]


def with_all_columns(rows: pd.DataFrame, route: Route) -> pd.DataFrame:
    """The rows with every rule column of the route; those that the legacy table lacks are null."""
    missing = [name for name in route.rule_columns if name not in rows]
    return rows.assign(**{name: pd.Series(pd.NA, index=rows.index, dtype=TEXT) for name in missing})


def source_table(work: Work, table: str) -> str:
    """For a FROM clause, under the alias t."""
    return f"{quoted(work.plan.source_schema, table)} as t"


def canonical(work: Work, table: LegacyTable) -> str:
    """The table's id, if it is a UUID, in its plain form."""
    text = work.plan.spelled_as(table.name, "id")
    return f"case when {text} ~* '{UUID_TEXT}' then {hyphened(text)} end"
