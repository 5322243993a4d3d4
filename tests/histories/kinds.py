"""The kinds of writes: one of each kind of change that a rule may have to answer to, by name in WRITES."""

from collections.abc import Callable

import psycopg
from psycopg import sql

from tests.histories.legacy import KINDS, SMALL_ROWS, TEXTS, Reference, Rows
from tests.histories.meetings import MEETINGS
from tests.histories.values import formed, fresh, literal
from tests.histories.writes import Gone, NotApplicable, Values, Writes


def copied(w: Writes, session: psycopg.Connection) -> int:
    table = w.table()
    return w.copy(session, table, w.row(session, table), w.new_key(table))


def by_default(w: Writes, session: psycopg.Connection) -> int:
    """A row whose key the sequence, or the key's default, gives."""

    def has_default(table: Rows) -> bool:
        return any(c.default or c.identity for c in map(table.shape.column, table.key))

    table = w.table(has_default)
    leave = {c.name for c in map(table.shape.column, table.key) if c.default or c.identity}
    return w.copy(session, table, w.row(session, table), w.new_key(table, table.uniques), leave)


def collided(w: Writes, session: psycopg.Connection) -> int:
    """A row whose id another table's row has too."""
    table = w.table(lambda t: len(t.key) == 1 and not w.refers(t, t.key[0]))
    key = table.shape.column(table.key[0])
    others = [
        t for t in w.tables
        if t is not table and len(t.key) == 1 and t.shape.column(t.key[0]).base in ({key.base} | TEXTS)
        and bool(t.of_a_user) == bool(table.of_a_user) and bool(t.states) == bool(table.states)
    ]  # fmt: skip
    if not others:
        raise NotApplicable
    other = w.rng.choice(others)
    theirs = w.fetched(session, other, w.row(session, other)).values[other.key[0]]
    return w.copy(session, table, w.row(session, table), w.new_key(table) | {key.name: literal(theirs, key)})


def twin(w: Writes, session: psycopg.Connection) -> int:
    """A second row of one person, or of whatever else is not held to be unique."""
    table = w.table(lambda t: t.key and t.of_a_user)
    return w.copy(session, table, w.row(session, table), w.new_key(table, (table.key,)))


def unknown_state(w: Writes, session: psycopg.Connection) -> int:
    table = w.table(lambda t: any(t.shape.column(name).base in TEXTS for name in t.states))
    name = w.rng.choice([n for n in table.states if table.shape.column(n).base in TEXTS])
    value = literal(f"no such {w.number % 7}", table.shape.column(name))
    return w.update(session, table, w.row(session, table), {name: value})


def other_state(w: Writes, session: psycopg.Connection) -> int:
    table = w.table(lambda t: t.states)
    column = table.shape.column(w.rng.choice(table.states))
    known = w.legacy.labels(column) or table.choices.get(column.name, ())
    if not known:
        raise NotApplicable
    return w.update(session, table, w.row(session, table), {column.name: literal(w.rng.choice(known), column)})


def mended(w: Writes, session: psycopg.Connection) -> int:
    """A row whose state is a rare one gets the commonest."""
    table = w.table(lambda t: any(n in t.choices and t.shape.column(n).kind != "e" for n in t.states))
    name = next(n for n in table.states if n in table.choices)
    common = w.rng.choice(table.choices[name][:2])
    here, column = sql.SQL("t.{}::text").format(sql.Identifier(name)), table.shape.column(name)
    rare = sql.SQL("{0} is null or {0} like 'no such %' or {0} <> trim({0})").format(here)
    return w.update(session, table, w.row(session, table, rare), {name: literal(common, column)})


def mended_reference(w: Writes, session: psycopg.Connection) -> int:
    """A row whose parent is not there gets one that is."""
    reference = _orphaned(w)
    table = w.legacy.tables[reference.table]
    row = w.row(session, table, _is_orphan(w, reference))
    return w.update(session, table, row, {reference.columns[0]: w.parent(reference)})


def late_parent(w: Writes, session: psycopg.Connection) -> int:
    """The parent that a row waits for appears."""
    reference = _orphaned(w)
    table, parent = w.legacy.tables[reference.table], w.legacy.tables[reference.parent]
    orphan = w.fetched(session, table, w.row(session, table, _is_orphan(w, reference)))
    key = parent.shape.column(reference.parent_columns[0])
    value = literal(orphan.values[reference.columns[0]], key)
    return w.copy(session, parent, w.row(session, parent), w.new_key(parent) | {key.name: value})


