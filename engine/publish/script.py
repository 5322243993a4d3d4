"""The script of an export, restore.sql, which psql runs: it puts the files into a schema again.

Laws
- All of it or nothing, in one transaction, which nobody else writes to the tables meanwhile.
- Nothing that was written to the schema since is taken away unless that is asked for, as far as it can be known.
- A table's own rows are meant, without those of tables that inherit from it.
"""

from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from config.postgres import session
from engine.changes import marks
from engine.changes.marks import Described

FOLDER = Path(__file__).parent / "sql"
HEAD, REFUSAL, TAIL = (
    (FOLDER / f"restore_{part}.sql").read_text(encoding="utf-8") for part in ("head", "refusal", "tail")
)
SEQUENCES = """
    select s.sequencename::text, s.last_value, s.increment_by > 0 from pg_sequences s
    where s.schemaname = %s and s.last_value is not null order by 1
"""
# What the files' values are read by; a script of psql's runs under settings of its own.
READ_BY = ("client_encoding", "DateStyle", "IntervalStyle", "TimeZone", "lc_monetary", "xmloption", "array_nulls",
           "standard_conforming_strings")  # fmt: skip
WRITTEN = "age(t.xmin) <= age(m.since) and age(t.xmin) >= age(m.reached) and not int8in(xidout(t.xmin)) <@ m.seen"

# A file is read into a table of its own, which is there, too, where there is no file.
READ = """create temporary table {kind}_{number} on commit drop as select {columns} from {rows} as t with no data;
"""
FILLED = """\\copy pg_temp.{kind}_{number} from '{file}'
"""
THERE_ALREADY = """delete from pg_temp.{kind}_{number} as k using {rows} as t
where {same} and textin(record_out(row({t_columns}))) = textin(record_out(row({k_columns})));
"""
# Rows that would be taken away, by what stands here.
TAKEN = "(select count(*) from {rows} as t join pg_temp.inserted_{number} as k on {same})"
WRITTEN_SINCE = """(select count(*) from {rows} as t join pg_temp.{kind}_{number} as k on {same}
    cross join pg_temp.mark as m where {written})"""
NOT_HERE = """(select count(*) from (
    select textin(record_out(row({t_columns}))) from {rows} as t cross join pg_temp.mark as m where {written}
    except all select textin(record_out(row({k_columns}))) from pg_temp.rows_{number} as k) as lost)"""
# Rows that would come back though they were deleted since: the books have the keys that were there.
DELETED_SINCE = """(select count(*) from (
    select {k_key} from pg_temp.updated_{number} as k where not exists (select from {rows} as t where {same})
    intersect select (of_key.key).* from (
        select key::pg_temp.gone_{number} as key from migration.keys as kept cross join unnest(kept.keys) as key
        where kept.schema_oid = (select oid from pg_namespace where nspname = :'schema')
          and kept.table_name = {name} offset 0
    ) as of_key) as lost)"""
COUNTED = """insert into pg_temp.in_the_way select {name}, {inserted}, {updated}, {deleted}, {replaced}, 0;
"""
IF_KNOWN = """\\if :is_unknown
\\else
update pg_temp.in_the_way set deleted_here = {deleted_here} where "table" = {name};
\\endif
"""
# Foreign keys are not there meanwhile, so that the order of rows means nothing.
DELETED = """delete from {rows} as t using pg_temp.{kind}_{number} as k where {same};
"""
EMPTIED = """delete from {rows};
"""
PUT = """insert into :"schema".{table} ({columns}) overriding system value
select {columns} from pg_temp.{kind}_{number};
"""


@dataclass(frozen=True)
class Part:
    """One table of the export, and its files; None where there is none. inserted, updated: rows, gone: keys.

    rows: all of them, in place of the other three; they replace what the script finds.
    """

    table: str
    inserted: str | None = None
    updated: str | None = None
    gone: str | None = None
    rows: str | None = None


