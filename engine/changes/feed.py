"""Compares the tables of a schema with a mark: how many rows each has got since, and how many it has lost.

Laws
- One scan of each table; those that have new rows are looked at once more. Nothing is written.
- A row version is lost that the mark's snapshot saw and that is no longer there: lost = rows then - (rows now - new).
  An update loses one and makes one. So a table is unchanged if it has no new row and has lost none; that is exact.
- What cannot be told row by row is to be read whole, with the reason: a table that is new, without a primary key or
  with another one, or in new files. Where nothing of the mark holds (another server or database, another catalogue),
  there is nothing to go on from, and the reason is `anew`.
- The caller's transaction has one snapshot, or keeps writers away.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import psycopg
from psycopg import sql

from engine.changes import marks
from engine.changes.marks import Described, Mark, TableMark
from engine.session import fetch, servers

NEW_FILES = "its files are new: it was emptied by TRUNCATE or rewritten (VACUUM FULL, CLUSTER, ALTER TABLE)"
NO_FILES = "what stores its rows does not say when they were written"
NO_KEY = "it has no primary key"
OTHER_KEY = "its primary key is another one"
NEW_TABLE = "it was not there"
GONE_TABLE = "it is no longer there"

SNAPSHOT = "select concat(s), int8in(xid8out(pg_snapshot_xmax(s))) from pg_current_snapshot() as s"
XMIN = sql.SQL("t.xmin")
COUNT = "select {name}::text, count(*), count(*) filter (where {maybe_newer}) from {table} as t"
LOOK = """
    select {name}::text,
           array[{new}]::int8[],
           concat(range_agg(int8range(int8in(xidout(xid)), int8in(xidout(xid)) + 1)) filter (where {newer_than_now}))
    from (select t.xmin as xid, count(*) as n from {table} as t where {newer} group by t.xmin) as by_transaction
"""
NEW = "coalesce(sum(n) filter (where {newer} and {unseen}), 0)"


@dataclass(frozen=True)
class Found:
    """One table. were, rows: its rows at the mark and now; written: how many of these are new; whole: why it has to be
    read whole, empty where its new rows do. table: as the catalogue has it, None where it is gone."""

    name: str
    were: int
    rows: int
    written: int
    whole: str
    table: Described | None

    @property
    def lost(self) -> int:
        """Row versions that are no longer there: those of rows that were updated, and of rows that are gone."""
        return self.were - (self.rows - self.written)

    @property
    def is_written(self) -> bool:
        """Whether anything was written at all; of a table in new files, or without a key, too."""
        return bool(self.written or self.lost)

    @property
    def is_changed(self) -> bool:
        """Whether its rows have to be read again, some or all."""
        return self.is_written or bool(self.whole)


@dataclass(frozen=True)
class Changes:
    """since: the mark compared with. now: the mark to compare with the next time. anew: why nothing can be told."""

    schema: str
    since: Mark | None
    now: Mark
    tables: Mapping[str, Found] = field(default_factory=dict)
    anew: str = ""

    @property
    def changed(self) -> list[Found]:
        return [found for found in self.tables.values() if found.is_changed]

    def rows_to_read(self, found: Found) -> sql.Composed:
        """FROM and WHERE of the rows to read of a table that is there; its alias is t."""
        if found.table is None:
            raise LookupError(f"table {found.name} of schema {self.schema} is no longer there to be read")
        is_meant = marks.written(self.since) if self.since and not found.whole else sql.SQL("true")
        return sql.SQL("from {} as t where {}").format(found.table.rows_of(self.schema), is_meant)


def mark(conn: psycopg.Connection, schema: str, names: Iterable[str], shape: str = "") -> Mark:
    """What the session's snapshot sees of these tables."""
    return compare(conn, schema, names, None, shape).now


def compare(
    conn: psycopg.Connection, schema: str, names: Iterable[str], since: Mark | None, shape: str = ""
) -> Changes:
    """What was written to these tables since the mark; without one, all of them are new."""
    [changes] = compare_all(conn, schema, names, [since], shape)
    return changes


