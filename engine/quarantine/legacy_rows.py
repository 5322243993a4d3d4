"""Legacy rows by origin, key or id: read again in the run's snapshot, for the rejects and the notes."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import psycopg
from psycopg import sql

from config.quoting import quoted
from engine.chunks.work import Work
from engine.planning import ids
from engine.planning.tables.reshaped import ORIGIN, legacy_key
from engine.reflect.catalog import LegacyTable
from engine.reflect.select_list import INPUTS, row_as_json

ROWS = "select {origin}, {key}, {row}, {id} from {table} as t where {condition}"


@dataclass(frozen=True)
class LegacyRow:
    """One legacy row. key: as accounting names it; id: the word of its column id; row: JSON text."""

    table: str
    key: str
    row: str
    id: str | None

    def value_of(self, columns: Sequence[str | None], otherwise: str | None) -> str | None:
        """The row's own value of the first of these columns that has any, as text; `otherwise` where none has."""
        row = json.loads(self.row, parse_int=str, parse_float=str)
        value = next((row[name] for name in columns if row.get(name) is not None), None)
        return otherwise if value is None or isinstance(value, (dict, list)) else str(value)


def by_origin(table: LegacyTable, schema: str, origins: list[str]) -> str:
    """SQL: origin, legacy_key, legacy_row (as JSON text), id of these rows."""
    tids = sorted({"(" + origin.partition("(")[2] for origin in origins})
    return _query(table, schema, f"t.ctid = any ({sql.Literal(tids).as_string(None)}::tid[])")


def by_key(table: LegacyTable, schema: str, keys: list[str], more: str = "") -> str:
    """SQL: the same for keys as legacy_key gives them; more: an expression of which it gives the value, too."""
    names, wanted = table.shape.primary_key, sql.Literal(sorted(set(keys))).as_string(None)
    key = table.shape.find_column(names[0]) if len(names) == 1 else None
    if key and key.kind == "b" and not key.is_array and key.base in {*INPUTS, "text", "varchar"}:  # by its index
        return _query(table, schema, f"t.{quoted(key.name)} = any ({wanted}::{key.base}[])", more)
    return _query(table, schema, f"{legacy_key(table)} = any ({wanted}::text[])", more)


def by_id(table: LegacyTable, schema: str, words: list[str]) -> str:
    """SQL: the same for words of the column id."""
    wanted = sql.Literal(sorted(set(words))).as_string(None)
    return _query(table, schema, f"{ids.word(table.shape.column('id'))} = any ({wanted}::text[])")


def find(work: Work, source: psycopg.Connection, build_table: str, rows: list[str]) -> dict[str, LegacyRow]:
    """The legacy rows behind these rows of a build table: by origin where it is hidden there, else by key."""
    schema = work.plan.source_schema
    if build_table not in work.plan.hidden:
        table = work.plan.table(build_table).legacy
        answers = source.execute(by_key(table, schema, rows)).fetchall()
        return {key: LegacyRow(table.name, key, row, id_) for _, key, row, id_ in answers}
    found = {}
    for table, origins in by_table(work, rows).items():
        for origin, key, row, id_ in source.execute(by_origin(table, schema, origins)).fetchall():
            found[origin] = LegacyRow(table.name, key, row, id_)
    return found


def by_table(work: Work, origins: list[str]) -> dict[LegacyTable, list[str]]:
    """The legacy tables that these origins name, and which of them each names."""
    tables = {
        str(oid): table.legacy
        for table in work.plan.tables
        for oid in (table.legacy.oid, *(leaf.oid for leaf in table.legacy.leaves))
    }
    grouped: dict[LegacyTable, list[str]] = {}
    for origin in origins:
        grouped.setdefault(tables[origin.partition("(")[0]], []).append(origin)
    return grouped


def _query(table: LegacyTable, schema: str, condition: str, more: str = "") -> str:
    own = table.shape.find_column("id")
    return ROWS.format(
        origin=ORIGIN.expression,
        key=legacy_key(table),
        row=row_as_json(table.shape),
        table=quoted(schema, table.name),
        condition=condition,
        id=", ".join([ids.word(own) if own else "null::text", *([more] if more else [])]),
    )
