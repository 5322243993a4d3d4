"""A folder with what was written to a schema that is set aside, and a script that puts it into one again.

Laws
- Rows that were inserted and rows that were updated stand there whole, apart from each other, and deleted ones by their
  keys, each table in files as COPY writes them. A table whose rows cannot be told apart stands there whole.
- The folder is made beside its place and moved there once all of it is on disk, before the rollback commits. Where that
  fails it goes again. A folder with something in it is left alone.
- It holds personal data: nobody but its owner may look into it.
"""

import json
import os
import re
import secrets
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from config.errors import ConfigError
from engine.changes.feed import Changes, Found
from engine.changes.keys import Settled
from engine.changes.marks import Described
from engine.publish import script
from engine.publish.script import Part, Restored

COLUMNS = """
    select a.attname::text from pg_attribute a join pg_class c on c.oid = a.attrelid
    join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = %s and c.relname = %s and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
    order by a.attnum
"""


class Export:
    """An export into the folder `place`, which is made. Errors of its methods: ConfigError where it cannot be."""

    def __init__(self, place: Path):
        self.place, self._is_made = place, False
        self._draft = place.with_name(f".{place.name}.{secrets.token_hex(4)}")
        self.parts: list[Part] = []
        self._restored: list[Restored] = []

    def check(self) -> None:
        """Errors: ConfigError if the folder cannot be made, or is taken."""
        if self.place.exists() and not self._is_made and (not self.place.is_dir() or any(self.place.iterdir())):
            raise ConfigError(f"{self.place} is there and is no empty folder; name one that is not there yet")
        if not self.place.parent.is_dir() or not os.access(self.place.parent, os.W_OK):
            raise ConfigError(f"{self.place.parent} is no folder that can be written to; name another one")

    def begin(self) -> None:
        """Begin, or begin anew where an earlier attempt did not come to its end."""
        self.check()
        self.abandon()
        self.parts, self._restored = [], []
        self._draft.mkdir(mode=0o700)

    def abandon(self) -> None:
        """Leave nothing of what did not come to its end."""
        shutil.rmtree(self._draft, ignore_errors=True)

    def withdraw(self) -> None:
        """Leave nothing at all: what it tells of did not happen."""
        self.abandon()
        if self._is_made:
            shutil.rmtree(self.place, ignore_errors=True)
            self._is_made = False

    def add(self, conn: psycopg.Connection, changes: Changes, found: Found, settled: Settled | None) -> None:
        """The rows of one table that is there, and the keys that are gone."""
        table, number = found.table, len(self.parts) + 1
        if table is None:
            raise LookupError(f"table {found.name} is no longer there to be exported")
        columns = [name for (name,) in conn.execute(COLUMNS, [changes.schema, found.name])]
        stem = f"{number:03}_{re.sub(r'[^a-z0-9_]+', '_', found.name.lower())[:40]}"
        queries = _queries(table, columns, changes.rows_to_read(found), found, settled)
        for kind, query in queries.items():
            self._copy(conn, query, f"{stem}.{kind}")
        part = Part(found.name, **{kind: f"{stem}.{kind}" for kind in queries})
        self.parts.append(part)
        self._restored.append(Restored(conn, number, part, table, columns))

    def _copy(self, conn: psycopg.Connection, query: sql.Composed, name: str) -> None:
        with self._opened(name) as file, conn.cursor() as cursor:
            with cursor.copy(sql.SQL("copy ({}) to stdout").format(query)) as rows:
                for data in rows:
                    file.write(data)
            _flush(file)

    def finish(self, conn: psycopg.Connection, schema: str, about: dict[str, Any]) -> None:
        """Put the script and the list of files beside them, and all of it in its place."""
        about = about | {"files": [asdict(part) for part in self.parts]}
        self._write("export.json", json.dumps(about, indent=2) + "\n")
        self._write("restore.sql", script.text(conn, schema, self.parts, self._restored))
        if self._is_made:
            shutil.rmtree(self.place, ignore_errors=True)
        self._draft.replace(self.place)
        self._is_made = True
        for folder in (self.place, self.place.parent):
            number = os.open(folder, os.O_RDONLY)
            os.fsync(number)
            os.close(number)

    def _write(self, name: str, text: str) -> None:
        with self._opened(name) as file:
            file.write(text.encode())
            _flush(file)

    def _opened(self, name: str) -> Any:
        return os.fdopen(os.open(self._draft / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _flush(file: Any) -> None:
    file.flush()
    os.fsync(file.fileno())


def _queries(
    table: Described, columns: list[str], rows: sql.Composed, found: Found, settled: Settled | None
) -> dict[str, sql.Composed]:
    """Kind of file → what it holds, of the kinds that there are."""
    wanted = sql.SQL("select {} {}").format(sql.SQL(", ").join(sql.Identifier("t", name) for name in columns), rows)
    if settled is None:
        return {"rows": wanted}
    was_there = sql.SQL("exists (select from ({}) as k where {})").format(settled.known, table.is_key("t", "k"))
    queries = {}
    if settled.inserted:
        queries["inserted"] = wanted + sql.SQL(" and not ") + was_there
    if settled.updated or found.whole:  # of a table that is read whole, rows that nobody has touched are among them
        queries["updated"] = wanted + sql.SQL(" and ") + was_there
    if settled.gone:
        queries["gone"] = sql.SQL("select * from {}").format(settled.gone_keys)
    return queries
