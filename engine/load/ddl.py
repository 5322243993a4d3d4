"""DDL that makes what the catalogue read: statements in legacy names, for a schema that is first on the search path.

Laws
- No statement names a schema: all run under `search_path = <build schema>, <schema of the extensions>`.
- Every name is quoted; expressions are PostgreSQL's own text and go through untouched.
- The functions stand in the order in which their statements can run: extensions, types, functions, domain rules,
  sequences, tables; the load; not-nulls, checks, keys, indexes, foreign keys and their validation, comments, owners and
  positions of sequences. The hidden column is dropped before the renames, which come last: whatever depends on a table
  or column follows its name.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeVar

import psycopg
from psycopg import sql

from config.errors import TargetError
from config.postgres.quoting import quoted
from config.postgres.types import NUMBERS
from config.shapes import Column, Constraint, Index, Table
from engine.planning.plan import HIDDEN
from engine.planning.prerequisite_ddl import named, options_of
from engine.reflect import definitions, sequences
from engine.reflect.catalog import Catalog, search_path
from engine.reflect.statements import Statement, alter, comment, script, spell
from engine.session.blame import blame
from engine.session.stop import Stop

Object = TypeVar("Object", Constraint, Index)
GENERATED = {"s": "STORED", "v": "VIRTUAL"}
IDENTITY = {"a": "ALWAYS", "d": "BY DEFAULT"}
# moves nothing where neither the legacy position nor a value is known: setval of NULL does nothing
SET_POSITION = (
    "SELECT setval({}, greatest(edge, {}), {} OR coalesce(edge >= coalesce({}, edge), false))"
    " FROM (SELECT max(value) AS edge FROM ({}) AS found) AS found"
)
# Autovacuum would look at tables that are half loaded, and again at the whole.
AUTOVACUUM = ("autovacuum_enabled", "toast.autovacuum_enabled")
Place = tuple[str, str]  # table and column
Origins = Mapping[Place, Place]  # build column → legacy column, where they differ


def tables(catalog: Catalog, shapes: Iterable[Table], hidden: Collection[str] = ()) -> list[Statement]:
    """Tables without constraints: columns with collations, defaults, identity and generation.

    Autovacuum leaves them alone until `attend`. Those named in `hidden` get the last column HIDDEN, the legacy row that
    each row came from.
    """
    identities = {s.owner: s for s in catalog.sequences if s.is_identity}
    return [_table(shape, identities, shape.name in hidden) for shape in shapes]


def _table(shape: Table, identities: dict[tuple[str, str], sequences.Sequence], is_hidden: bool) -> Statement:
    titles = {c.columns[0]: c.name for c in shape.constraints if c.kind == "n"}
    columns = [
        _column(column, identities.get((shape.name, column.name)), titles.get(column.name)) for column in shape.columns
    ]
    columns += [named(HIDDEN, "text", None)] if is_hidden else []
    options = ", ".join(f"{name} = off" for name in AUTOVACUUM)
    template = f"CREATE TABLE {{}} ({{}}) WITH ({options})"
    return spell("table", shape.name, template, shape.name, sql.SQL(", ").join(columns))


def _column(column: Column, sequence: sequences.Sequence | None, not_null: str | None) -> sql.Composable:
    """not_null: the name of its not-null, which an identity brings with it, so that it has to be named here."""
    # format_type writes one pair of brackets, however many were declared
    typed = named(column.name, column.type + "[]" * (column.dimensions - 1), column.collation)
    rule: sql.Composable
    if column.generated:
        rule = sql.SQL(f"GENERATED ALWAYS AS ({column.default}) {GENERATED[column.generated]}")
    elif column.identity:
        options = sequence and sql.SQL(" (SEQUENCE NAME {} {})").format(
            sql.Identifier(sequence.name), options_of(sequence)
        )
        rule = sql.SQL(f"GENERATED {IDENTITY[column.identity]} AS IDENTITY") + (options or sql.SQL(""))
        if not_null:
            rule = sql.SQL("CONSTRAINT {} NOT NULL ").format(sql.Identifier(not_null)) + rule
    else:
        return typed if column.default is None else typed + sql.SQL(f" DEFAULT {column.default}")
    return typed + sql.SQL(" ") + rule


def not_nulls(shapes: Iterable[Table]) -> list[Statement]:
    """Those that have names of their own keep them. An identity's came with its column."""
    return [
        alter("not null", (shape.name, column.name), _not_null(shape, column))
        for shape in shapes
        for column in shape.columns
        if column.not_null and not column.identity
    ]


