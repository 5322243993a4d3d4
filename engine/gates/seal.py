"""The seal on a verified build: what is published is what was judged, row for row.

Laws
- The mark of a table or sequence: a digest of its definition, its number of rows, and the sum of their xmin. A new row
  version has a younger xmin than any removed one, so that every change alters count or sum.
- The marks are read before the auditor looks, and again by the transaction that publishes, with writers locked out.
- Beside them stands what the change feed marks (engine.changes.marks). A table of which the feed says that nothing was
  written since, and that has as many rows as its mark, has the sum that it had; only the others are summed.
- Who changes some tables of a sealed build looks at these before, with writers kept away from them, and renews their
  marks in the same transaction (`renew`). All other marks stay, and so does what the feed goes on from: whatever
  somebody else writes to any table is found as if nothing had been renewed.
- The horizon lets a later verification find out what was written afterwards: the transactions that the seal saw, the
  server, the tables, the positions of the sequences, and a digest of the run's books about single rows.
- A table that the role cannot read keeps the build from being sealed or published, and is named with its owner.
"""

import contextlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from config.errors import PlanRefused
from engine.changes import access, feed, marks
from engine.changes.feed import Changes
from engine.changes.marks import Mark
from engine.session import fetch, servers

OBJECTS = (Path(__file__).parent / "sql" / "seal_objects.sql").read_text(encoding="utf-8")
ROWS = "select {}::text, concat(count(*), ' ', coalesce(sum(int8in(xidout(xmin))), 0)) from {}"
# By MD5, which every server computes alike: a copy of the target may stand on another kind of machine.
DIGEST = """
    select concat(count(*), ' ', coalesce(sum(part::numeric), 0))
    from {} as book
    cross join lateral (select bit_in(textout('x' || left(md5(concat(book)), 16)), 0, 64)::bigint) as m (part)
    where run_id = %s
"""
SEQUENCES = """select n.nspname::text, c.relname::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
               where c.relkind = 'S' and format('%%s.%%s', n.nspname, c.relname) = any(%s)"""
POSITION = "select last_value, is_called from {}"
Place = tuple[str, str]  # schema and table
OF_SINGLE_ROWS = ("rejects", "id_map", "removed_links", "notes", "tables")  # nobody writes to them after the seal


@dataclass(frozen=True)
class Seal:
    """marks: table or sequence → its mark. feeds: schema → what the feed goes on from; none where an older program
    sealed. books: table of the books → its digest; none before it is put."""

    marks: dict[str, str]
    feeds: dict[str, Mark] = field(default_factory=dict)
    books: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Looked(Seal):
    """What stands there now. beside: schema → what was written since the other mark that was asked about."""

    beside: dict[str, Changes] = field(default_factory=dict)


def put(conn: psycopg.Connection, run_id: str, build_oid: int, seen: Seal) -> None:
    """Seal the build as it was seen, in place of an earlier seal. Of the books those are digested that it lacks."""
    conn.execute(
        """insert into migration.seals (run_id, build_oid, marks, horizon) values (%s, %s, %s, %s)
           on conflict (run_id, build_oid) do update
           set (marks, horizon, sealed_at) = (excluded.marks, excluded.horizon, excluded.sealed_at)""",
        [run_id, build_oid, json.dumps(seen.marks), json.dumps(_horizon(conn, run_id, seen))],
    )


def _horizon(conn: psycopg.Connection, run_id: str, seen: Seal) -> dict[str, Any]:
    query = """select format('%%s.%%s', n.nspname, c.relname), c.oid::bigint
               from pg_class c join pg_namespace n on n.oid = c.relnamespace
               where format('%%s.%%s', n.nspname, c.relname) = any(%s)"""
    return {
        "system_identifier": servers.info(conn).system_identifier,
        "snapshot": fetch.value(str, conn, "select concat(pg_current_snapshot())"),
        "feeds": {schema: mark.to_dict() for schema, mark in seen.feeds.items()},
        "oids": dict(conn.execute(query, [list(seen.marks)]).fetchall()),
        "sequences": _positions(conn, list(seen.marks)),
        "books": {name: seen.books.get(name) or _digest(conn, run_id, name) for name in OF_SINGLE_ROWS},
    }


