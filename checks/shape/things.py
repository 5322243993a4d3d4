"""What a schema holds, as a list of things that can be compared.

Laws
- pg_catalog alone is read, a statement for each kind of thing. What a statement calls is found before the schema comes
  on the search path, by which definitions are spelled: so nothing of the schema's own is called.
- Two things are the same if their statements are, spelling aside: schemas of types may differ between two servers,
  names, literals, operators, casts and what stands in brackets may not (checks.shape.definitions).
"""

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from checks.reading.statements import one_value
from checks.shape import definitions, locales
from checks.verdict import Row
from config.rules import Mapping as Rules

FOLDER = Path(__file__).parent / "sql"
MISSING, DIFFERS, UNEXPECTED = "missing", "differs", "unexpected"
KINDS = (
    "relations", "columns", "constraints", "indexes", "sequences", "types", "functions", "languages", "others",
    "grants",
)  # fmt: skip
# What an expression, a type or a list of parts with such is called in a statement.
TEXTS = {"default", "definition", "expression", "predicate", "arguments", "result"}
PARTS = {"keys", "checks", "attributes"}
# What a constraint takes over from the index that serves it.
OF_INDEX = (
    "method", "keys", "included", "predicate", "nulls not distinct", "valid", "ready", "clustered",
    "serves as replica identity", "storage parameters",
)  # fmt: skip
SETTING, SET = "select pg_catalog.current_setting(%s)", "select pg_catalog.set_config(%s, %s, false)"
SCHEMAS = "select nspname::text from pg_catalog.pg_namespace where nspname !~ '^pg_'"
POSITION = "select {}::text as name, last_value, is_called from {}"
Says = dict[str, Any]
Key = tuple[str, str | None, str]


@dataclass(frozen=True)
class Thing:
    """kind: table, column, constraint, index, sequence, type, function, grant, trigger, …; of: its table, if any."""

    kind: str
    of: str | None
    name: str
    says: Says = field(default_factory=dict, compare=False)
    is_named: bool = field(default=True, compare=False)  # whether it has to have this name
    base: str = field(default="", compare=False)  # of a wanted column: its base type
    # In its expressions casts of these columns and of literals are spelling; None: no cast is.
    retyped: frozenset[str] | None = field(default=None, compare=False)
    made_of: "Thing | None" = field(default=None, compare=False, repr=False)  # the legacy thing, if it was one

    @property
    def table(self) -> str:
        """The table that a column, a constraint or an index is of. Errors: LookupError."""
        if self.of is None:
            raise LookupError(f"{self.kind} {self.name} is of no table")
        return self.of

    @property
    def key(self) -> Key:
        return self.kind, self.of, self.name

    def saying(self, **says: Any) -> "Thing":
        """The same thing with other statements; a blank in a statement's name is written as _."""
        return replace(self, says=self.says | {name.replace("_", " "): value for name, value in says.items()})


def read(conn: psycopg.Connection, schema: str) -> tuple[Thing, ...]:
    """Everything in a schema; nothing where there is none."""
    quoted = one_value(conn, str, "select pg_catalog.quote_ident(%s)", [schema])
    # loops are allowed: catalogues have an index for whatever is asked
    with _set(conn, "enable_nestloop", "on"), contextlib.ExitStack() as stack:
        cursors = [stack.enter_context(_asked(conn, kind, schema)) for kind in KINDS]
        with _set(conn, "search_path", quoted):
            found = [_spelled(Thing(*row)) for cursor in cursors for row in cursor.fetchall()]
    return tuple(_positioned(conn, schema, list(_unqualified(conn, list(_with_indexes(found))))))


def sequences(conn: psycopg.Connection, schema: str) -> tuple[Thing, ...]:
    """The sequences of a schema, with where they stand."""
    quoted = one_value(conn, str, "select pg_catalog.quote_ident(%s)", [schema])
    with (
        _set(conn, "enable_nestloop", "on"),
        _asked(conn, "sequences", schema) as cursor,
        _set(conn, "search_path", quoted),
    ):
        found = [Thing(*row) for row in cursor.fetchall()]
    return tuple(_positioned(conn, schema, found))


def _spelled(thing: Thing) -> Thing:
    if thing.kind == "collation" and thing.says["provider"] == "i":
        return thing.saying(locale=locales.standard(thing.says["locale"] or ""))
    return thing


@contextlib.contextmanager
def _set(conn: psycopg.Connection, name: str, value: str) -> Iterator[None]:
    """The setting within the block; an error ends the transaction, and with it what was set."""
    before = one_value(conn, str, SETTING, [name])
    conn.execute(SET, [name, value])
    yield
    conn.execute(SET, [name, before])


