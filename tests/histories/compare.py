"""Whether two builds and their books are equal, row for row, and where they are not.

Laws
- Rows are compared as the text of all their columns in sessions of one form: 1.0 is not 1.00, NaN is not null, and two
  spellings of one json value differ. The hidden column of an open build is left aside.
- Equal are also the definitions (columns, constraints and whether they are validated, indexes, types, functions) and
  where the sequences stand, and of the books what a run says of rows, its id aside.
- Rows without a key are compared as a multiset; the books name such a row by its place in the source, which is the same
  for all who read one snapshot.
"""

import contextlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

import psycopg
from psycopg import sql

from config.shapes import by_name
from engine.planning.plan import HIDDEN
from engine.reflect import catalog
from engine.reflect.catalog import Catalog, LegacyTable

SHOWN_ROWS, SHOWN_LETTERS = 20, 100
FETCHED = 2_000  # differing rows that are looked at, of which so many are shown
FORM = """
    set local timezone = 'UTC'; set local datestyle = 'ISO'; set local intervalstyle = 'postgres';
    set local bytea_output = 'hex'; set local extra_float_digits = 3
"""
# Table of the books → the columns that name one of its rows; without any a row is named by all of it.
BOOKS: dict[str, tuple[str, ...]] = {
    "tables": ("legacy_table",),
    "rejects": ("legacy_table", "legacy_key"),
    "id_map": (),
    "removed_links": (),
    "notes": (),
    "moved": (),
    "gone": (),
    "balance": ("legacy_table",),
}
# Not of the rows: which run, and which files the source's table had, which another server tells otherwise.
NOT_COMPARED = ("run_id", "files")
OF_A_SCHEMA = ("types", "functions", "sequences", "collations", "text_search", "not_migrated")
SUM = """
    select count(*), sum(('x' || left(md5(t::text), 16))::bit(64)::bigint::numeric)::text,
           sum(('x' || right(md5(t::text), 16))::bit(64)::bigint::numeric)::text from ({}) as t
"""
Row = tuple[str | None, ...]


class Side(NamedTuple):
    """One build, in its finished form. conn: on its target; schema, archive: where it stands."""

    conn: psycopg.Connection
    schema: str
    archive: str
    run_id: str


@dataclass(frozen=True)
class _Rows:
    """Rows of one name on both sides. queries: of each side, in the same columns; key: some of these."""

    name: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    queries: tuple[sql.Composed, sql.Composed]


def differences(
    a: Side | tuple[Any, ...],
    b: Side | tuple[Any, ...],
    *,
    books: Iterable[str] = BOOKS,
    positions: bool = True,
) -> list[str]:
    """Every difference, one line each, at most 20 rows a table; none where both are equal.

    books: tables of the books that are compared, by default those of BOOKS. positions: whether the sequences stand
    where the others do; a source that is written to moves its own, whatever a snapshot sees.
    """
    one, other = Side(*a), Side(*b)
    with ExitStack() as stack:
        for conn in (one.conn, other.conn):
            stack.enter_context(_in_one_form(conn))
        found: list[str] = []
        for first, second in ((one.schema, other.schema), (one.archive, other.archive)):
            shapes = catalog.reflect(one.conn, first), catalog.reflect(other.conn, second)
            found += _definitions(*shapes)
            if positions:
                found += _positions(*shapes)
            for rows in _tables(*shapes):
                found += _compared(one.conn, other.conn, rows)
        for table in books:
            found += _compared(one.conn, other.conn, _book(table, one, other))
    return found


@contextlib.contextmanager
def _in_one_form(conn: psycopg.Connection) -> Iterator[None]:
    """Values are written in one form, until the end of the block; the session is then as it was."""
    with conn.transaction(force_rollback=True):
        conn.execute(FORM)
        yield


def _definitions(a: Catalog, b: Catalog) -> Iterator[str]:
    yield from _parts(a.schema, "table", a.tables, b.tables, of_what=False)
    for table in a.tables:
        if (same := b.find_table(table.name)) is None:
            continue
        name, shape, other = f"{a.schema}.{table.name}", table.shape, same.shape
        columns, others = ([c for c in each.columns if c.name != HIDDEN] for each in (shape, other))
        if [c.name for c in columns] != [c.name for c in others] and {*by_name(columns)} == {*by_name(others)}:
            yield f"{name}: its columns stand in another order"
        yield from _parts(name, "column", columns, others)
        yield from _parts(name, "constraint", shape.constraints, other.constraints)
        yield from _parts(name, "index", shape.indexes, other.indexes)
        if shape.comment != other.comment:
            yield f"{name}: its comment differs"
        for said in ("kind", "partition_key", "persistence", "options", "invalid_indexes", "has_row_security"):
            if getattr(table, said) != getattr(same, said):
                yield f"{name}: {said} is {getattr(table, said)!r} here and {getattr(same, said)!r} there"
    for kind in OF_A_SCHEMA:
        yield from _parts(a.schema, kind, getattr(a, kind), getattr(b, kind))


def _parts(where: str, kind: str, ours: Iterable[Any], theirs: Iterable[Any], *, of_what: bool = True) -> Iterator[str]:
    """What is on one side alone, and, of_what, what is said otherwise of what is on both."""
    here, there = ({getattr(each, "name", str(each)): each for each in side} for side in (ours, theirs))
    for name in sorted({*here} - {*there}):
        yield f"{where}: {kind} {name} is only here"
    for name in sorted({*there} - {*here}):
        yield f"{where}: {kind} {name} is only there"
    for name in sorted({*here} & {*there}) if of_what else ():
        if here[name] != there[name]:
            said = [
                f"{one.name} is {getattr(here[name], one.name)!r} here and {getattr(there[name], one.name)!r} there"
                for one in fields(here[name])
                if one.compare and getattr(here[name], one.name) != getattr(there[name], one.name)
            ]
            yield f"{where}: {kind} {name}: {'; '.join(said)}"


