"""Legacy rows by origin, key or id: read again in the run's snapshot, for the rejects and the notes.

Law: a whole row goes from the source into a temporary table of the target as bytes; this program never holds many.
"""

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import psycopg
from psycopg import sql

from config.errors import SourceError
from config.postgres.quoting import quoted
from engine.chunks.work import Work
from engine.planning import ids
from engine.planning.tables.reshaped import ORIGIN, legacy_key
from engine.reflect.catalog import LegacyTable
from engine.reflect.select_list import INPUTS, row_as_json
from engine.session.blame import blame

ROWS = "select {origin}, {key}, {row}, {id} from {table} as t where {condition}"
MAKE = """
    create temporary table if not exists __legacy_rows (name text, key text, row text, id text) on commit drop;
    truncate pg_temp.__legacy_rows
"""


@dataclass(frozen=True)
class LegacyRow:
    """One legacy row. key: as accounting names it; id: the word of its column id; row: JSON text, or a part of it."""

    table: str
    key: str
    row: str
    id: str | None

    def value_of(self, columns: Sequence[str | None], otherwise: str | None) -> str | None:
        """The row's own value of the first of these columns that has any, as text; `otherwise` where none has."""
        row = json.loads(self.row, parse_int=str, parse_float=str)
        value = next((row[name] for name in columns if row.get(name) is not None), None)
        return otherwise if value is None or isinstance(value, (dict, list)) else str(value)


def by_origin(table: LegacyTable, schema: str, origins: list[str], columns: Collection[str] | None = None) -> str:
    """SQL: origin, legacy_key, legacy_row (as JSON text, of these columns or of all), id of these rows."""
    tids = sorted({"(" + origin.partition("(")[2] for origin in origins})
    condition = f"t.ctid = any ({sql.Literal(tids).as_string(None)}::tid[])"
    if table.leaves:  # rows of several may lie at one place
        condition += f" and {ORIGIN.expression} = any ({sql.Literal(list(origins)).as_string(None)}::text[])"
    return _query(table, schema, condition, columns)


def by_key(table: LegacyTable, schema: str, keys: list[str], columns: Collection[str] | None = None) -> str:
    """SQL: the same for keys as legacy_key gives them."""
    return _query(table, schema, key_condition(table, keys), columns)


def key_condition(table: LegacyTable, keys: Collection[str]) -> str:
    """SQL that is true of the rows, under the alias t, with one of these keys."""
    names, wanted = table.shape.primary_key, sql.Literal(sorted(set(keys))).as_string(None)
    key = table.shape.find_column(names[0]) if len(names) == 1 else None
    if key and key.kind == "b" and not key.is_array and key.base in {*INPUTS, "text", "varchar"}:  # by its index
        return f"t.{quoted(key.name)} = any ({wanted}::{key.base}[])"
    return f"{legacy_key(table)} = any ({wanted}::text[])"


def by_id(table: LegacyTable, schema: str, words: list[str]) -> str:
    """SQL: the same for words of the column id."""
    wanted = sql.Literal(sorted(set(words))).as_string(None)
    return _query(table, schema, f"{ids.word(table.shape.column('id'))} = any ({wanted}::text[])")


def by_name(
    work: Work, build_table: str, table: LegacyTable, names: list[str], columns: Collection[str] | None = None
) -> str:
    """SQL: the same for what names rows of a build table: origins where they are hidden there, else keys."""
    if build_table in work.plan.hidden:
        return by_origin(table, work.plan.source_schema, names, columns)
    return by_key(table, work.plan.source_schema, names, columns=columns)


def lay_out(
    work: Work, target: psycopg.Connection, table: LegacyTable, query: str
) -> list[tuple[str, str, str | None]]:
    """Copy what one of these queries gives into pg_temp.__legacy_rows; (name, key, id) of each row.

    For the transaction that the session is in. Errors: SourceError.
    """
    target.execute(MAKE)
    copy(work, target, table, query, "pg_temp.__legacy_rows")
    return target.execute("select name, key, id from pg_temp.__legacy_rows").fetchall()


def copy(work: Work, target: psycopg.Connection, table: LegacyTable, query: str, into: str) -> None:
    """Copy a query's rows as they are: a SELECT of texts from the legacy table. Errors: SourceError."""
    with target.cursor().copy(f"copy {into} from stdin (format binary)") as sink:
        for row in _read(work, table, query):
            sink.write(row)


def _read(work: Work, table: LegacyTable, query: str) -> Iterator[bytes | bytearray | memoryview]:
    with (
        work.sessions.lend("source") as source,
        blame(SourceError, f"reading rows of {table.name} again", work.stop),
        source.cursor() as cursor,
        cursor.copy(f"copy ({query}) to stdout (format binary)") as rows,
    ):
        yield from rows


def find(
    work: Work, build_table: str, table: LegacyTable, names: list[str], columns: Collection[str]
) -> dict[str, LegacyRow]:
    """The legacy rows behind these rows of a build table, with the values of these columns alone.

    Errors: SourceError.
    """
    query = by_name(work, build_table, table, names, columns)
    with (
        work.sessions.lend("source") as source,
        blame(SourceError, f"reading rows of {table.name} again", work.stop),
    ):
        rows = source.execute(query).fetchall()
    is_hidden = build_table in work.plan.hidden
    return {origin if is_hidden else key: LegacyRow(table.name, key, row, id_) for origin, key, row, id_ in rows}


def sources(work: Work, oids: Collection[str]) -> dict[LegacyTable, list[str]]:
    """The legacy tables that oids at the head of origins name, each with its own among them."""
    tables = {
        str(oid): table.legacy
        for table in work.plan.tables
        for oid in (table.legacy.oid, *(leaf.oid for leaf in table.legacy.leaves))
    }
    grouped: dict[LegacyTable, list[str]] = {}
    for oid in oids:
        grouped.setdefault(tables[oid], []).append(oid)
    return grouped


def _query(table: LegacyTable, schema: str, condition: str, columns: Collection[str] | None = None) -> str:
    own = table.shape.find_column("id")
    return ROWS.format(
        origin=ORIGIN.expression,
        key=legacy_key(table),
        row=row_as_json(table.shape, columns),
        table=quoted(schema, table.name),
        condition=condition,
        id=ids.word(own) if own else "null::text",
    )