def _asked(conn: psycopg.Connection, kind: str, schema: str) -> psycopg.ServerCursor:
    """The statement about one kind, its names found and its plan made, and no row read yet."""
    cursor = conn.cursor(name=f"shape_{kind}")
    return cursor.execute((FOLDER / f"{kind}.sql").read_text(encoding="utf-8"), {"schema": schema})


def _with_indexes(things: list[Thing]) -> Iterator[Thing]:
    """The index of a constraint is part of it."""
    serving = {
        (thing.of, thing.says["constraint"]): thing.says
        for thing in things
        if thing.kind == "index" and thing.says["constraint"]
    }
    for thing in things:
        if thing.kind == "constraint" and (says := serving.get((thing.of, thing.name))):
            yield replace(thing, says=thing.says | {name: says[name] for name in OF_INDEX})
        elif thing.kind != "index" or not thing.says["constraint"]:
            yield thing


def _unqualified(conn: psycopg.Connection, things: list[Thing]) -> Iterator[Thing]:
    """What functions do, without the names of schemas: what they call may be elsewhere on the other server."""
    is_asked = any(thing.kind == "function" for thing in things)
    schemas = {name for (name,) in conn.execute(SCHEMAS)} if is_asked else set()
    for thing in things:
        is_function = thing.kind == "function" and thing.says["body"] is not None
        yield thing.saying(body=definitions.unqualified(thing.says["body"], schemas)) if is_function else thing


def _positioned(conn: psycopg.Connection, schema: str, things: list[Thing]) -> Iterator[Thing]:
    """Sequences say where they stand: pg_sequence tells neither what setval(…, false) left nor what was never drawn."""
    names = [thing.name for thing in things if thing.kind == "sequence"]
    found: dict[str, tuple[int, bool]] = {}
    for start in range(0, len(names), 500):  # a union of thousands would exhaust the server's stack
        parts = [
            sql.SQL(POSITION).format(sql.Literal(name), sql.Identifier(schema, name))
            for name in names[start : start + 500]
        ]
        rows = conn.execute(sql.SQL(" union all ").join(parts))
        found |= {name: (last, is_called) for name, last, is_called in rows}
    for thing in things:
        if thing.kind == "sequence":
            last, is_called = found[thing.name]
            thing = thing.saying(last=last, is_called=is_called)
        yield thing


def named(legacy: Iterable[Thing], rules: Rules) -> tuple[Thing, ...]:
    """The legacy things, constraints and indexes under the names that the mapping gives some of them."""
    names: dict[tuple[str | None, str], str] = {
        (table, old): new for table, rule in rules.tables.items() for old, new in rule.names.items()
    }
    parts = ("constraint", "index")
    return tuple(
        replace(thing, name=names.get((thing.of, thing.name), thing.name)) if thing.kind in parts else thing
        for thing in legacy
    )


def spelled(says: Says, names: Mapping[str, str] = {}) -> Says:
    """The statements with their spelling aside. names: what names in expressions become."""
    found = dict(says)
    for name, value in says.items():
        if name in TEXTS and value is not None:
            found[name] = definitions.expression(value, names)
        elif name == "type" and value is not None:
            found[name] = definitions.bare(value)
        elif name in PARTS and value is not None:
            found[name] = [spelled(part, names) for part in value]
    return found


def eased(says: Says, retyped: frozenset[str]) -> Says:
    """The statements without the casts that are spelling where these columns have another type."""
    found = dict(says)
    for name, value in says.items():
        if name in TEXTS and value is not None:
            found[name] = definitions.eased(value, retyped)
        elif name in PARTS and value is not None:
            found[name] = [eased(part, retyped) for part in value]
    return found


def compared(wanted: Iterable[Thing], optional: Iterable[Thing], found: Iterable[Thing]) -> dict[Key, Row]:
    """A row for each thing that is or should be there; `what` is empty where it is as it should be.

    wanted: their statements are compared, others that are found say nothing. optional: need not be there.
    """
    should, may = {thing.key: thing for thing in wanted}, {thing.key: thing for thing in optional}
    there = {thing.key: thing for thing in found}
    rows = {}
    for key in [*should, *(key for key in there if key not in should)]:
        thing = should.get(key) or may.get(key)
        rows[key] = _row(thing, there.get(key), key)
    return rows


def _row(wanted: Thing | None, found: Thing | None, key: Key) -> Row:
    kind, _, name = key
    if wanted is None or found is None:
        return Row(f"{kind} {name}", UNEXPECTED if wanted is None else MISSING)
    has, says = spelled(found.says), wanted.says
    if wanted.retyped is not None:
        has, says = eased(has, wanted.retyped), eased(says, wanted.retyped)
    differing = tuple(sorted(name for name, value in says.items() if has.get(name) != value))
    return Row(f"{kind} {name}", DIFFERS if differing else "", differing)
