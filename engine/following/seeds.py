"""Which rows of a table that is followed row by row a round derives anew: a list of their keys, with their places.

Laws
- They are the rows that were written since the last round, every row that was rejected and every one that has lost a
  reference, or of which some row could not be made: what a round brings may bring these back. So is what the closure
  adds.
- Keys that are gone are found by the change feed, which proves that it has found all (engine.changes.keys).
- Rows are read by their places in the round's snapshot, and in no other.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import psycopg
from psycopg import sql

from config.postgres.quoting import quoted
from engine.changes import keys
from engine.changes.feed import Changes
from engine.chunks.work import Chunk, Part, Work, in_build
from engine.following.units import Filled, Rows
from engine.planning.tables.reshaped import legacy_key
from engine.quarantine import legacy_rows
from engine.reflect.catalog import LegacyTable

PART_ROWS = 5_000
ASKED_ROWS = 10_000
ADD = "insert into {keys} select s.* from {stage} as s where not exists (select from {keys} as k where {same})"
REDRIVEN = """
    select legacy_key from migration.rejects where run_id = %(run)s and legacy_table = %(table)s
    union
    select legacy_key from migration.notes
    where run_id = %(run)s and legacy_table = %(table)s and target_table = any (%(into)s)
      and (note like 'orphan: %%' or note like 'not_made: %%')
"""


@dataclass(frozen=True)
class Seeds:
    """Of one unit. number: of its tables in the delta's schema: of keys with places, of keys that are gone."""

    work: Work
    unit: Rows
    number: int

    @property
    def legacy(self) -> LegacyTable:
        return self.work.plan.table(self.unit.legacy_table).legacy

    @property
    def keys(self) -> sql.Identifier:
        """Table with the legacy key's columns, oid and place of each row that is derived anew."""
        return sql.Identifier(self.work.schema, self.names[0])

    @property
    def gone(self) -> sql.Identifier:
        """Table with the keys of the rows that are no longer there."""
        return sql.Identifier(self.work.schema, self.names[1])

    @property
    def names(self) -> tuple[str, str]:
        return f"__keys_{self.number}", f"__gone_{self.number}"

    @property
    def columns(self) -> sql.Composed:
        return sql.SQL(", ").join(map(sql.Identifier, self.legacy.shape.primary_key))

    def make(self, target: psycopg.Connection) -> None:
        """The tables, empty. Their columns are those of the build's own table."""
        home = sql.Identifier(*final_place(self.work, self.unit.home))
        named = sql.SQL(", ").join(
            sql.SQL("{} as {}").format(sql.Identifier(final_column(self.work, self.unit.home, c)), sql.Identifier(c))
            for c in self.legacy.shape.primary_key
        )
        for table, more in ((self.keys, ", null::oid as __oid, null::tid as __tid"), (self.gone, "")):
            query = "create unlogged table {} as select {}{} from {} with no data"
            target.execute(sql.SQL(query).format(table, named, sql.SQL(more), home))

    def read_written(self, source: psycopg.Connection, target: psycopg.Connection, changes: Changes) -> None:
        """Keys and places of the rows that were written since the last round."""
        found = changes.tables[self.unit.legacy_table]
        if found.written:
            self._copy(source, target, self.keys, changes.rows_to_read(found))

    def read_gone(self, source: psycopg.Connection, target: psycopg.Connection, changes: Changes) -> int:
        """Find the keys that are gone; how many. Errors: VerificationFailed, where they do not add up."""
        found = changes.tables[self.unit.legacy_table]
        if not found.lost:
            return 0
        known = self._known()
        with in_build(self.work, target), keys.settled(source, target, changes, found, known, self.keys) as settled:
            query = "insert into {} select {columns} from {}"
            target.execute(sql.SQL(query).format(self.gone, settled.gone_keys, columns=self.columns))
            return settled.gone

    def _known(self) -> list[sql.Composed]:
        """Queries for the keys that the last round's snapshot had: in the build or the archive, and rejected."""
        home, shape = self.unit.home, self.legacy.shape
        own = sql.SQL(", ").join(
            sql.SQL("{} as {}").format(sql.Identifier(final_column(self.work, home, c)), sql.Identifier(c))
            for c in shape.primary_key
        )
        read = columns_of(self.legacy, "r.legacy_key")
        return [
            sql.SQL("select {} from {}").format(own, sql.Identifier(*final_place(self.work, home))),
            sql.SQL("select {} from migration.rejects as r where r.run_id = {} and r.legacy_table = {}").format(
                read, sql.Literal(self.work.attempt_run), sql.Literal(self.legacy.name)
            ),
        ]

    def redriven(self, target: psycopg.Connection) -> list[str]:
        """Legacy keys of rows that were rejected, or have lost something that they name."""
        into = [self.work.plan.final_name(table.name) for table in self.unit.tables]
        given = {"run": self.work.attempt_run, "table": self.legacy.name, "into": into}
        return [key for (key,) in target.execute(REDRIVEN, given)]

    def add(self, source: psycopg.Connection, target: psycopg.Connection, legacy_keys: Iterable[str]) -> None:
        """Add the rows of these keys, as the books write them, that are there and not among them yet."""
        wanted = sorted(set(legacy_keys))
        stage = sql.Identifier("pg_temp", "__keys_added")
        for start in range(0, len(wanted), ASKED_ROWS):
            condition = legacy_rows.key_condition(self.legacy, wanted[start : start + ASKED_ROWS])
            with target.transaction():
                target.execute(sql.SQL("create temporary table {} (like {}) on commit drop").format(stage, self.keys))
                rows = sql.SQL(f"from {quoted(self.work.plan.source_schema, self.legacy.name)} as t where {condition}")
                self._copy(source, target, stage, rows)
                target.execute(sql.SQL(ADD).format(keys=self.keys, stage=stage, same=self.is_key("k", "s")))
                target.execute(sql.SQL("drop table {}").format(stage))

    def is_key(self, one: str, other: str) -> sql.Composed:
        """SQL that is true where two aliases have the same legacy key."""
        equal = sql.SQL("{}.{name} = {}.{name}")
        names = map(sql.Identifier, self.legacy.shape.primary_key)
        return sql.SQL(" and ").join(equal.format(sql.SQL(one), sql.SQL(other), name=name) for name in names)

    def _copy(
        self, source: psycopg.Connection, target: psycopg.Connection, into: sql.Identifier, rows: sql.Composable
    ) -> None:
        columns = sql.SQL(", ").join(sql.Identifier("t", name) for name in self.legacy.shape.primary_key)
        query = sql.SQL("select {}, t.tableoid, t.ctid {}").format(columns, rows)
        copy(source, target, query, into)

    def parts(self, target: psycopg.Connection) -> list[Part]:
        """The rows to derive, some thousands in a part, by their places."""
        return parts(target, self.legacy, sql.SQL("select __oid, __tid from {}").format(self.keys))

    def chunks(self, target: psycopg.Connection) -> list[Chunk]:
        """The same for each of the unit's routes."""
        parts = self.parts(target)
        return [
            Chunk(route.name, number, rows=len(part.tids), tids=part.tids, oid=part.oid)
            for route in self.unit.routes
            for number, part in enumerate(parts)
        ]

    def texts(self) -> sql.Composed:
        """A query for the legacy keys, as the books write them, of all rows that are derived anew or gone."""
        query = "select {key} from (select {columns} from {keys} union all select {columns} from {gone}) as t"
        return sql.SQL(query).format(
            key=sql.SQL(legacy_key(self.legacy)), columns=self.columns, keys=self.keys, gone=self.gone
        )