def _positions(a: Catalog, b: Catalog) -> Iterator[str]:
    there = by_name(b.sequences)
    for sequence in a.sequences:
        same = there.get(sequence.name)
        ours = sequence.last_value, sequence.is_called
        if same and ours != (theirs := (same.last_value, same.is_called)):
            yield f"{a.schema}: sequence {sequence.name} stands at {ours} here and at {theirs} there"


def _tables(a: Catalog, b: Catalog) -> Iterator[_Rows]:
    for table in a.tables:
        if same := b.find_table(table.name):
            columns = _common(table, same)
            named = sql.SQL(", ").join(map(sql.Identifier, columns))
            ours, theirs = (
                sql.SQL("select {} from {}{}").format(
                    named, sql.SQL("" if table.kind == "p" else "only "), sql.Identifier(side.schema, table.name)
                )
                for side in (a, b)
            )
            key = tuple(name for name in table.shape.primary_key if name in columns)
            yield _Rows(f"{a.schema}.{table.name}", columns, key, (ours, theirs))


def _common(table: LegacyTable, other: LegacyTable) -> tuple[str, ...]:
    """The columns that both have; that one has more was said already."""
    return tuple(c.name for c in table.shape.columns if c.name != HIDDEN and other.shape.find_column(c.name))


def _book(table: str, a: Side, b: Side) -> _Rows:
    query = """
        select attname::text from pg_attribute
        where attrelid = ('migration.' || %s)::regclass and attnum > 0 and not attisdropped
        order by attnum
    """
    columns = tuple(n for (n,) in a.conn.execute(query, [table]).fetchall() if n not in NOT_COMPARED)
    named = sql.SQL(", ").join(map(sql.Identifier, columns))
    ours, theirs = (
        sql.SQL("select {} from migration.{} where run_id = {}").format(
            named, sql.Identifier(table), sql.Literal(side.run_id)
        )
        for side in (a, b)
    )
    return _Rows(f"migration.{table}", columns, BOOKS.get(table, ()), (ours, theirs))


def _compared(a: psycopg.Connection, b: psycopg.Connection, rows: _Rows) -> list[str]:
    sums = [conn.execute(sql.SQL(SUM).format(q)).fetchone() for conn, q in zip((a, b), rows.queries, strict=True)]
    if sums[0] == sums[1]:
        return []
    hashes = [_hashes(conn, query) for conn, query in zip((a, b), rows.queries, strict=True)]
    only = [hashes[0] - hashes[1], hashes[1] - hashes[0]]
    found = [_fetched(conn, rows, q, h) for conn, q, h in zip((a, b), rows.queries, only, strict=True)]
    lines = list(_lines(rows, *found))
    hidden = len(lines) - SHOWN_ROWS
    rest = [f"{rows.name}: {hidden} more rows differ"] if hidden > 0 else []
    counted = f"{rows.name}: {only[0].total()} rows are only here, {only[1].total()} only there"
    return [counted, *lines[:SHOWN_ROWS], *rest]


def _hashes(conn: psycopg.Connection, query: sql.Composed) -> Counter[str]:
    return Counter(h for (h,) in conn.execute(sql.SQL("select md5(t::text) from ({}) as t").format(query)))


def _fetched(conn: psycopg.Connection, rows: _Rows, query: sql.Composed, hashes: Counter[str]) -> list[Row]:
    """The rows of these hashes, as often as each is too many, by their columns as texts."""
    columns = sql.SQL(", ").join(sql.SQL("t.{}::text").format(sql.Identifier(name)) for name in rows.columns)
    wanted = sorted(hashes)[:FETCHED]
    asked = sql.SQL("select md5(t::text), array[{}]::text[] from ({}) as t where md5(t::text) = any({})")
    left, found = Counter(hashes), list[Row]()
    for said, values in conn.execute(asked.format(columns, query, sql.Literal(wanted))):
        if left[said] > 0:
            left[said] -= 1
            found.append(tuple(values))
    return found


def _lines(rows: _Rows, ours: Sequence[Row], theirs: Sequence[Row]) -> Iterator[str]:
    """What differs, by key; first rows that are on both sides and differ."""
    key = [rows.columns.index(name) for name in rows.key or rows.columns]
    by_key: dict[Row, tuple[list[Row], list[Row]]] = defaultdict(lambda: ([], []))
    for side, found in enumerate((ours, theirs)):
        for row in found:
            by_key[tuple(row[place] for place in key)][side].append(row)
    for of_key, (here, there) in sorted(by_key.items(), key=lambda entry: (not all(entry[1]), str(entry[0]))):
        named = ", ".join(f"{rows.columns[place]}={_short(v)}" for place, v in zip(key, of_key, strict=True))
        if len(here) == len(there) == 1:
            pairs = zip(rows.columns, here[0], there[0], strict=True)
            said = [f"{column} is {_short(x)} here and {_short(y)} there" for column, x, y in pairs if x != y]
            yield f"{rows.name} ({named}): {'; '.join(said)}"
        else:
            yield f"{rows.name} ({named}): {len(here)} here and {len(there)} there"


def _short(value: str | None) -> str:
    text = "null" if value is None else repr(value)
    return text if len(text) <= SHOWN_LETTERS else text[:SHOWN_LETTERS] + "…"