def compare_all(
    conn: psycopg.Connection, schema: str, names: Iterable[str], since: Sequence[Mark | None], shape: str = ""
) -> list[Changes]:
    """What was written to these tables since each of the marks, by one scan for all of them."""
    server = servers.info(conn)
    snapshot, reached = fetch.one(conn, SNAPSHOT)
    now = Mark(snapshot, server.system_identifier, server.database_oid, shape=shape)
    tables = marks.described(conn, schema, names)
    anew = [why_anew(mark, now, reached) if mark else "there is no mark to compare with" for mark in since]
    old = [None if why else mark for mark, why in zip(since, anew, strict=True)]
    with conn.transaction():
        rows, new, seen = _looked(conn, schema, list(tables.values()), [mark for mark in old if mark], now)
    kept = {name: TableMark(rows[name], table.files, table.key) for name, table in tables.items()}
    now = replace(now, tables=kept, seen=seen)
    by_mark = iter(new)
    return [
        Changes(schema, mark, now, _found(tables, rows, next(by_mark) if mark else rows, mark), why)
        for mark, why in zip(old, anew, strict=True)
    ]


def why_anew(since: Mark, now: Mark, reached: int) -> str:
    """Why nothing of a mark says anything about what is there now; empty if it does. reached: the next transaction."""
    if since.system_identifier is None or since.system_identifier != now.system_identifier:
        return "the server is another one, or does not say which it is"
    if since.database_oid not in (None, now.database_oid):
        return "the database is another one"
    if since.shape != now.shape:
        return "the catalogue, or what follows from it, is not what it was"
    if reached < since.since:
        return "the server has begun fewer transactions than it had then: it was set back to an earlier state"
    if reached - since.since >= marks.FARTHEST:
        return "the server has begun some two billion transactions since, and their numbers come again"
    return ""


def _looked(
    conn: psycopg.Connection, schema: str, tables: list[Described], since: list[Mark], now: Mark
) -> tuple[dict[str, int], list[dict[str, int]], str]:
    """Rows by table, new ones by table for each mark, and the transactions at or past the snapshot's xmin whose rows it
    sees."""
    boundary, xid = min(mark.since for mark in [*since, now]), sql.SQL("xid")
    new = [sql.SQL(NEW).format(newer=marks.newer(each.since, xid), unseen=marks.unseen(each, xid)) for each in since]
    given = {"newer": marks.newer(boundary, XMIN), "maybe_newer": marks.maybe_newer(conn, boundary, XMIN)}
    given |= {"newer_than_now": marks.newer(now.since, xid), "new": sql.SQL(", ").join(new)}
    counted = _all(conn, COUNT, schema, tables, given)
    rows = {name: count for name, count, _ in counted}
    wanted = {name for name, _, newer in counted if newer}
    looked = _all(conn, LOOK, schema, [table for table in tables if table.name in wanted], given)
    seen = ",".join(ranges[1:-1] for _, _, ranges in looked if ranges not in ("", marks.NONE_SEEN))
    found = [{name: counts[number] for name, counts, _ in looked} for number in range(len(since))]
    return rows, found, f"{{{seen}}}" if len(seen) <= marks.SEEN_BYTES else marks.NONE_SEEN


def _all(
    conn: psycopg.Connection, query: str, schema: str, tables: list[Described], given: Mapping[str, sql.Composable]
) -> list[tuple[str, Any, Any]]:
    """The query of every table, in one statement."""
    looks = [
        sql.SQL(query).format(name=sql.Literal(table.name), table=table.rows_of(schema), **given) for table in tables
    ]
    return conn.execute(sql.SQL(" union all ").join(looks)).fetchall() if looks else []


def _found(
    tables: Mapping[str, Described], rows: Mapping[str, int], new: Mapping[str, int], since: Mark | None
) -> dict[str, Found]:
    found = {}
    for name, table in tables.items():
        then = since.tables.get(name) if since else None
        # Of rows whose storage says nothing, all count as new, and all that were as lost.
        written = new.get(name, 0) if then and table.files else rows[name]
        one = Found(name, then.rows if then else 0, rows[name], written, "", table)
        found[name] = Found(name, one.were, one.rows, written, _whole(one, then), table)
    for name in sorted((since.tables.keys() if since else set()) - tables.keys()):
        found[name] = Found(name, since.tables[name].rows if since else 0, 0, 0, GONE_TABLE, None)
    return found


def _whole(found: Found, then: TableMark | None) -> str:
    table = found.table
    if then is None or table is None:
        return NEW_TABLE
    if not table.files:
        return NO_FILES
    if table.files != then.files:
        return NEW_FILES
    if not found.is_written:
        return ""
    if table.key != then.key:
        return OTHER_KEY
    return "" if table.key else NO_KEY


def changed_tables(conn: psycopg.Connection, schema: str, since: Mark) -> list[str]:
    """Names of the marked tables that may have changed since; never leaves out one that has. Each is judged in the
    session's snapshot, or at its own moment."""
    changes = compare(conn, schema, since.tables, since, since.shape)
    if changes.anew:
        return list(since.tables)
    return [name for name in since.tables if changes.tables[name].is_changed]