def _positions(conn: psycopg.Connection, marked: list[str]) -> dict[str, list[Any]]:
    """Sequence → its last value, and whether that was drawn."""
    names = conn.execute(SEQUENCES, [marked]).fetchall()
    return {".".join(name): list(fetch.one(conn, sql.SQL(POSITION).format(sql.Identifier(*name)))) for name in names}


def _digest(conn: psycopg.Connection, run_id: str, name: str) -> str:
    query = sql.SQL(DIGEST).format(sql.Identifier("migration", name))
    return fetch.value(str, conn, query, [run_id])


def read(conn: psycopg.Connection, run_id: str, build_oid: int) -> Seal | None:
    """The build's seal; None if it never was sealed."""
    query = """
        select marks, horizon -> 'feeds', horizon -> 'books' from migration.seals
        where run_id = %s and build_oid = %s
    """
    row = conn.execute(query, [run_id, build_oid]).fetchone()
    if row is None:
        return None
    return Seal(row[0], {schema: marks.of_dict(mark) for schema, mark in (row[1] or {}).items()}, row[2] or {})


def rows_of(conn: psycopg.Connection, run_id: str) -> dict[str, int]:
    """Table → rows that it had when the run's build was last sealed; empty if it never was."""
    query = "select marks from migration.seals where run_id = %s order by sealed_at desc limit 1"
    row = conn.execute(query, [run_id]).fetchone()
    parts = {key: mark.split() for key, mark in (row[0] if row else {}).items()}
    return {key: int(found[1]) for key, found in parts.items() if len(found) == 3}  # a sequence has a digest alone


def look(
    conn: psycopg.Connection,
    schemas: list[str],
    former: Seal | None = None,
    beside: Mapping[str, Mark] | None = None,
) -> Looked:
    """What tables and sequences are there, and their marks; in one view of the rows, or in the caller's transaction,
    which keeps writers away.

    former: an earlier seal, which spares whom nobody has written to since. beside: schema → another mark, of the same
    tables, which they are compared with by the way. Errors: PlanRefused if a table cannot be read.
    """
    with _one_view(conn):
        _require_readable(conn, schemas)
        found = _objects(conn, schemas)
        since = {schema: (former or Seal({})).feeds.get(schema) for schema in schemas}
        written = {
            schema: feed.compare_all(conn, schema, _tables(conn, schema), [since[schema], (beside or {}).get(schema)])
            for schema in schemas
        }
        rows = _rows(conn, [changes for changes, _ in written.values()], former)
    # A copy of the database on the same server (a template's) has the same rows, and the seal along with them.
    return Looked(
        {key: f"{digest} {rows.get(key, '')}".strip() for key, digest in found.items()},
        {schema: replace(changes.now, database_oid=None) for schema, (changes, _) in written.items()},
        beside={schema: changes for schema, (_, changes) in written.items() if changes.since},
    )


def changed(conn: psycopg.Connection, schemas: list[str], sealed: Seal, looked: Collection[Place]) -> list[str]:
    """Tables that came or went, are defined otherwise than they were sealed, or, of those looked at, have other rows.

    Errors: PlanRefused if a table cannot be read.
    """
    keys = {_key(*place) for place in looked}
    with _one_view(conn):
        _require_readable(conn, schemas)
        digests = _objects(conn, schemas)
        there = {schema: list(_tables(conn, schema)) for schema in schemas}
        found = {_key(schema, name): digests[_key(schema, name)] for schema in schemas for name in there[schema]}
        for schema in schemas:
            if names := [name for name in there[schema] if _key(schema, name) in keys]:
                changes = feed.compare(conn, schema, names, sealed.feeds.get(schema))
                found |= {key: f"{found[key]} {rows}" for key, rows in _rows(conn, [changes], sealed).items()}
    marked = {key: mark for key, mark in sealed.marks.items() if " " in mark}  # sequences prove nothing
    return differences({key: mark if key in keys else mark.split(" ")[0] for key, mark in marked.items()}, found)