def _not_null(shape: Table, column: Column) -> sql.Composable:
    titled = (c for c in shape.constraints if c.kind == "n" and c.columns == (column.name,))
    plain = sql.SQL("ALTER COLUMN {} SET NOT NULL").format(sql.Identifier(column.name))
    return next(map(_addition, titled), plain)


def checks(shapes: Iterable[Table]) -> list[Statement]:
    """Checks, and not-nulls that hold for new rows alone."""
    return [
        _under(shape, constraint, partial(_constraint, "check"))
        for shape in shapes
        for constraint in shape.constraints
        if constraint.kind == "c" or _is_unproven(shape, constraint)
    ]


def _is_unproven(shape: Table, constraint: Constraint) -> bool:
    return constraint.kind == "n" and not shape.column(constraint.columns[0]).not_null


def keys(shapes: Iterable[Table]) -> list[Statement]:
    """Primary keys, uniques and exclusions."""
    make = partial(_constraint, "key")
    return [_under(shape, c, make) for shape in shapes for c in shape.constraints if c.kind in "pux"]


def foreign_keys(shapes: Iterable[Table]) -> list[Statement]:
    """Foreign keys, unchecked: to look at the rows takes a lock that keeps other tables from pointing there."""
    unchecked = [replace(key, is_validated=False) for key in _foreign_keys(shapes)]
    return [_constraint("foreign key", key, definitions.state(key)) for key in unchecked]


def validations(shapes: Iterable[Table]) -> list[Statement]:
    """The validation of foreign keys, except of those that the legacy database has not validated or does not
    enforce."""
    template = "ALTER TABLE {} VALIDATE CONSTRAINT {}"
    return [
        spell("validate", (key.table, key.name), template, key.table, key.name)
        for key in _foreign_keys(shapes)
        if key.is_validated and key.is_enforced
    ]


def _foreign_keys(shapes: Iterable[Table]) -> list[Constraint]:
    return [c for shape in shapes for c in shape.constraints if c.kind == "f"]


def _constraint(phase: str, constraint: Constraint, state: str = "") -> Statement:
    return alter(phase, (constraint.table, constraint.name), _addition(constraint) + sql.SQL(state))


def _addition(constraint: Constraint) -> sql.Composable:
    definition = sql.SQL(definitions.constraint(constraint))
    return sql.SQL("ADD CONSTRAINT {} {}").format(sql.Identifier(constraint.name), definition)


def indexes(shapes: Iterable[Table]) -> list[Statement]:
    return [_under(shape, index, _index) for shape in shapes for index in shape.indexes]


def _index(index: Index) -> Statement:
    return Statement("index", (index.table, index.name), definitions.index(index))


def _under(shape: Table, found: Object, make: Callable[[Object], Statement]) -> Statement:
    """The statement for an object whose texts have other names for some columns: it runs while these are so called.

    What is made follows the columns back. A column that has such a name itself makes way meanwhile.
    """
    wanted = {name: called for called, name in found.under}
    made = make(_called(found, wanted))
    return _meanwhile(shape, wanted, made)


