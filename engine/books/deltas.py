"""The books of a delta: what a round derives is recorded under an id of its own until it is the run's."""

import psycopg
from psycopg import sql

from engine.books import bookkeeping

SUFFIX = "__delta"
TABLES = ("rejects", "id_map", "removed_links", "notes", "moved", "gone", "chunks")


def id_of(run_id: str) -> str:
    """Under which the books of a run's delta stand."""
    return f"{run_id}{SUFFIX}"


def forget(conn: psycopg.Connection, target_schema: str) -> None:
    """Delete the books of the deltas of all runs into this schema."""
    ids = [id_of(run.run_id) for run in bookkeeping.runs(conn, target_schema)]
    for table in TABLES:
        query = sql.SQL("delete from {} where run_id = any (%s)").format(sql.Identifier(bookkeeping.SCHEMA, table))
        conn.execute(query, [ids])