class Restored:
    """The script's parts for one table, whose number is told apart from others'."""

    def __init__(self, conn: psycopg.Connection, number: int, part: Part, table: Described, columns: list[str]):
        self._files = {"inserted": part.inserted, "updated": part.updated, "gone": part.gone}
        if part.rows:
            self._files = {"rows": part.rows}
        only = "" if table.is_partitioned else "only "
        name, all_of = sql.Identifier(part.table).as_string(conn), marks.listed(columns).as_string(conn)
        self._shown, self._key = _psql(part.table), table.columns.as_string(conn)
        self._given = {
            "number": number, "table": name, "rows": f'{only}:"schema".{name}', "columns": all_of, "written": WRITTEN,
            "name": _literal(conn, part.table), "same": table.is_key("t", "k").as_string(conn) if table.key else "",
            "k_key": _of("k", [name for name, _ in table.key]).as_string(conn),
            "t_columns": _of("t", columns).as_string(conn), "k_columns": _of("k", columns).as_string(conn),
        }  # fmt: skip

    def reading(self) -> str:
        """Files are read, what is there already is left out, and what would be lost is counted."""
        made = [f"\n\\echo {self._shown}\n"]
        for kind, file in self._files.items():
            made.append(self._text(READ, kind, columns=self._key if kind == "gone" else self._given["columns"]))
            made += [self._text(FILLED, kind, file=file)] if file else []
        made += [self._text(THERE_ALREADY, kind) for kind in ("inserted", "updated") if kind in self._files]
        return "".join([*made, self._counting()])

    def _counting(self) -> str:
        if "rows" in self._files:
            return self._text(COUNTED, inserted=0, updated=0, deleted=0, replaced=self._text(NOT_HERE))
        since = {name: self._text(WRITTEN_SINCE, kind) for name, kind in (("updated", "updated"), ("deleted", "gone"))}
        known = self._text(IF_KNOWN, deleted_here=self._text(DELETED_SINCE)) if self._files["updated"] else ""
        return self._text(COUNTED, inserted=self._text(TAKEN), replaced=0, **since) + known

    def putting(self) -> str:
        """Rows go, and come."""
        if "rows" in self._files:
            return self._text(EMPTIED) + self._text(PUT, "rows")
        gone = "".join(self._text(DELETED, kind) for kind in self._files)
        return gone + self._text(PUT, "inserted") + self._text(PUT, "updated")

    def _text(self, template: str, kind: str = "", **given: object) -> str:
        return template.format(**self._given | {"kind": kind} | given)


def text(conn: psycopg.Connection, schema: str, parts: list[Part], restored: list[Restored]) -> str:
    """The script. schema: where the rows are from, whose sequences are looked at."""
    given = {
        "schema": _psql(schema),
        "settings": "\n".join(f"set local {name} = '{session.PINNED[name]}';" for name in READ_BY),
        "tables": ", ".join(_literal(conn, part.table) for part in parts),
        "farthest": marks.FARTHEST,
    }
    head = HEAD
    for name in ("settings", "farthest", "schema", "tables"):  # what others have named comes last
        head = head.replace(f"{{{name}}}", str(given[name]))
    rows = conn.execute(SEQUENCES, [schema]).fetchall()
    read, put = "".join(table.reading() for table in restored), "".join(table.putting() for table in restored)
    return head + read + REFUSAL + put + "".join(_sequence(conn, *row) for row in rows) + TAIL


def _sequence(conn: psycopg.Connection, name: str, value: int, ascends: bool) -> str:
    named, farther = sql.Identifier(name).as_string(conn), "greatest" if ascends else "least"
    place = f"pg_catalog.format('%I.%I', :'schema', {_literal(conn, name)})::regclass"
    position = f"pg_catalog.setval({place}, {farther}({value}, last_value)) as position"
    return f'select {position} from :"schema".{named} \\gset\n'


def _of(alias: str, columns: list[str]) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(alias, name) for name in columns)


def _psql(text: str) -> str:
    """A word of a command of psql's own, which ends with its line."""
    for plain, escaped in (("\\", "\\\\"), ("'", "\\'"), ("\n", "\\n"), ("\r", "\\r")):
        text = text.replace(plain, escaped)
    return f"'{text}'"


def _literal(conn: psycopg.Connection, text: str) -> str:
    return sql.Literal(text).as_string(conn)