def _meanwhile(shape: Table, wanted: dict[str, str], made: Statement) -> Statement:
    """The statement between those that give columns other names and those that take these back."""
    there = {column.name for column in shape.columns}
    moving = [*wanted, *(called for called in wanted.values() if called in there - wanted.keys())]
    pairs = [(name, f"__moving_{number}") for number, name in enumerate(moving)]
    pairs += [(f"__moving_{number}", called) for number, called in enumerate(wanted.values())]
    back = [(new, old) for old, new in reversed(pairs)]
    before, after = ([_renaming(shape.name, *pair) for pair in some] for some in (pairs, back))
    return replace(made, sql="; ".join([*before, made.sql, *after]), action="")


def _renaming(table: str, old: str, new: str) -> str:
    query = sql.SQL("ALTER TABLE {} RENAME COLUMN {} TO {}")
    return query.format(sql.Identifier(table), sql.Identifier(old), sql.Identifier(new)).as_string()


def _called(found: Object, names: dict[str, str]) -> Object:
    """The object over its plain columns as they are called meanwhile."""
    elements = [
        replace(e, column=names[e.column], expression=quoted(names[e.column])) if e.column in names else e
        for e in found.elements
    ]
    columns, include = (tuple(names.get(c, c) for c in some) for some in (found.columns, found.include))
    return replace(found, columns=columns, include=include, elements=tuple(elements))


def comments(shapes: Iterable[Table]) -> list[Statement]:
    """Comments on tables, their columns, constraints and indexes."""
    return [
        comment(place, text, *target)
        for shape in shapes
        for place, text, *target in _remarks(shape)
        if text is not None
    ]


def _remarks(shape: Table) -> Iterator[tuple[tuple[str, ...], str | None, str, *tuple[str, ...]]]:
    yield (shape.name,), shape.comment, "TABLE {}", shape.name
    for column in shape.columns:
        yield ((shape.name, column.name), column.comment, "COLUMN {}.{}", shape.name, column.name)
    for constraint in shape.constraints:
        place = (shape.name, constraint.name)
        yield (place, constraint.comment, "CONSTRAINT {} ON {}", constraint.name, shape.name)
    for index in shape.indexes:
        yield (shape.name, index.name), index.comment, "INDEX {}", index.name


def owners(catalog: Catalog, shapes: Iterable[Table], origins: Origins | None = None) -> list[Statement]:
    """Gives each owned sequence to its column, where that is still there."""
    columns = _by_origin(shapes, origins or {})
    return [
        spell("owner", s.name, "ALTER SEQUENCE {} OWNED BY {}.{}", s.name, *columns[s.owner][0])
        for s in catalog.sequences
        if s.owner in columns and not s.is_identity
    ]


def _by_origin(shapes: Iterable[Table], origins: Origins) -> dict[Place, list[Place]]:
    """The columns of the shapes by the legacy column that each of them was."""
    found: dict[Place, list[Place]] = {}
    for place in ((shape.name, column.name) for shape in shapes for column in shape.columns):
        found.setdefault(origins.get(place, place), []).append(place)
    return found


def read_by(catalog: Catalog) -> dict[str, set[Place]]:
    """Sequence → the legacy columns that have its numbers: its owner, and those whose defaults call it."""
    found = {s.name: {s.owner} if s.table else set() for s in catalog.sequences}
    for need in catalog.dependencies:
        if need.kind == "sequence" and need.user_kind == "default" and need.name in found:
            found[need.name].add((need.table, need.user))
    return found


def positions(
    catalog: Catalog, shapes: Iterable[Table], names: Collection[str], origins: Origins | None = None
) -> list[Statement]:
    """Set each sequence to go on after its legacy position and after every value that its columns hold.

    names: the sequences made by `sequences`; those of identity columns are made with their tables. Values outside a
    sequence's bounds do not move it. One that cycles goes on from its legacy position alone: once it has cycled, the
    greatest value says nothing.
    """
    shapes = list(shapes)
    columns = {(shape.name, c.name): c for shape in shapes for c in shape.columns}
    places = _by_origin(shapes, origins or {})
    readers = {
        name: {place for read in found for place in places.get(read, ())} for name, found in read_by(catalog).items()
    }
    identities = {place for place, column in columns.items() if column.identity}
    made = [s for s in catalog.sequences if s.name in names or (s.is_identity and (s.table, s.column) in identities)]
    return [
        _position(s, sorted(r for r in readers[s.name] if r in columns and columns[r].base in NUMBERS)) for s in made
    ]


