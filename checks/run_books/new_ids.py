"""The map of ids: every new id is recorded, belongs to a row that was not rejected, and leads to a row of the target.

Laws
- A legacy id has one entry per table. A rejected row's id has one only if another row has the same id.
- If a target table has rows of one legacy table only, an id that is a UUID is replaced only if another row keeps it.
- An id that is no UUID and becomes one, of a row that was not rejected, has its entry.
- However many ids a table has, none but those that are wrong are told to this process.
- That an id is the UUIDv5 of its name is a law of its own.
"""

import contextlib
from collections.abc import Iterator
from functools import partial

import psycopg

from checks.reading import many
from checks.reading.facts import Facts, parsed
from checks.reading.many import Many
from checks.reading.relations import Relation, said
from checks.run_books.rejects import PlannedCheck, found
from checks.verdict import ERROR, Check, Row
from config.postgres.quoting import literal
from config.postgres.types import TEXTUAL
from config.shapes import Table

BOOKED = """
    select target_table, sum(booked)::bigint, coalesce(array_agg(legacy_id) filter (where {is_again}), '{{}}'),
           bool_or({is_replaced})
    from (
        select legacy_id, target_table, count(*) as booked, sum(entries) as entries
        from (
            select legacy_id, target_table, count(*) as entries from {id_map}
            where run_id = %s and legacy_table = %s group by legacy_id, target_table, target_id
        ) as each
        group by 1, 2
    ) as of_id
    group by 1
"""
KNOWN = "select distinct legacy_id as key, '' as value from {id_map} where run_id = %s and legacy_table = %s"
LOST = """
    select m.legacy_id from (select * from {id_map}) as m
    left join (select t.id from {table}) as t on concat(t.id) = m.target_id
    where m.run_id = {run} and m.legacy_table = {legacy} and m.target_table = {name} and t.id is null
"""
NOWHERE = """
    select legacy_id from {id_map} where run_id = {run} and legacy_table = {legacy} and target_table = {name}
"""
# Asked of the source, beside the relation `known`, the ids of the map: keys, and what is wrong with them.
ROWS = """
    select known.key, 'rejected' from known left join (
        select {id} as id, bool_and({rejected} is not null) as is_rejected from {table}
        join known as wanted on wanted.key = {id} group by 1
    ) as there on there.id = known.key
    where there.is_rejected is not false
"""
KEPT = """
    select r.key, 'unkept' from replaced as r left join (
        select k.id from (select {raw} as raw, {plain} as id from {table}) as k
        left join replaced on replaced.key = k.raw where replaced.key is null
    ) as kept on kept.id = r.plain
    where kept.id is null
"""
UNMAPPED = """
    select {key}, 'missing' from {table} left join known on known.key = {id}
    where known.key is null and {id} is not null and {rejected} is null and not {is_uuid}
"""
REPLACED = "select key, case when {is_uuid} then concat({plain}) end as plain from known where {is_uuid}"
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
    table, id_map = shape.name, facts.bound_book("id_map", shape.name)
    run = (facts.books.run_id, table)
    is_again = "entries > 1" if shape.primary_key else "false"  # without a key two rows may share an id
    is_replaced = facts.reads_uuid("legacy_id") if facts.is_alone_at_home(table) else "false"
    asked = BOOKED.format(id_map=id_map, is_replaced=is_replaced, is_again=is_again)
    booked = target.execute(asked, run).fetchall()
    count = sum(number for _, number, *_ in booked)
    replaces = any(has_replaced for *_, has_replaced in booked)
    with _given(KNOWN.format(id_map=id_map), run, count, source, target) as known:
        told = _told_by_source(facts, shape, known, source, is_empty=not booked, replaces=replaces)
    rejected = {key for key, what in told if what == "rejected"}
    rows = [Row(key, what if what == "missing" else "unexpected") for key, what in told]
    for target_table, _, repeated, _ in booked:
        rows += [Row(id_, "unexpected") for id_ in repeated]
        told_of = rejected.union(repeated)
        rows += [row for row in _lost(facts, table, target_table, target) if row.key not in told_of]
    missing = sum(what == "missing" for _, what in told)
    return found(draft, list(dict.fromkeys(rows)), count + missing)


@contextlib.contextmanager
def _given(
    query: str, params: tuple[str, str], count: int, source: psycopg.Connection, target: psycopg.Connection
) -> Iterator[str]:
    """SQL of the relation of the map's ids, for this session on the source."""
    if count <= many.FEW:
        yield said(dict(target.execute(query, params).fetchall()), "key, value")
        return
    ids = Many("nxtgauge.mapped", query, params, {"": count})
    with ids.held(source, target):
        yield ids.relation("key, value")


def _told_by_source(
    facts: Facts, shape: Table, known: str, source: psycopg.Connection, *, is_empty: bool, replaces: bool
) -> list[tuple[str, str]]:
    """(id or key, what is wrong with it): `rejected` as all its rows were, or unknown to the source; `unkept` by any
    row, though it became another; `missing` in the map, though its row stays.

    is_empty: the map has no ids; replaces: some of them are UUIDs.
    """
    relation, column, parts = Relation(facts, shape), shape.find_column("id"), list[str]()
    asked = {"key": relation.key, "rejected": relation.rejected, "table": relation.from_sql}
    if not is_empty:  # of a row without an id the map tells the key
        id_ = f"coalesce({facts.word(column)}, {relation.key})" if column else relation.key
        parts.append(ROWS.format(**asked, id=id_))
    if column and replaces:
        raw, plain = facts.word(column), facts.spelled(column)
        parts.append(KEPT.format(raw=raw, plain=plain, table=facts.source_rows(shape.name)))
    if column and _changes(facts, shape.name):
        word = facts.word(column)
        is_uuid = facts.reads_uuid(word) if column.base in TEXTUAL else "false"  # no number is a UUID
        parts.append(UNMAPPED.format(**asked, id=word, is_uuid=is_uuid))
    if not parts:
        return []
    replaced = REPLACED.format(is_uuid=facts.reads_uuid("key"), plain=parsed("key", "uuid"))
    relations = f"with known as materialized (select key from {known} as k), replaced as ({replaced})"
    return list(dict.fromkeys(source.execute(f"{relations} {' union all '.join(parts)}").fetchall()))


def _lost(facts: Facts, table: str, target_table: str, target: psycopg.Connection) -> list[Row]:
    """Of the ids that are said to lead to this table those that lead nowhere."""
    run, names = literal(facts.books.run_id), {"legacy": literal(table), "name": literal(target_table)}
    if not facts.target.has(target_table, "id"):
        query, what, column = NOWHERE, "differs", "target_table"
        rows = ""
    else:
        query, what, column = LOST, "breaks the rule", "target_id"
        rows = facts.target_rows(target_table)
    asked = query.format(id_map=facts.book("id_map", table), table=rows, run=run, **names)
    return [Row(legacy_id, what, (column,)) for (legacy_id,) in target.execute(asked)]