def renew(
    conn: psycopg.Connection,
    run_id: str,
    build_oid: int,
    sealed: Seal,
    schemas: list[str],
    tables: Collection[Place],
    books: Collection[str],
) -> None:
    """Seal the build anew after the session's own transaction has changed these tables, sequences and books.

    The tables are summed: the feed sees no row of the transaction's own savepoints.
    """
    with _one_view(conn):
        digests, rows = _objects(conn, schemas), _summed(conn, tables)
    renewed = {key: f"{digests[key]} {found}" for key, found in rows.items()}
    renewed |= {key: digests[key] for key, mark in sealed.marks.items() if " " not in mark and key in digests}
    kept = {name: digest for name, digest in sealed.books.items() if name not in books}
    put(conn, run_id, build_oid, replace(sealed, marks=sealed.marks | renewed, books=kept))


def _key(schema: str, name: str) -> str:
    return f"{schema}.{name}"


def _objects(conn: psycopg.Connection, schemas: list[str]) -> dict[str, str]:
    """Table or sequence → the digest of its definition, which is spelled by the search path that is set here."""
    conn.execute("set local search_path = pg_catalog")
    return dict(conn.execute(OBJECTS, {"schemas": schemas}).fetchall())


@contextlib.contextmanager
def _one_view(conn: psycopg.Connection) -> Iterator[None]:
    is_the_callers = conn.info.transaction_status is not psycopg.pq.TransactionStatus.IDLE
    with conn.transaction():
        if not is_the_callers:
            conn.execute("set transaction isolation level repeatable read")
        yield


def _rows(conn: psycopg.Connection, written: list[Changes], former: Seal | None) -> dict[str, str]:
    """How many rows each table has, and the sum of their xmin; those that have to be summed in one statement."""
    found, looks = {}, list[Place]()
    for changes in written:
        for name, table in changes.tables.items():
            key = _key(changes.schema, name)
            sealed = (former.marks.get(key, "") if former and changes.since else "").partition(" ")[2]
            is_as_many = sealed.split(" ")[0] == str(table.rows)  # a renewed mark is younger than the feed's
            if sealed and not table.is_changed and is_as_many:
                found[key] = sealed
            elif table.table:
                looks.append((changes.schema, name))
    return found | _summed(conn, looks)


def _summed(conn: psycopg.Connection, tables: Iterable[Place]) -> dict[str, str]:
    looks = [sql.SQL(ROWS).format(sql.Literal(_key(*place)), sql.Identifier(*place)) for place in tables]
    return dict(conn.execute(sql.SQL(" union all ").join(looks)).fetchall() if looks else [])


def _require_readable(conn: psycopg.Connection, schemas: list[str]) -> None:
    """Errors: PlanRefused."""
    faults = []
    for schema in schemas:
        for name, found in access.unreadable(conn, schema, owners := _tables(conn, schema)).items():
            faults.append(
                f"table {schema}.{name} of owner {owners[name]} cannot be judged: {found.unreadable}; nothing was "
                f"changed or dropped; if it is none of the migration's, have its owner move it to another schema or "
                f"drop it, and else {found.to_read}; then run again"
            )
    if faults:
        raise PlanRefused(faults)


def _tables(conn: psycopg.Connection, schema: str) -> dict[str, str]:
    """Table → its owner; partitions are tables of their own."""
    query = """select c.relname::text, pg_get_userbyid(c.relowner)::text
               from pg_class c join pg_namespace n on n.oid = c.relnamespace
               where n.nspname = %s and c.relkind in ('r', 'p') order by 1"""
    return dict(conn.execute(query, [schema]).fetchall())


def differences(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """Tables and sequences that came, went or changed."""
    return sorted(key for key in before.keys() | after.keys() if before.get(key) != after.get(key))