def _position(sequence: sequences.Sequence, readers: list[tuple[str, str]]) -> Statement:
    is_up = sequence.increment > 0
    if sequence.is_cycled and sequence.is_readable:
        readers = []
    edges = [_edge(sequence, table, column) for table, column in readers] or [sql.SQL("SELECT NULL::bigint AS value")]
    template = SET_POSITION if is_up else SET_POSITION.replace("greatest", "least").replace(">=", "<=")
    template = template if is_up else template.replace("max(", "min(")
    last = sql.SQL("NULL" if sequence.last_value is None else str(sequence.last_value))
    name = sql.Literal(sql.Identifier(sequence.name).as_string())
    is_called = sql.SQL("true" if sequence.is_called else "false")
    return spell("position", sequence.name, template, name, last, is_called, last, sql.SQL(" UNION ALL ").join(edges))


def _edge(sequence: sequences.Sequence, table: str, column: str) -> sql.Composable:
    """The column's last value in the direction of the sequence; NaN and infinities lie beyond every bound."""
    template = sql.SQL("SELECT trunc({}({})::numeric)::bigint AS value FROM {} WHERE {} BETWEEN {} AND {}")
    last, name = (sql.SQL("max" if sequence.increment > 0 else "min"), sql.Identifier(column))
    bounds = [sql.SQL(str(bound)) for bound in (sequence.minimum, sequence.maximum)]
    return template.format(last, name, sql.Identifier(table), name, *bounds)


def renames(names: Iterable[tuple[str, str]], columns: Iterable[tuple[str, str, str]]) -> list[Statement]:
    """(table, new name) and (table, column, new name), all in legacy names: the columns go first."""
    return [
        spell("rename", (table, column), "ALTER TABLE {} RENAME COLUMN {} TO {}", table, column, new)
        for table, column, new in columns
    ] + [spell("rename", table, "ALTER TABLE {} RENAME TO {}", table, new) for table, new in names]


def attend(shapes: Iterable[Table]) -> list[Statement]:
    """Lets autovacuum have the tables, as it has all others."""
    names = ", ".join(AUTOVACUUM)
    return [spell("storage", shape.name, f"ALTER TABLE {{}} RESET ({names})", shape.name) for shape in shapes]


def drop_hidden(names: Iterable[str]) -> list[Statement]:
    return [spell("drop", (n, HIDDEN), "ALTER TABLE {} DROP COLUMN {}", n, HIDDEN) for n in names]


def replay(
    connection: psycopg.Connection,
    path: Sequence[str],
    statements: Iterable[Statement],
    stop: Stop | None = None,
) -> None:
    """Runs the statements in the first schema of the path, in a transaction of their own.

    They go to the server at once; only where that fails one by one, so that the error names the one that did. Errors:
    TargetError, Interrupted.
    """
    statements = list(statements)
    with connection.transaction(), search_path(connection, *path):
        if _is_run_at_once(connection, statements, stop or Stop()):
            return
        for statement in statements:
            with blame(TargetError, f"making {statement.phase} {statement.what}", stop):
                connection.execute(statement.sql)


def _is_run_at_once(connection: psycopg.Connection, statements: Iterable[Statement], stop: Stop) -> bool:
    try:
        with connection.transaction():
            connection.execute(script(statements))
        return True
    except psycopg.DatabaseError:
        stop.check()  # what was cancelled is not tried again
        return False