def _orphaned(w: Writes) -> Reference:
    return w.rng.choice(w.loose(w.table(w.loose)))


def _is_orphan(w: Writes, reference: Reference) -> sql.Composed:
    parent = w.legacy.tables[reference.parent]
    query = "t.{} is not null and not exists (select from {} as p where p.{}::text = t.{}::text)"
    child, key = sql.Identifier(reference.columns[0]), sql.Identifier(reference.parent_columns[0])
    return sql.SQL(query).format(child, parent.source, key, child)


def orphaned(w: Writes, session: psycopg.Connection) -> int:
    """A row that refers to nobody, new or spoiled."""
    table = w.table(w.loose)
    name = w.rng.choice(w.loose(table)).columns[0]
    value, row = fresh(table.shape.column(name), w.number, w.rng), w.row(session, table)
    if w.rng.random() < 0.5:
        return w.update(session, table, row, {name: value})
    return w.copy(session, table, row, w.new_key(table) | {name: value})


def bereaved(w: Writes, session: psycopg.Connection) -> int:
    """A row to which others refer by habit alone goes."""
    parents = {r.parent for t in w.tables for r in w.loose(t)}
    return _deleted(w, session, w.table(lambda t: t.name in parents))


def emptied(w: Writes, session: psycopg.Connection) -> int:
    """Null wherever it may be, now and then."""
    table = w.table(lambda t: any(not c.not_null for c in t.columns))
    names = [c.name for c in table.columns if not c.not_null and c.name not in table.key]
    chosen = w.rng.sample(names, min(len(names), w.rng.randrange(1, 4))) if names else []
    if not chosen:
        raise NotApplicable
    values: Values = {name: sql.SQL("null") for name in chosen}
    row = w.row(session, table)
    if w.rng.random() < 0.5:
        return w.update(session, table, row, values)
    return w.copy(session, table, row, w.new_key(table) | values)


def looked_up(w: Writes, session: psycopg.Connection) -> int:
    """A new row of a small table to which others refer: a role, a category."""
    table = w.table(lambda t: t.referring and t.count <= SMALL_ROWS)
    return w.copy(session, table, w.row(session, table), w.new_key(table))


def alone(w: Writes, session: psycopg.Connection) -> int:
    """A row of the table to which most refer, and nobody refers to this one."""
    most = max(w.tables, key=lambda t: len(t.referring))
    return w.copy(session, most, w.row(session, most), w.new_key(most))


def new_kind(w: Writes, session: psycopg.Connection) -> int:
    """A row of a kind that was not there, such as a payment of another gateway."""

    def kinds(table: Rows) -> list[str]:
        return [c.name for c in table.columns if KINDS.search(c.name) and c.base in TEXTS and not c.is_array]

    table = w.table(kinds)
    name = w.rng.choice(kinds(table))
    value = literal(f"kind{w.number % 5}", table.shape.column(name))
    return w.copy(session, table, w.row(session, table), w.new_key(table) | {name: value})


def added(w: Writes, session: psycopg.Connection) -> int:
    """A row more that belongs to some row of another table: an invoice of a payment, a use of a coupon."""
    table = w.table(lambda t: any(len(r.columns) == 1 for r in t.references))
    single = [r for r in table.references if len(r.columns) == 1]
    values = {r.columns[0]: w.parent(r) for r in w.rng.sample(single, w.rng.randrange(1, len(single) + 1))}
    return w.copy(session, table, w.row(session, table), w.new_key(table) | values)


def changed(w: Writes, session: psycopg.Connection) -> int:
    table = w.table(lambda t: t.count != 0)
    name = w.column(table, lambda n: n not in table.key or len(table.columns) == 1)
    column = table.shape.column(name)
    value = sql.SQL("null") if not column.not_null and w.rng.random() < 0.1 else w.new(table, name)
    return w.update(session, table, w.row(session, table), {name: value})


def as_another(w: Writes, session: psycopg.Connection) -> int:
    """A column gets the value that another row has."""
    table = w.table()
    one, other = w.rows(session, table, 2)
    name = w.column(table, lambda n: n not in table.key)
    value = w.fetched(session, table, other).values[name]
    return w.update(session, table, one, {name: literal(value, table.shape.column(name))})


def reformed(w: Writes, session: psycopg.Connection) -> int:
    """A value in another form, of a key too: 1.0 for 1.00, a blank more, NaN."""
    table = w.table()
    name = w.column(table, lambda n: n not in table.key or w.rng.random() < 0.3)
    value = formed(table.shape.column(name), w.rng)
    if value is None:
        raise NotApplicable
    return w.update(session, table, w.row(session, table), {name: value})