def copy(source: psycopg.Connection, target: psycopg.Connection, query: sql.Composable, into: sql.Composable) -> None:
    """Copy a query's rows from one session into a table of the other."""
    out, back = sql.SQL("copy ({}) to stdout").format(query), sql.SQL("copy {} from stdin").format(into)
    with source.cursor() as given, target.cursor() as taken, given.copy(out) as read, taken.copy(back) as sink:
        for data in read:
            sink.write(data)


def parts(target: psycopg.Connection, table: LegacyTable, places: sql.Composable) -> list[Part]:
    """Rows of a legacy table, some thousands in a part. places: a query for the oid and place of each."""
    query = "select concat(oid), array_agg(concat(tid) order by tid) from ({}) as p (oid, tid) group by 1 order by 1"
    return [
        Part(int(oid) if table.leaves else None, tids=tuple(tids[start : start + PART_ROWS]))
        for oid, tids in target.execute(sql.SQL(query).format(places)).fetchall()
        for start in range(0, len(tids), PART_ROWS)
    ]


def columns_of(table: LegacyTable, key: str) -> sql.Composed:
    """SQL: the columns of a legacy key, of their own types and names. key: SQL of it as the books write it."""
    columns = [table.shape.column(name) for name in table.shape.primary_key]
    texts = [key] if len(columns) == 1 else [f"({key}::jsonb ->> {n})" for n in range(len(columns))]
    return sql.SQL(", ").join(
        sql.SQL(f"cast({text} as {column.type}) as {{}}").format(sql.Identifier(column.name))
        for text, column in zip(texts, columns, strict=True)
    )


def final_place(work: Work, table: Filled) -> tuple[str, str]:
    """Schema and name of a table in the finished build or archive."""
    if table.is_archive:
        return work.plan.archive_schema, table.name
    return work.plan.build_schema, work.plan.final_name(table.name)


def final_column(work: Work, table: Filled, column: str) -> str:
    """A column's name in the finished build."""
    if table.is_archive:
        return column
    named = (new for of, old, new in work.plan.column_renames if (of, old) == (table.name, column))
    return next(named, column)
