"""The map of ids: every new id is recorded, belongs to a row that was not rejected, and leads to a row of the target.

Laws
- A legacy id has one entry per table. A rejected row's id has one only if another row has the same id.
- If a target table has rows of one legacy table only, an id that is a UUID is replaced only if another row keeps it.
- An id that is no UUID and becomes one, of a row that was not rejected, has its entry.
- That an id is the UUIDv5 of its name is a law of its own.
"""

import uuid
from collections.abc import Iterator
from functools import partial

import psycopg

from checks.reading.facts import Facts, is_uuid
from checks.reading.relations import Relation
from checks.run_books.rejects import PlannedCheck, found
from checks.verdict import ERROR, Check, Row
from config.postgres.quoting import literal
from config.postgres.types import TEXTUAL, UUID_TEXT
from config.shapes import Column, Table

BOOKED = """
    select legacy_id, target_table, target_id, count(*), count(*) over (partition by legacy_id, target_table)
    from {id_map} where run_id = %s and legacy_table = %s group by 1, 2, 3
"""
LOST = """
    select m.legacy_id from (select * from {id_map}) as m
    left join (select t.id from {table}) as t on concat(t.id) = m.target_id
    where m.run_id = {run} and m.legacy_table = {legacy} and m.target_table = {name} and t.id is null
"""
ROWS = """
    select {id}, bool_and({rejected} is not null) from {table}
    join unnest({ids}::text[]) as wanted (id) on wanted.id = {id} group by 1
"""
UNMAPPED = """
    select {key} from {table} left join unnest({ids}::text[]) as known (id) on known.id = {id}
    where known.id is null and {id} is not null and {rejected} is null and {id} !~* '{uuid}'
"""
KEPT = """
    select k.id from (select {id} as raw, {plain} as id from {table}) as k
    where k.id = any ({plains}::text[]) and k.raw <> all ({ids}::text[])
"""
TITLE = "Every new id is recorded once, of a row that stays, and leads to a row of the target."


def jobs(facts: Facts) -> Iterator[PlannedCheck]:
    """A check for each legacy table whose ids change, or of which the books say so."""
    for table, shape in facts.source.tables.items():
        if table in facts.books.mapped or _changes(facts, table):
            draft = Check(f"books/id_map/{table}", "books", facts.domain(table), table, TITLE, ERROR)
            home = {facts.home(table)} & facts.target.tables.keys()
            yield draft, partial(_check, facts, draft, shape), frozenset({table}), frozenset(home)


def _changes(facts: Facts, table: str) -> bool:
    """Whether ids of this table that are no UUIDs become some. Of states only drafts have an id: a law of its own."""
    column = facts.source.table(table).find_column("id")
    if column is None or column.base == "uuid" or facts.treatments[table] == "archive" or table == "onboarding_states":
        return False
    is_key = facts.treatments[table] == "reshape" or facts.source.table(table).primary_key == ("id",)
    is_key = is_key and (facts.treatments[table] == "reshape" or not facts.parent(table, "id"))
    return is_key and facts.id_base(table) == "uuid"


def _check(facts: Facts, draft: Check, shape: Table, source: psycopg.Connection, target: psycopg.Connection) -> Check:
    table, column = shape.name, shape.find_column("id")
    query = BOOKED.format(id_map=facts.bound_book("id_map", table))
    booked = target.execute(query, [facts.books.run_id, table]).fetchall()
    ids = list(dict.fromkeys(legacy_id for legacy_id, *_ in booked))
    is_rejected = _rows_of(facts, table, column, ids, source)
    is_single = bool(shape.primary_key)  # without a key two rows may share an id
    lost = {name: _lost(facts, table, name, target) for name in {row[1] for row in booked}}
    rows = []
    for legacy_id, target_table, _, count, targets in booked:
        gone = lost[target_table]
        if is_rejected.get(legacy_id, True) or (is_single and (count > 1 or targets > 1)):
            rows.append(Row(legacy_id, "unexpected"))
        elif gone is None:
            rows.append(Row(legacy_id, "differs", ("target_table",)))
        elif legacy_id in gone:
            rows.append(Row(legacy_id, "breaks the rule", ("target_id",)))
    repeated = [id_ for id_ in ids if is_uuid(id_)] if facts.is_alone_at_home(table) else []
    rows += [Row(id_, "unexpected") for id_ in _unkept(facts, table, column, repeated, source)]
    missing = _unmapped(facts, table, column, ids, source) if column and _changes(facts, table) else []
    rows += [Row(key, "missing") for key in missing]
    return found(draft, list(dict.fromkeys(rows)), len(booked) + len(missing))


def _id(facts: Facts, relation: Relation, column: Column | None) -> str:
    """The legacy id as the map tells it: the id's text, of a row without one its key."""
    return f"coalesce({facts.word(column)}, {relation.key})" if column else relation.key


def _rows_of(
    facts: Facts, table: str, column: Column | None, ids: list[str], source: psycopg.Connection
) -> dict[str, bool]:
    """Legacy id → whether all its rows were rejected; those that the source lacks are not there."""
    relation = Relation(facts, facts.source.table(table))
    id_ = _id(facts, relation, column)
    query = ROWS.format(id=id_, rejected=relation.rejected, table=relation.from_sql, ids=literal(ids))
    return dict(source.execute(query).fetchall())


def _unkept(facts: Facts, table: str, column: Column | None, ids: list[str], source: psycopg.Connection) -> list[str]:
    """Those of these UUIDs, which all became others, that no row of the source keeps; a key that is no id is none's."""
    if not ids or column is None:
        return []
    plain = {id_: str(uuid.UUID(id_)) for id_ in ids}
    query = KEPT.format(
        id=facts.word(column), plain=facts.spelled(column), plains=literal(list(plain.values())), ids=literal(ids),
        table=facts.source_rows(table),
    )  # fmt: skip
    kept = {id_ for (id_,) in source.execute(query)}
    return [id_ for id_ in ids if plain[id_] not in kept]


def _lost(facts: Facts, table: str, target_table: str, target: psycopg.Connection) -> set[str] | None:
    """Legacy ids whose target is not there; None where its table is not."""
    if not facts.target.has(target_table, "id"):
        return None
    query = LOST.format(
        table=facts.target_rows(target_table), id_map=facts.book("id_map", table), run=literal(facts.books.run_id),
        legacy=literal(table), name=literal(target_table),
    )  # fmt: skip
    return {legacy_id for (legacy_id,) in target.execute(query)}


def _unmapped(facts: Facts, table: str, column: Column, ids: list[str], source: psycopg.Connection) -> list[str]:
    """Keys of rows that stay and whose id becomes another without an entry."""
    relation = Relation(facts, facts.source.table(table))
    pattern = UUID_TEXT if column.base in TEXTUAL else "^$"  # no number is a UUID
    query = UNMAPPED.format(
        key=relation.key, id=facts.word(column), rejected=relation.rejected, table=relation.from_sql, ids=literal(ids),
        uuid=pattern,
    )  # fmt: skip
    return [key for (key,) in source.execute(query)]
