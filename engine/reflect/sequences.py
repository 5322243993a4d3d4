"""Sequences of a schema, and those that expressions name by a text.

Laws
- Positions are read from the sequences themselves, for only they have is_called, which setval(…, false) sets.
- `nextval('public.s'::text)` looks the sequence up by name when it runs, so PostgreSQL does not know that it is needed.
  Where the text is made of literals alone, the expression names the sequence itself instead; what else a text is made
  of cannot be known, and is told.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import psycopg
from psycopg import sql

from config.shapes import Table
from engine.reflect.expressions import Token, tokens
from engine.reflect.objects import DomainCheck, Type

CALLS = {"nextval", "currval", "setval"}
TEXTS = {"text", "varchar", "character", "varying", "bpchar", "name", "pg_catalog"}
OF_LITERALS = {"(", ")", ":", ".", "||"}
FIND = """
    select n.nspname, c.relname,
           pg_catalog.concat(
               case when n.nspname <> pg_catalog.current_schema() then pg_catalog.format('%I.', n.nspname) end,
               pg_catalog.quote_ident(c.relname)
           )
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'S' and c.oid = pg_catalog.to_regclass(({})::text)
"""

User = tuple[str, str, str]  # what names a sequence: its kind, its table or type, and its name


@dataclass(frozen=True)
class Sequence:
    """One sequence. table, column: of its owner, None where it is free; last_value: None where it cannot be read.

    has_select: whether the role may read it; an unlogged one is not there on a standby.
    """

    name: str
    type: str
    start: int
    increment: int
    minimum: int
    maximum: int
    cache: int
    is_cycled: bool
    table: str | None = None
    column: str | None = None
    is_identity: bool = False
    persistence: str = "p"
    extension: str | None = None
    comment: str | None = None
    oid: int = field(default=0, compare=False)
    last_value: int | None = field(default=None, compare=False)
    is_called: bool = field(default=False, compare=False)
    has_select: bool = field(default=True, compare=False)

    @property
    def owner(self) -> tuple[str, str]:
        """Table and column; of a free one names that nothing has."""
        return self.table or "", self.column or ""

    @property
    def is_readable(self) -> bool:
        return self.last_value is not None


@dataclass(frozen=True)
class Named:
    """A sequence that an expression names by a text; schema and name: None where nobody can tell which."""

    text: str
    schema: str | None = None
    name: str | None = None


def positions(cursor: psycopg.Cursor[dict[str, Any]], schema: str, names: list[str]) -> dict[str, dict[str, Any]]:
    """The position of each of these sequences, from the sequence itself, for pg_sequences has no is_called."""
    one = sql.SQL("select {} as name, last_value, is_called from {}")
    found: dict[str, dict[str, Any]] = {}
    for start in range(0, len(names), 500):  # a union of thousands would exhaust the server's stack
        selects = [one.format(name, sql.Identifier(schema, name)) for name in names[start : start + 500]]
        for row in cursor.execute(sql.SQL(" union all ").join(selects)):
            found[row.pop("name")] = row
    return found


def resolved(
    connection: psycopg.Connection, shapes: Iterable[Table], types: Iterable[Type]
) -> tuple[tuple[Table, ...], tuple[Type, ...], list[tuple[User, Named]]]:
    """Shapes and types whose defaults and checks name sequences themselves; ((kind, table, user), Named) of each."""
    found: list[tuple[User, Named]] = []

    def text(before: str | None, kind: str, table: str, name: str) -> str | None:
        if not before:
            return before
        after, named = resolve(connection, before)
        found.extend(((kind, table, name), one) for one in named)
        return after

    def of_table(shape: Table) -> Table:
        name = shape.name
        columns = (replace(c, default=text(c.default, "default", name, c.name)) for c in shape.columns)
        constraints = (replace(c, expression=text(c.expression, "constraint", name, c.name)) for c in shape.constraints)
        return replace(shape, columns=tuple(columns), constraints=tuple(constraints))

    def of_check(kind: Type, check: DomainCheck) -> DomainCheck:
        return replace(check, expression=text(check.expression, "domain check", kind.name, check.name) or "")

    def of_type(kind: Type) -> Type:
        checks = [of_check(kind, check) for check in kind.checks]
        default = text(kind.default, "domain default", kind.name, kind.name)
        return replace(kind, default=default, checks=tuple(checks))

    return tuple(map(of_table, shapes)), tuple(map(of_type, types)), found


def resolve(connection: psycopg.Connection, expression: str) -> tuple[str, list[Named]]:
    """The expression with the sequences themselves where it named them by texts, and which those are."""
    pieces, found = tokens(expression), []
    for start, end in reversed(_arguments(pieces)):
        argument = "".join(piece.text for piece in pieces[start:end])
        named = _find(connection, pieces[start:end], argument)
        if named:
            found.append(named[0])
            pieces[start:end] = [Token("string", named[1])]
    return "".join(piece.text for piece in pieces), found


def _arguments(pieces: list[Token]) -> list[tuple[int, int]]:
    """Where the first arguments of the calls stand."""
    found = []
    for at, piece in enumerate(pieces[:-1]):
        if piece.kind == "word" and piece.name in CALLS and pieces[at + 1].text == "(":
            found.append((at + 2, _end(pieces, at + 2)))
    return found


def _end(pieces: list[Token], start: int) -> int:
    depth = 0
    for at in range(start, len(pieces)):
        if depth == 0 and pieces[at].text in (",", ")"):
            return at
        depth += (pieces[at].text == "(") - (pieces[at].text == ")")
    return len(pieces)


def _find(connection: psycopg.Connection, pieces: list[Token], argument: str) -> tuple[Named, str] | None:
    """The sequence that an argument names by a text, and its own spelling; None where it names no text."""
    *texts, first, second, kind = [Token("other", "")] * 3 + pieces
    is_cast = (first.text, second.text, kind.name) == (":", ":", "regclass")
    texts = [piece for piece in texts if piece.text]
    if is_cast and len(texts) == 1 and texts[0].kind == "string":
        return None  # the sequence itself
    if not is_cast or not all(map(_is_literal, texts)):
        return Named(argument), argument
    row = _look_up(connection, "".join(piece.text for piece in texts))
    if row is None:
        return Named(argument), argument
    return Named(argument, row[0], row[1]), f"{sql.Literal(row[2]).as_string(None)}::regclass"


def _is_literal(piece: Token) -> bool:
    return piece.kind in ("string", "space") or piece.text in OF_LITERALS or (piece.name or "") in TEXTS


def _look_up(connection: psycopg.Connection, text: str) -> tuple[str, str, str] | None:
    try:
        with connection.transaction(), connection.cursor() as cursor:
            return cursor.execute(FIND.replace("{}", text).encode()).fetchone()
    except (psycopg.DataError, psycopg.ProgrammingError):  # no name at all
        return None