def touched(w: Writes, session: psycopg.Connection) -> int:
    """A row is written anew as it was."""
    table = w.table()
    name = table.columns[-1].name
    return w.update(session, table, w.row(session, table), {name: sql.SQL("t.{}").format(sql.Identifier(name))})


def locked(w: Writes, session: psycopg.Connection) -> int:
    """A row is locked, which leaves a mark on it, and stays as it is."""
    table = w.table()
    query = sql.SQL("select from {} as t where {} for update")
    return session.execute(query.format(table.source, w.row(session, table))).rowcount


def moved(w: Writes, session: psycopg.Connection) -> int:
    """A row goes to another parent."""
    table = w.table(lambda t: any(len(r.columns) == 1 for r in t.references))
    reference = w.rng.choice([r for r in table.references if len(r.columns) == 1])
    return w.update(session, table, w.row(session, table), {reference.columns[0]: w.parent(reference)})


def swapped(w: Writes, session: psycopg.Connection) -> int:
    """Two rows change their unique values within one transaction, by way of a third value."""
    table = w.table(lambda t: any(len(key) == 1 for key in t.uniques))
    name = w.rng.choice([key for key in table.uniques if len(key) == 1])[0]
    column = table.shape.column(name)
    pair = [w.fetched(session, table, row) for row in w.rows(session, table, 2)]
    mine, theirs = (literal(gone.values[name], column) for gone in pair)
    by_value = sql.SQL("t.{} = {}")
    third = w.update(session, table, by_value.format(sql.Identifier(name), mine), {name: w.new(table, name)})
    w.update(session, table, by_value.format(sql.Identifier(name), theirs), {name: mine})
    named = [sql.SQL("t.{}::text = {}").format(sql.Identifier(k), sql.Literal(pair[0].values[k])) for k in table.key]
    if not named:
        raise NotApplicable
    return third and w.update(session, table, sql.SQL(" and ").join(named), {name: theirs})


def rekeyed(w: Writes, session: psycopg.Connection) -> int:
    """A primary key changes: of any row, which a foreign key may refuse or follow, or of one that nobody refers to."""
    table = w.table(lambda t: t.key)
    where = w.is_free(table) if w.rng.random() < 0.7 else None
    return w.update(session, table, w.row(session, table, where), w.new_key(table, (table.key,)))


def deleted(w: Writes, session: psycopg.Connection) -> int:
    return _deleted(w, session, w.table(lambda t: not t.referring))


def deleted_root(w: Writes, session: psycopg.Connection) -> int:
    """A row to which others refer; what foreign keys take along goes too."""
    return _deleted(w, session, w.table(lambda t: any(r.is_declared for r in t.referring)))


def _deleted(w: Writes, session: psycopg.Connection, table: Rows) -> int:
    return w.delete(session, table, w.row(session, table))


def reinserted(w: Writes, session: psycopg.Connection) -> int:
    """A row is deleted and inserted with the same key, changed or not, within one transaction."""
    table = w.table()
    row = w.row(session, table)
    gone = w.fetched(session, table, row)
    w.remove(session, table, row)
    if w.rng.random() < 0.5:
        name = w.column(table, lambda n: n not in table.key or len(table.columns) == 1)
        known = table.choices.get(name)
        gone = Gone(table, gone.values | ({name: w.rng.choice(known)} if known else {}))
    return w.insert(session, gone)


def returned(w: Writes, session: psycopg.Connection) -> int:
    """A row that was deleted comes back with its key: a parent that others still refer to, perhaps."""
    if not w.gone:
        raise NotApplicable
    return w.insert(session, w.gone.pop(w.rng.randrange(len(w.gone))))


def write(w: Writes, session: psycopg.Connection, kind: str) -> bool:
    """Whether a row was written. Errors: psycopg.Error, of what constraints refuse too."""
    w.number, w.kind = w.number + 1, kind
    try:
        return bool(WRITES[kind](w, session))
    except NotApplicable:
        return False


WRITES: dict[str, Callable[[Writes, psycopg.Connection], int]] = MEETINGS | {
    each.__name__: each
    for each in (
        copied, by_default, collided, twin, unknown_state, other_state, mended, mended_reference, late_parent, orphaned,
        bereaved, emptied, looked_up, alone, new_kind, added, changed, as_another, reformed, touched, locked, moved,
        swapped, rekeyed, deleted, deleted_root, reinserted, returned,
    )
}  # fmt: skip
