"""The seal on a verified build: what is published is what was judged, row for row.

Laws
- The mark of a table or sequence: a digest of its definition, its number of rows, and the sum of their xmin. A new row
  version has a younger xmin than any removed one, so that every change alters count or sum.
- The marks are read before the auditor looks, and again by the transaction that publishes, with writers locked out.
- The horizon lets a later verification find out what was written afterwards: the transactions that the seal saw, the
  server, the tables, the positions of the sequences, and a digest of the run's books about single rows.
"""

import json
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

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
OF_SINGLE_ROWS = ("rejects", "id_map", "removed_links", "notes", "tables")  # nobody writes to them after the seal


def put(conn: psycopg.Connection, run_id: str, build_oid: int, marks: dict[str, str]) -> None:
    """Seal the build with these marks, in place of those that it had."""
    conn.execute(
        """insert into migration.seals (run_id, build_oid, marks, horizon) values (%s, %s, %s, %s)
           on conflict (run_id, build_oid) do update
           set (marks, horizon, sealed_at) = (excluded.marks, excluded.horizon, excluded.sealed_at)""",
        [run_id, build_oid, json.dumps(marks), json.dumps(_horizon(conn, run_id, marks))],
    )


def _horizon(conn: psycopg.Connection, run_id: str, marks: dict[str, str]) -> dict[str, Any]:
    query = """select format('%%s.%%s', n.nspname, c.relname), c.oid::bigint
               from pg_class c join pg_namespace n on n.oid = c.relnamespace
               where format('%%s.%%s', n.nspname, c.relname) = any(%s)"""
    return {
        "system_identifier": servers.info(conn).system_identifier,
        "snapshot": fetch.value(str, conn, "select concat(pg_current_snapshot())"),
        "oids": dict(conn.execute(query, [list(marks)]).fetchall()),
        "sequences": _positions(conn, list(marks)),
        "books": {name: _digest(conn, run_id, name) for name in OF_SINGLE_ROWS},
    }


def _positions(conn: psycopg.Connection, marked: list[str]) -> dict[str, list[Any]]:
    """Sequence → its last value, and whether that was drawn."""
    names = conn.execute(SEQUENCES, [marked]).fetchall()
    return {".".join(name): list(fetch.one(conn, sql.SQL(POSITION).format(sql.Identifier(*name)))) for name in names}


def _digest(conn: psycopg.Connection, run_id: str, name: str) -> str:
    query = sql.SQL(DIGEST).format(sql.Identifier("migration", name))
    return fetch.value(str, conn, query, [run_id])


def read(conn: psycopg.Connection, run_id: str, build_oid: int) -> dict[str, str] | None:
    """The marks that the build was sealed with; None if it never was."""
    query = "select marks from migration.seals where run_id = %s and build_oid = %s"
    row = conn.execute(query, [run_id, build_oid]).fetchone()
    return row[0] if row else None


def rows_of(conn: psycopg.Connection, run_id: str) -> dict[str, int]:
    """Table → rows that it had when the run's build was last sealed; empty if it never was."""
    query = "select marks from migration.seals where run_id = %s order by sealed_at desc limit 1"
    row = conn.execute(query, [run_id]).fetchone()
    parts = {key: mark.split() for key, mark in (row[0] if row else {}).items()}
    return {key: int(found[1]) for key, found in parts.items() if len(found) == 3}  # a sequence has a digest alone


def marks(conn: psycopg.Connection, schemas: list[str], is_locked: bool = False) -> dict[str, str]:
    """Table or sequence → its present mark. is_locked: writers are locked out first, in the caller's transaction."""
    with conn.transaction():
        conn.execute("set local search_path = pg_catalog")  # definitions are spelled by it
        tables = _tables(conn, schemas)
        if is_locked and tables:
            names = sql.SQL(", ").join(tables.values())
            conn.execute(sql.SQL("lock table {} in share mode").format(names))
        found = conn.execute(OBJECTS, {"schemas": schemas}).fetchall()
        rows = _rows(conn, tables)
    return {key: f"{digest} {rows.get(key, '')}".strip() for key, digest in found}


def _rows(conn: psycopg.Connection, tables: dict[str, sql.Identifier]) -> dict[str, str]:
    """How many rows each table has, and the sum of their xmin; all tables in one statement."""
    looks = [sql.SQL(ROWS).format(sql.Literal(key), name) for key, name in tables.items()]
    return dict(conn.execute(sql.SQL(" union all ").join(looks)).fetchall()) if looks else {}


def _tables(conn: psycopg.Connection, schemas: list[str]) -> dict[str, sql.Identifier]:
    query = """select n.nspname::text, c.relname::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
               where n.nspname = any(%s) and c.relkind in ('r', 'p') order by 1, 2"""
    return {f"{schema}.{name}": sql.Identifier(schema, name) for schema, name in conn.execute(query, [schemas])}


def differences(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """Tables and sequences that came, went or changed."""
    return sorted(key for key in before.keys() | after.keys() if before.get(key) != after.get(key))
