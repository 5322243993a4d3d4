"""What stands in a column that is emptied and takes no null: one value for all rows, which says nothing of any.

Laws
- The source's own server says which value the column's type takes, with the rules of its domains; nothing is guessed.
- Where it takes none of ours, that is a fault, which says what to do.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

import psycopg
from psycopg import sql

from config import masks as masking
from config.shapes import Column
from engine.catalog import Catalog, Type
from engine.staging.columns import Choice

# Of types that take none of the general ones, or would take one that says more.
OWN = {
    "json": "null", "jsonb": "null", "point": "(0,0)", "line": "{1,0,0}", "lseg": "[(0,0),(0,0)]", "box": "(0,0),(0,0)",
    "path": "((0,0))", "polygon": "((0,0))", "circle": "<(0,0),0>", "jsonpath": "$",
}  # fmt: skip
GENERAL = (
    "", "0", "empty", "{}", "(0,0)", "a", "A", "x@x.example", "https://x.example/", "2000-01-01", "0.0.0.0",
    "00:00:00:00:00:00", "00000000-0000-0000-0000-000000000000", "f", "0/0", "0 0", "0,0", "1:1:", "POINT(0 0)",
)  # fmt: skip
BLANK = ("", "{}", "null")  # these are as good as none


def fill(
    conn: psycopg.Connection, catalog: Catalog, choices: tuple[Choice, ...]
) -> tuple[tuple[Choice, ...], list[str]]:
    """(the choices, each emptied column that takes no null with its filler, faults). conn: a session of the source."""
    types = {kind.name: kind for kind in catalog.types}
    columns = {(table.name, column.name): column for table in catalog.tables for column in table.shape.columns}
    found, faults = [], []
    for choice in choices:
        column = columns[choice.table, choice.column]
        if choice.kind == "null" and not _takes_null(column, types):
            choice = _filled(conn, catalog.schema, choice, column, types)
            if choice.filler is None:
                faults.append(_fault(choice, column))
        found.append(choice)
    return tuple(found), faults


def _filled(conn, schema: str, choice: Choice, column: Column, types: dict[str, Type]) -> Choice:
    filler = next((text for text in _candidates(column, types) if _is_taken(conn, schema, column, text)), None)
    if filler is None or filler in BLANK:
        return replace(choice, filler=filler)
    why = f"{choice.why}; it takes no null, so {filler!r} stands in all rows"
    return replace(choice, kind="constant", filler=filler, why=why)


def _fault(choice: Choice, column: Column) -> str:
    return (
        f"{choice.table}.{choice.column}: type {column.type} takes no null here, and nothing that says nothing; say "
        f'{choice.column} = "keep" under [tables.{choice.table}] in {masking.FILE}, or let the column take nulls'
    )


def _takes_null(column: Column, types: dict[str, Type]) -> bool:
    return not column.not_null and not any(kind.not_null for kind in _domains(column.type, types))


def _domains(spelled: str, types: dict[str, Type]) -> Iterator[Type]:
    kind = types.get(spelled.strip('"'))
    if kind and kind.kind == "d":
        yield kind
        yield from _domains(kind.base or "", types)


def _candidates(column: Column, types: dict[str, Type]) -> Iterable[str]:
    own = types.get(column.base)
    if column.is_array:
        return ("{}",)
    if own and own.kind == "e":
        return own.labels
    if own and own.kind == "c":
        return (f"({',' * (len(own.attributes) - 1)})", *GENERAL)
    return (OWN[column.base],) if column.base in OWN else GENERAL


def _is_taken(conn: psycopg.Connection, schema: str, column: Column, text: str) -> bool:
    """Asked by the type's name, as the catalogue spells it with the schema alone on the search path."""
    try:
        with conn.transaction(force_rollback=True):
            conn.execute("select set_config('search_path', quote_ident(%s), true)", [schema])
            conn.execute(sql.SQL("select {}::{}").format(sql.Literal(text), sql.SQL(column.type)))
        return True
    except psycopg.OperationalError:  # the server, not the value
        raise
    except psycopg.DatabaseError:
        return False
