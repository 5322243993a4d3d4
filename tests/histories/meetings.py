"""Kinds of writes in which rows meet: rivals for one value, two spellings of one id, families that go or move together,
keys that change hands, and whole tables at once. They are among tests.histories.kinds.WRITES.
"""

import contextlib
import re
import uuid
from collections.abc import Callable

import psycopg
from psycopg import sql

from tests.histories.legacy import KINDS, SMALL_ROWS, TEXTS, Reference, Rows
from tests.histories.values import literal
from tests.histories.writes import NotApplicable, Row, Values, Writes

HANDLES = re.compile(r"(^|_)(email|handle|slug|code|username|phone|key)$")
SPELLINGS: tuple[Callable[[str], str], ...] = (
    str, str.upper, str.lower, str.title, lambda v: f" {v}", lambda v: f"{v} "
)  # fmt: skip
OF_IDS: tuple[Callable[[str], str], ...] = (
    str, str.upper, lambda v: v.replace("-", ""), lambda v: f"{{{v}}}", lambda v: f" {v}", lambda v: v[:-1]
)  # fmt: skip
SHAPES = ("[]", "{}", '"text"', "7", "null", '{"a": {"b": [1, null]}}', '[{"type": 1}]', '{"id": ""}')
KEPT = 10  # rows of a table that is emptied, which may come back


def rival(w: Writes, session: psycopg.Connection) -> int:
    """A row whose handle is another's, as it is or spelled otherwise."""
    table, name, row = _with_handle(w, session)
    theirs = _value(w, session, table, row, name)
    value = literal(w.rng.choice(SPELLINGS)(theirs), table.shape.column(name))
    if w.rng.random() < 0.5:
        return w.copy(session, table, row, w.new_key(table) | {name: value})
    return w.update(session, table, w.row(session, table), {name: value})


def rival_gone(w: Writes, session: psycopg.Connection) -> int:
    """One of the rows that have one handle goes, or gets another."""
    table = w.table(_handles)
    name = w.rng.choice(_handles(table))
    query = "exists (select from {} as o where lower(trim(o.{c})) = lower(trim(t.{c})) and o.ctid <> t.ctid)"
    has_rival = sql.SQL(query).format(table.source, c=sql.Identifier(name))
    row = w.row(session, table, has_rival)
    if w.rng.random() < 0.5:
        return w.delete(session, table, row)
    return w.update(session, table, row, {name: w.new(table, name)})


def namesake(w: Writes, session: psycopg.Connection) -> int:
    """An id as text that spells another row's, or a row's own id spelled otherwise."""
    table = w.table(lambda t: len(t.key) == 1 and t.shape.column(t.key[0]).base in TEXTS)
    (name,) = table.key
    row = w.row(session, table)
    values: Values = {name: _spelled(w, _value(w, session, table, row, name), table, name)}
    if w.rng.random() < 0.5:
        return w.update(session, table, row, values)
    return w.copy(session, table, row, w.new_key(table) | values)


def respelled(w: Writes, session: psycopg.Connection) -> int:
    """A reference by a text is spelled otherwise."""

    def texts(table: Rows) -> list[str]:
        return [r.columns[0] for r in w.loose(table) if table.shape.column(r.columns[0]).base in TEXTS]

    table = w.table(texts)
    name, row = w.rng.choice(texts(table)), w.row(session, table)
    return w.update(session, table, row, {name: _spelled(w, _value(w, session, table, row, name), table, name)})


def misshapen(w: Writes, session: psycopg.Connection) -> int:
    """A JSON value gets a shape that nobody reckons with."""

    def documents(table: Rows) -> list[str]:
        return [c.name for c in table.columns if c.base in ("json", "jsonb") and not c.is_array]

    table = w.table(documents)
    name = w.rng.choice(documents(table))
    value = literal(w.rng.choice(SHAPES), table.shape.column(name))
    return w.update(session, table, w.row(session, table), {name: value})


def taken_over(w: Writes, session: psycopg.Connection) -> int:
    """A row goes, and another gets its key, or what else it alone had."""
    table = w.table(lambda t: t.key)
    one, other = w.rows(session, table, 2)
    gone = w.fetched(session, table, one).values
    more = [(c.name,) for c in table.columns if HANDLES.search(c.name) or c.name.endswith("_id")]
    names = w.rng.choice([table.key, *table.uniques, *more])
    if not w.delete(session, table, one):
        return 0
    return w.update(session, table, other, {name: literal(gone[name], table.shape.column(name)) for name in names})


def exchanged(w: Writes, session: psycopg.Connection) -> int:
    """Two rows change their keys, by way of a third."""
    table = w.table(lambda t: len(t.key) == 1)
    (name,) = table.key
    column = table.shape.column(name)
    mine, theirs = (literal(w.fetched(session, table, row).values[name], column) for row in w.rows(session, table, 2))
    parked = w.new(table, name)
    said = sql.SQL("t.{} = {}")
    for old, new in ((mine, parked), (theirs, mine), (parked, theirs)):
        if not w.update(session, table, said.format(sql.Identifier(name), old), {name: new}):
            raise NotApplicable
    return 1


