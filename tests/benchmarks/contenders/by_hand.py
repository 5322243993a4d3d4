"""INSERT … SELECT by hand, inside one database, into the same tables and under the same constraints as the target's.

The tables and constraints are the published target's own, by pg_dump; the statements between them are written by hand
(by_hand.sql), from the rules and for this one legacy database. What they make serves as a second oracle: every table,
every column.
"""

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.benchmarks.contenders.contender import CannotTakePart, Contender, Details, Place, call
from tests.benchmarks.measuring.server import Server

SCHEMAS = ("nxtgauge", "legacy_archive")
STATEMENTS = Path(__file__).with_suffix(".sql")

# By hand an id is derived otherwise, and the instant of the run is another: of both only where they stand is compared.
COLUMNS = """
    select n.nspname, c.relname, array_agg(case
        when a.atttypid = 'uuid'::regtype then
            format('case when %1$I::text ~ ''^.{{14}}5.{{4}}[89ab]'' then ''derived'' else %1$I::text end', attname)
        when a.attname in ('created_at', 'updated_at') then
            format('case when %1$I >= ''{since}'' then ''the run'' else %1$I::text end', attname)
        else format('%I::text', attname) end order by a.attnum), array_agg(attname::text order by a.attnum)
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where n.nspname = any ('{{{schemas}}}') and c.relkind = 'r' group by 1, 2 order by 1, 2
"""
SUM = "select count(*), sum(hashtextextended({value}, 0)::numeric) from {table}"


def copy_legacy(place: Place) -> None:
    """The target is a copy of the legacy database this time, so that both stand in one."""
    place.server.create(place.target_name, template=place.source_name)


def insert(place: Place) -> Details:
    restore, psql = place.server.program("pg_restore"), place.server.program("psql")
    into = ("-d", place.target, str(place.ddl))
    call(restore, "--section=pre-data", *into)
    call(psql, "-qXv", "ON_ERROR_STOP=1", "-1f", str(STATEMENTS), place.target)
    call(restore, "--section=post-data", f"-j{place.jobs}", *into)
    call(psql, "-qXc", "analyze", place.target)
    return {}


def dump_schemas(server: Server, published: str) -> Path:
    """The DDL of what is published, as pg_restore takes it."""
    folder = server.folder / "ddl"
    schemas = [f"--schema={name}" for name in SCHEMAS]
    call(server.program("pg_dump"), "-Fd", "--schema-only", *schemas, "-f", str(folder), server.url(published))
    return folder


def compared(place: Place, published: str, since: str) -> dict[str, Any]:
    """Make the target by hand, and compare with it."""
    copy_legacy(place)
    try:
        insert(place)
    except CannotTakePart as error:
        return {"tables": {}, "faults": [f"by hand: {error}"]}
    return differences(place, published, since)


def differences(place: Place, published: str, since: str) -> dict[str, Any]:
    """Rows by table of a published database, and where they are not what was made by hand. since: before any run."""
    tables, faults = {}, []
    query = COLUMNS.format(since=since, schemas=",".join(SCHEMAS))
    for schema, table, values, names in place.server.rows(query, published):
        compare = _Compared(place, published, f'"{schema}"."{table}"')
        whole = ", ".join(f"coalesce({value}, chr(8))" for value in values)
        (rows, _), (rows_by_hand, _) = both = compare.sums(f"concat_ws(chr(7), {whole})")
        tables[f"{schema}.{table}"] = rows
        if both[0] != both[1]:
            columns = [name for name, value in zip(names, values, strict=True) if compare.is_other(value)]
            faults.append(f"{schema}.{table}: {rows} rows, by hand {rows_by_hand}; other columns: {', '.join(columns)}")
    return {"tables": tables, "faults": faults}


@dataclass(frozen=True)
class _Compared:
    """A table of the published database beside the one that is made by hand."""

    place: Place
    published: str
    table: str

    def sums(self, value: str) -> list[tuple[int, Decimal]]:
        """Of both: the rows, and a sum that any other value would change, in whatever order they stand."""
        query = SUM.format(value=value, table=self.table)
        return [self.place.server.rows(query, database)[0] for database in (self.published, self.place.target_name)]

    def is_other(self, value: str) -> bool:
        one, other = self.sums(value)
        return one != other


CONTENDERS = (Contender("by_hand", "INSERT … SELECT by hand, in one database", insert, before=copy_legacy),)
