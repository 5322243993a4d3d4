"""Schemas that hold the program's own books: they have a version, and are upgraded as a whole.

Laws
- Such a schema is created or upgraded in one transaction, and only if no foreign or newer one has its name.
- Ours is known by its comment; its version is the greatest in its table `version`.
- Only its owner has privileges on it, whatever default privileges say; grants made later stay. Privileges on books that
  an older program left open are revoked once, and the log names the roles.
"""

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from config.errors import MigrateError, PlanRefused
from config.postgres.quoting import membership
from engine.books import privileges
from engine.session import fetch
from engine.session.blame import blame

LOG = logging.getLogger("engine")
COMMENT = "nxtgauge-migrate"  # what the schema's comment begins with


def has(conn: psycopg.Connection, table: str) -> bool:
    """Whether there is a table of this name, schema included; books that an older program made lack some until the
    next run."""
    return fetch.value(bool, conn, "select to_regclass(%s) is not null", [table])


@dataclass(frozen=True)
class Versioned:
    """place: its database, as errors call it. scripts: each brings it to the next version, the first makes it.

    lock: key of the advisory lock under which that is done. error: what a failure of the database is raised as.
    closed_from: the version from which on nobody but the owner has anything by default.
    """

    name: str
    place: str
    scripts: tuple[Path, ...]
    lock: int
    error: type[MigrateError]
    closed_from: int

    @property
    def version(self) -> int:
        return len(self.scripts)

    def faults(self, conn: psycopg.Connection) -> list[str]:
        """Why the books cannot live in this database, one sentence each; none where they are absent."""
        if self.is_foreign(conn):
            wanted = "rename it, or use another database"
            return [f"{self.place} has a schema {self.name} that this tool did not make; {wanted}"]
        query = """select pg_get_userbyid(nspowner)::text,
                          case when has_schema_privilege(oid, 'usage')
                               then has_table_privilege(to_regclass(%s), 'select') else false end, current_user::text
                   from pg_namespace where nspname = %s"""
        row = conn.execute(query, [f"{self.name}.version", self.name]).fetchone()
        if row is None:
            return []
        if row[1] is False:
            remedy = membership(row[0], row[2])
            return [f"schema {self.name} of {self.place} is not to be read, and belongs to {row[0]}; {remedy}"]
        found = self._version(conn) if row[1] else 0
        if 1 <= found <= self.version:
            return []
        known = f"this program knows version {self.version}; use the one that made it"
        return [f"schema {self.name} is version {found}; {known}"]

    def is_foreign(self, conn: psycopg.Connection) -> bool:
        """Whether a schema of this name is there and was not made by this tool."""
        query = "select obj_description(oid, 'pg_namespace') from pg_namespace where nspname = %s"
        row = conn.execute(query, [self.name]).fetchone()
        return row is not None and not (row[0] or "").startswith(COMMENT)

    def is_present(self, conn: psycopg.Connection) -> bool:
        """Whether the books are there, and ours. Errors: PlanRefused if a schema of their name is not."""
        if found := self.faults(conn):
            raise PlanRefused(found)
        return fetch.value(bool, conn, "select to_regnamespace(%s) is not null", [self.name])

    def ensure(self, conn: psycopg.Connection) -> int:
        """Make the books where they are absent, or bring older ones to this version. Returns the version found, or 0.

        Errors: PlanRefused (not ours, or newer), and what `error` says.
        """
        with blame(self.error, f"making schema {self.name}"), conn.transaction():
            conn.execute("select pg_advisory_xact_lock(%s)", [self.lock])
            found = self._version(conn) if self.is_present(conn) else 0
            kept = privileges.read(conn, self._oid(conn)).objects if found >= self.closed_from else ()
            for script in self.scripts[found:]:
                conn.execute(script.read_bytes())
            if found < self.version:
                self._close(conn, found, kept)
        return found

    def _close(self, conn: psycopg.Connection, found: int, kept: Collection[privileges.Name]) -> None:
        """kept: what stood there already, and was closed when it was made; the schema itself then is, too."""
        others = privileges.close(conn, self._oid(conn), (*kept, *([("schema", None)] if kept else ())))
        if 0 < found < self.closed_from and others:
            tell_closed(self.name, others)

    def _oid(self, conn: psycopg.Connection) -> int:
        return fetch.value(int, conn, "select oid from pg_namespace where nspname = %s", [self.name])

    def _version(self, conn: psycopg.Connection) -> int:
        query = sql.SQL("select coalesce(max(version), 0) from {}").format(sql.Identifier(self.name, "version"))
        return fetch.value(int, conn, query)


def tell_closed(schema: str, others: Sequence[str]) -> None:
    """Log the roles whose privileges were revoked: they may have been given on purpose."""
    text = "schema %s was open to %s; it holds personal data and is closed now: grant anew what is wanted on purpose"
    LOG.warning(text, schema, ", ".join(others))
