"""Values for columns that would be set to null but take none: one for all rows, which says nothing about any.

Laws
- The source's own server says which value the column takes, by its type, its domains and the checks over it alone.
- If values must be distinct, each row's has a number of its own.
- A column that takes none of our values is a fault, which says what to do.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

import psycopg
from psycopg import sql

from config import masks as masking
from config.shapes import Column, Table
from engine.reflect.catalog import Catalog
from engine.reflect.objects import Type
from engine.session import fetch
from engine.staging.columns import Choice

# Of types that take none of the general ones, or would take one that says more.
OWN = {
    "json": "null", "jsonb": "null", "point": "(0,0)", "line": "{1,0,0}", "lseg": "[(0,0),(0,0)]", "box": "(0,0),(0,0)",
    "path": "((0,0))", "polygon": "((0,0))", "circle": "<(0,0),0>", "jsonpath": "$",
}  # fmt: skip
GENERAL = (
    "", "0", "empty", "{}", "(0,0)", "a", "A", "x@x.example", "https://x.example/", "2000-01-01", "0.0.0.0",  # noqa: S104
    "00:00:00:00:00:00", "00000000-0000-0000-0000-000000000000", "f", "0/0", "0 0", "0,0", "1:1:", "POINT(0 0)",
    "00000000", "0000000000", "0000000000000",
)  # fmt: skip
# The same, of as many values as there are rows.
NUMBERED = "#"
TRIED = ("1", "2", "99999")
OWN_NUMBERED = {
    "point": "(#,0)", "line": "{1,0,#}", "lseg": "[(0,0),(#,0)]", "box": "(#,#),(0,0)", "path": "((0,0),(#,0))",
    "polygon": "((0,0),(#,0))", "circle": "<(#,0),0>", "hstore": '"n"=>"#"', "jsonpath": "$[#]",
}  # fmt: skip
GENERAL_NUMBERED = (
    "#",
    "a#",
    "A#",
    "x#@x.example",
    "https://x.example/#",
    "[#,#]",
    "(#,#)",
    "#.0",
    "{#}",
    "0/#",
    "#:#:",
)
BLANK = ("", "{}", "null")  # these are as good as none


def fill(
    conn: psycopg.Connection, catalog: Catalog, choices: tuple[Choice, ...]
) -> tuple[tuple[Choice, ...], list[str]]:
    """(the choices, each emptied column that takes no null with its filler, faults). conn: a session of the source."""
    types = {kind.name: kind for kind in catalog.types}
    tables = {table.name: table.shape for table in catalog.tables}
    found, faults = [], []
    for choice in choices:
        if choice.kind == "null":
            asked = Asked(conn, catalog.schema, tables[choice.table], choice.column)
            choice = _filled(choice, asked, types, _unique(tables[choice.table]))
            if choice.filler is None and not asked.takes_null:
                faults.append(_fault(choice, asked.column))
        found.append(choice)
    return tuple(found), faults


def _filled(choice: Choice, asked: "Asked", types: dict[str, Type], unique: set[str]) -> Choice:
    asked.takes_null = _may_be_null(asked.column, types) and asked.takes(None)
    if asked.takes_null:
        return choice
    if choice.column in unique:
        return _numbered(choice, asked, types)
    filler = next((text for text in _candidates(asked.column, types) if asked.takes(text)), None)
    if filler is None or filler in BLANK:
        return replace(choice, filler=filler)
    why = f"{choice.why}; it takes no null, so {filler!r} stands in all rows"
    return replace(choice, kind="constant", filler=filler, why=why)


def _numbered(choice: Choice, asked: "Asked", types: dict[str, Type]) -> Choice:
    """Values that differ; none of more than one row is a fault."""
    found = (
        text for text in _templates(asked.column, types) if all(asked.takes(text.replace(NUMBERED, n)) for n in TRIED)
    )
    filler = next(found, None)
    if filler is None:
        return replace(choice, filler=None)
    why = f"{choice.why}; it takes no null and is unique, so {filler!r} with a number stands in each row"
    return replace(choice, kind="numbered", filler=filler, why=why)


def _templates(column: Column, types: dict[str, Type]) -> Iterable[str]:
    own = types.get(column.base)
    if own and own.kind == "c":
        found = [f"(#{',' * (len(own.attributes) - 1)})"]
        found += [f"({',' * at}#{',' * (len(own.attributes) - 1 - at)})" for at in range(1, len(own.attributes))]
    else:
        found = [OWN_NUMBERED[column.base]] if column.base in OWN_NUMBERED else [*GENERAL_NUMBERED]
    return [_array(text) for text in found] if column.is_array else found


def _array(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'{{"{escaped}"}}'


def _unique(table: Table) -> set[str]:
    """Columns whose values, or theirs with others, stand once."""
    constraints = [c.columns for c in table.constraints if c.kind in "pux"]
    return set().union(*constraints, *(index.columns for index in table.indexes if index.is_unique))


def _fault(choice: Choice, column: Column) -> str:
    found = f"type {column.type} takes no null here, and none of the values that were made up for it"
    remedy = (
        f'say {choice.column} = "keep" under [tables.{choice.table}] in {masking.shown()}, or let the column take nulls'
    )
    return f"{choice.table}.{choice.column}: {found}; {remedy}"


class Asked:
    """One column, and the server that says what it takes: by its type, and by checks that read nothing else."""

    def __init__(self, conn: psycopg.Connection, schema: str, table: Table, name: str):
        self._conn, self._schema, self.column = conn, schema, table.column(name)
        checks = [c.expression for c in table.constraints if c.kind == "c" and c.columns == (name,)]
        self._checks = [f"({text})" for text in checks if text]
        self.takes_null = True

    def takes(self, text: str | None) -> bool:
        """Asked by the type's name, as the catalogue spells it with the schema alone on the search path."""
        query = sql.SQL("select {} from (select {}::{} as {}) as t").format(
            sql.SQL(" and ".join(["true", *self._checks])),
            sql.Literal(text),
            sql.SQL(self.column.type),
            sql.Identifier(self.column.name),
        )
        try:
            with self._conn.transaction(force_rollback=True):
                self._conn.execute("select set_config('search_path', quote_ident(%s), true)", [self._schema])
                return fetch.one(self._conn, query)[0] is not False
        except psycopg.OperationalError:  # the server, not the value
            raise
        except psycopg.DatabaseError:
            return False


def _may_be_null(column: Column, types: dict[str, Type]) -> bool:
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