def renamed(w: Writes, session: psycopg.Connection) -> int:
    """What a foreign key points at changes, and what points there with it."""
    references = [r for t in w.tables for r in t.references if r.is_declared and len(r.columns) == 1]
    if not references:
        raise NotApplicable
    reference = w.rng.choice(references)
    parent, (name,) = w.legacy.tables[reference.parent], reference.parent_columns
    return w.update(session, parent, w.row(session, parent), {name: w.new(parent, name)})


def family_gone(w: Writes, session: psycopg.Connection) -> int:
    """A row goes with all that names it, whether a foreign key says so or not."""
    parent, references, row = _family(w, session)
    key = w.fetched(session, parent, row).values
    for reference in references:
        child = w.legacy.tables[reference.table]
        named = _names(reference, key)
        with contextlib.suppress(NotApplicable):
            w.gone.append(w.fetched(session, child, named))
        w.remove(session, child, named)
    return w.delete(session, parent, row)


def family_moved(w: Writes, session: psycopg.Connection) -> int:
    """All rows of a table that name one row name another."""
    parent, references, row = _family(w, session)
    reference = w.rng.choice(references)
    child = w.legacy.tables[reference.table]
    named = _names(reference, w.fetched(session, parent, row).values)
    return w.update(session, child, named, {reference.columns[0]: w.parent(reference)})


def crowd(w: Writes, session: psycopg.Connection) -> int:
    """Every second row of a table changes at once."""
    table = w.table(lambda t: t.choices)
    name = w.rng.choice([*table.choices])
    every_second = sql.SQL("hashtext(t.ctid::text) % 2 = 0").format()
    return w.update(
        session, table, every_second, {name: literal(w.rng.choice(table.choices[name]), table.shape.column(name))}
    )


def cleared(w: Writes, session: psycopg.Connection) -> int:
    """All rows of a small table go; some may come back."""
    table = w.table(lambda t: 0 < t.count <= SMALL_ROWS and not t.referring)
    for row in w.rows(session, table, w.rng.randrange(1, KEPT)):
        w.gone.append(w.fetched(session, table, row))
    return w.remove(session, table, sql.SQL("true"))


def restored(w: Writes, session: psycopg.Connection) -> int:
    """All rows of a table that went, and whose keys are free, come back."""
    if not w.gone:
        raise NotApplicable
    name = w.rng.choice(w.gone).table.name
    back = [gone for gone in w.gone if gone.table.name == name]
    w.gone = [gone for gone in w.gone if gone.table.name != name]
    return sum(w.insert(session, gone, "on conflict do nothing") for gone in back)


def sequence_moved(w: Writes, session: psycopg.Connection) -> int:
    """A sequence goes on, or is set, and no row is written."""
    if not w.legacy.catalog.sequences:
        raise NotApplicable
    sequence = w.rng.choice(w.legacy.catalog.sequences)
    name = sql.Literal(sql.Identifier(w.legacy.schema, sequence.name).as_string(None))
    query = w.rng.choice(["select nextval({n})", "select setval({n}, {v})", "select setval({n}, {v}, false)"])
    session.execute(sql.SQL(query).format(n=name, v=sql.Literal(w.rng.randrange(1, 900))))
    return 1


def _handles(table: Rows) -> list[str]:
    uniques = {key[0] for key in table.uniques if len(key) == 1}
    texts = [c.name for c in table.columns if c.base in TEXTS and not c.is_array and not KINDS.search(c.name)]
    return [name for name in texts if name in uniques or HANDLES.search(name)]


def _with_handle(w: Writes, session: psycopg.Connection) -> tuple[Rows, str, Row]:
    table = w.table(_handles)
    return table, w.rng.choice(_handles(table)), w.row(session, table)


def _value(w: Writes, session: psycopg.Connection, table: Rows, row: Row, name: str) -> str:
    """Errors: NotApplicable where it is null."""
    value = w.fetched(session, table, row).values[name]
    if value is None:
        raise NotApplicable
    return value


def _spelled(w: Writes, value: str, table: Rows, name: str) -> sql.Composable:
    """Errors: NotApplicable where it spells no UUID."""
    try:
        plain = str(uuid.UUID(value.strip()))
    except ValueError:
        raise NotApplicable from None
    return literal(w.rng.choice(OF_IDS)(plain), table.shape.column(name))


def _family(w: Writes, session: psycopg.Connection) -> tuple[Rows, list[Reference], Row]:
    """A row of a table, and the references that may name it."""
    parent = w.table(lambda t: any(len(r.columns) == 1 and r.table != t.name for r in t.referring))
    references = [r for r in parent.referring if len(r.columns) == 1 and r.table != parent.name]
    return parent, references, w.row(session, parent)


def _names(reference: Reference, key: dict[str, str | None]) -> sql.Composed:
    if reference.parent_columns[0] not in key:  # a generated column, which nobody writes
        raise NotApplicable
    value = sql.Literal(key[reference.parent_columns[0]])
    return sql.SQL("t.{}::text = {}").format(sql.Identifier(reference.columns[0]), value)


MEETINGS: dict[str, Callable[[Writes, psycopg.Connection], int]] = {
    each.__name__: each
    for each in (
        rival, rival_gone, namesake, respelled, misshapen, taken_over, exchanged, renamed, family_gone, family_moved,
        crowd, cleared, restored, sequence_moved,
    )
}  # fmt: skip
