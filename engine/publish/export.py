"""A folder with what was written to a schema that is set aside, and a script that puts it into one again.

Laws
- Rows that were inserted or updated stand there whole, deleted ones by their keys, each table in files as COPY writes
  them. A table whose rows cannot be told apart stands there whole, and replaces what the script finds.
- The folder is made beside its place and moved there once all of it is on disk, before the rollback commits. A folder
  with something in it is left alone.
- It holds personal data: nobody but its owner may look into it.
"""

import json
import os
import re
import secrets
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from config.errors import ConfigError
from config.postgres import session
from engine.changes.feed import Changes, Found
from engine.changes.keys import Settled
from engine.changes.marks import Described, listed

FOLDER = Path(__file__).parent / "sql"
HEAD = (FOLDER / "restore_head.sql").read_text(encoding="utf-8")
TAIL = (FOLDER / "restore_tail.sql").read_text(encoding="utf-8")
COLUMNS = """
    select a.attname::text from pg_attribute a join pg_class c on c.oid = a.attrelid
    join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = %s and c.relname = %s and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
    order by a.attnum
"""
SEQUENCES = """
    select s.sequencename::text, s.last_value, s.increment_by > 0 from pg_sequences s
    where s.schemaname = %s and s.last_value is not null order by 1
"""
# What the files' values are read by; a script of psql's runs under settings of its own.
READ_BY = ("client_encoding", "DateStyle", "IntervalStyle", "TimeZone", "lc_monetary", "xmloption", "array_nulls",
           "standard_conforming_strings")  # fmt: skip


@dataclass(frozen=True)
class Part:
    """One table of the export. rows, gone: names of files; None where there is none. replaces: whether its rows take
    the place of all that the script finds."""

    table: str
    rows: str
    gone: str | None
    replaces: bool


class Export:
    """An export into the folder `place`, which is made. Errors of its methods: ConfigError where it cannot be."""

    def __init__(self, place: Path):
        self.place, self._is_made = place, False
        self._draft = place.with_name(f".{place.name}.{secrets.token_hex(4)}")
        self.parts: list[Part] = []
        self._restores: list[str] = []

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
        self.parts, self._restores = [], []
        self._draft.mkdir(mode=0o700)

    def abandon(self) -> None:
        shutil.rmtree(self._draft, ignore_errors=True)

    def add(self, conn: psycopg.Connection, changes: Changes, found: Found, settled: Settled | None) -> None:
        """The rows of one table that is there, and the keys that are gone."""
        table, number = found.table, len(self.parts) + 1
        if table is None:
            raise LookupError(f"table {found.name} is no longer there to be exported")
        columns = [name for (name,) in conn.execute(COLUMNS, [changes.schema, found.name])]
        stem = f"{number:03}_{re.sub(r'[^a-z0-9_]+', '_', found.name.lower())[:40]}"
        rows = sql.SQL("select {} {}").format(
            sql.SQL(", ").join(sql.Identifier("t", name) for name in columns), changes.rows_to_read(found)
        )
        self._copy(conn, rows, f"{stem}.rows")
        if settled and settled.gone:
            self._copy(conn, sql.SQL("select * from {}").format(settled.gone_keys), f"{stem}.gone")
        part = Part(found.name, f"{stem}.rows", f"{stem}.gone" if settled and settled.gone else None, settled is None)
        self.parts.append(part)
        self._restores.append(_restored(conn, number, part, table, columns))

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
        self._write("restore.sql", _script(conn, schema, self.parts, self._restores))
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


# How a table is put back: %1 its number. Foreign keys are not there meanwhile, so that the order of rows means nothing.
RESTORE = """
\\echo {shown}
create temporary table rows_{number} on commit drop as select {columns} from :"schema".{table} with no data;
\\copy pg_temp.rows_{number} from '{rows}'
{delete}
insert into :"schema".{table} ({columns}) overriding system value select {columns} from pg_temp.rows_{number};
"""
GONE = """create temporary table gone_{number} on commit drop as select {key} from :"schema".{table} with no data;
\\copy pg_temp.gone_{number} from '{gone}'
delete from :"schema".{table} as t using pg_temp.gone_{number} as k where {same};
"""
REPLACED = 'delete from :"schema".{table} as t using pg_temp.rows_{number} as k where {same};'
EMPTIED = 'delete from :"schema".{table};'


def _restored(conn: psycopg.Connection, number: int, part: Part, table: Described, columns: list[str]) -> str:
    """The script's part for one table."""
    given = {
        "number": number, "rows": part.rows, "gone": part.gone, "shown": _psql(part.table),
        "table": sql.Identifier(part.table).as_string(conn), "columns": listed(columns).as_string(conn),
        "key": table.columns.as_string(conn), "same": _same(table).as_string(conn),
    }  # fmt: skip
    if part.replaces:
        delete = EMPTIED.format(**given)
    else:
        delete = (GONE.format(**given) if part.gone else "") + REPLACED.format(**given)
    return RESTORE.format(delete=delete, **given)


def _same(table: Described) -> sql.Composed:
    """That the key of t is that of k, by the operators that the primary key goes by."""
    pairs = zip(table.key, table.operators, strict=True)
    equal = [sql.SQL("t.{0} {1} k.{0}").format(sql.Identifier(name), sql.SQL(by)) for (name, _), by in pairs]
    return sql.SQL(" and ").join(equal)


def _script(conn: psycopg.Connection, schema: str, parts: list[Part], restores: list[str]) -> str:
    settings = "\n".join(f"set local {name} = '{session.PINNED[name]}';" for name in READ_BY)
    tables = ", ".join(_literal(conn, part.table) for part in parts) or "''"
    head = HEAD.replace("{schema}", _psql(schema)).replace("{settings}", settings).replace("{tables}", tables)
    rows = conn.execute(SEQUENCES, [schema]).fetchall()
    return head + "".join(restores) + "".join(_sequence(conn, *row) for row in rows) + TAIL


def _sequence(conn: psycopg.Connection, name: str, value: int, ascends: bool) -> str:
    named, farther = sql.Identifier(name).as_string(conn), "greatest" if ascends else "least"
    place = f"pg_catalog.format('%I.%I', :'schema', {_literal(conn, name)})::regclass"
    position = f"pg_catalog.setval({place}, {farther}({value}, last_value)) as position"
    return f'select {position} from :"schema".{named} \\gset\n'


def _psql(text: str) -> str:
    """A word of a command of psql's own."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _literal(conn: psycopg.Connection, text: str) -> str:
    return sql.Literal(text).as_string(conn)
