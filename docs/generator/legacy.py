"""The legacy database that the documents tell of: the reference, with a table of each role that it does not know."""

from importlib.resources import files

import psycopg
from psycopg import sql

from config import mapping

PROFILES = "create table if not exists {} (id uuid primary key, user_id uuid references users, status text)"


def fill(url: str) -> None:
    """url: of an empty database."""
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute((files("config") / "legacy" / "reference.sql").read_text("utf-8"))
        conn.execute("set client_min_messages = warning")
        for table in mapping.load().profile_tables:
            conn.execute(sql.SQL(PROFILES).format(sql.Identifier(table)))
