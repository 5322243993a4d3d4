"""How rows are removed from the build: recorded with their reason, together with every row that cannot stay without
them.

Laws
- Violators are looked for once, into a temporary table; what becomes of them, and what is said of it, follows from that
  table, in one transaction.
- All target rows of a reshaped row are removed. A removed derived row is a note on the legacy row, whose copied row
  stays.
- Rows are named to the books in batches (records), and counted: none vanishes.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from psycopg import sql

from config.errors import TargetError
from config.reasons import Reason
from engine.chunks.chunk_books import orphan_note
from engine.chunks.work import in_build
from engine.planning import ids
from engine.planning.plan import HIDDEN, ConstraintRule
from engine.quarantine import legacy_rows, records
from engine.quarantine.constraints import Constraints
from engine.quarantine.legacy_rows import LegacyRow
from engine.quarantine.records import Records, columns_behind
from engine.reflect.catalog import LegacyTable
from engine.reflect.select_list import key_of
from engine.session.blame import blame

# place: of the build row; name: of its legacy row; id: by which children know it; ground: why it goes.
MAKE_REMOVED = """
    create temporary table if not exists __removed (place tid, name text, id text, ground int2) on commit drop;
    truncate pg_temp.__removed
"""
# A reference that is set to null: the column, and what it held.
MAKE_NULLED = """
    create temporary table if not exists __nulled (place tid, name text, held_by text, held text) on commit drop;
    truncate pg_temp.__nulled
"""
# Keys by which children know what went; a table whose rows have none is named all the same.
SIBLINGS = """
    with removed as (
        delete from {table} as t using (select distinct name from pg_temp.__removed) as r
        where t.{hidden} = r.name returning {id} as id
    )
    insert into migration.gone (run_id, build_table, id)
    select {run}, {name}, r.id from removed as r where r.id <> ''
    union all select {run}, {name}, '' from removed as r having count(*) > 0 and count(nullif(r.id, '')) = 0
"""
GONE = """
    insert into migration.gone (run_id, build_table, id)
    select %(run)s, %(table)s, r.id from pg_temp.__removed as r where r.id <> ''
    union all select %(run)s, %(table)s, '' from pg_temp.__removed as r having count(nullif(r.id, '')) = 0
"""


@dataclass(frozen=True)
class Ground:
    """Why rows go. condition: of which violators it is true, over the alias t; None: of all."""

    reason: Reason
    sentence: str
    condition: sql.Composable | None = None


@dataclass
class Removals(Records):
    """loaded: build tables with rows; lost: those that have lost rows so far, fresh: since the last judgement.

    constraints: those of the build, of which foreign keys make way for what goes.
    """

    loaded: set[str]
    lost: set[str]
    fresh: set[str]
    constraints: Constraints

    def set_null(self, rule: ConstraintRule, violates: sql.Composable) -> None:
        """Null the references that lead nowhere; a note for each that was not null before, with the legacy value."""
        names = rule.releases or rule.columns[:1]
        with self._blame(rule), self.target.transaction():
            if not self._select_nulled(rule.table, names, violates):
                return
            query = sql.SQL(
                "update {} as t set {} from (select distinct place from pg_temp.__nulled) as o where t.ctid = o.place"
            ).format(
                self._table(rule.table),
                sql.SQL(", ").join(sql.SQL("{} = null").format(sql.Identifier(name)) for name in names),
            )
            with in_build(self.work, self.target):
                self.target.execute(query)
            for name in names:
                self._note_nulled(rule, name)

    def _select_nulled(self, table: str, names: tuple[str, ...], violates: sql.Composable) -> int:
        """How many references there are that lead nowhere."""
        held = sql.SQL(", ").join(
            sql.SQL("({}, {}, t.{} is not null)").format(
                sql.Literal(name), sql.SQL(ids.told(self.work.plan.shape(table).column(name))), sql.Identifier(name)
            )
            for name in names
        )
        query = sql.SQL(
            "insert into pg_temp.__nulled select t.ctid, {name}, held.name, held.value from {table} as t "
            "cross join lateral (values {held}) as held (name, value, is_there) where {violates} and held.is_there"
        ).format(name=self._row_name(table), table=self._table(table), held=held, violates=violates)
        self.target.execute(MAKE_NULLED)
        with in_build(self.work, self.target):
            return self.target.execute(query).rowcount

    def _note_nulled(self, rule: ConstraintRule, column: str) -> None:
        query = "select name, held from pg_temp.__nulled where held_by = %(column)s"
        note = orphan_note(self.work, rule.parent)
        for table, oids in self._sources(rule.table, "pg_temp.__nulled"):
            behind = columns_behind(table.name, column)
            for rows in self._batches(rule.table, query, {"column": column, "oids": oids}):
                found = self._found(rule.table, table, [name for name, _ in rows], behind)
                self.note(rule.table, column, note, [(found[name], held) for name, held in rows])

    def _blame(self, rule: ConstraintRule) -> contextlib.AbstractContextManager[None]:
        return blame(TargetError, f"judging {rule.table} by {rule.name}", self.work.stop)

    def _row_name(self, table: str) -> sql.Composable:
        """What tells a build row's legacy row: its origin, else its key as text."""
        if table in self.work.plan.hidden:
            return sql.SQL("t.{}").format(sql.Identifier(HIDDEN))
        key = self.work.plan.shape(table).primary_key
        if len(key) == 1:
            return self._text(table, key[0])
        return sql.SQL(key_of([self.work.plan.shape(table).column(name) for name in key]))

    def remove(self, rule: ConstraintRule, violates: sql.Composable, *grounds: Ground) -> set[str]:
        """Remove the violators of one table, with every row that cannot stay without them. Returns the tables that lost
        rows.

        A row goes for the first of the grounds that holds of it; the last has to hold of all.
        """
        with self._blame(rule), self.target.transaction():
            if not self._select_removed(rule.table, violates, grounds):
                return set()
            touched = self._delete_removed(rule.table)
            for table, oids in self._sources(rule.table, "pg_temp.__removed"):
                for number, ground in enumerate(grounds):
                    self._write_down(rule.table, table, ground, {"ground": number, "oids": oids})
        self.lost |= touched
        self.fresh |= touched
        return touched

    def _select_removed(self, table: str, violates: sql.Composable, grounds: tuple[Ground, ...]) -> int:
        """How many rows have to go."""
        cases = sql.SQL(" ").join(
            sql.SQL("when {} then {}").format(ground.condition or sql.SQL("true"), sql.Literal(number))
            for number, ground in enumerate(grounds)
        )
        query = sql.SQL(
            "insert into pg_temp.__removed select t.ctid, {}, {}, case {} end from {} as t where {}"
        ).format(self._row_name(table), self._reference_keys(table), cases, self._table(table), violates)
        self.target.execute(MAKE_REMOVED)
        with in_build(self.work, self.target):
            return self.target.execute(query).rowcount

    def _delete_removed(self, table: str) -> set[str]:
        """Take them out of the build, with what the same routes made of their legacy rows; tables that lost rows."""
        siblings = self._siblings(table)
        self.constraints.drop_references(self.target, [table, *siblings])
        self.target.execute(
            sql.SQL("delete from {} as t using pg_temp.__removed as r where t.ctid = r.place").format(
                self._table(table)
            )
        )
        self.target.execute(GONE, {"run": self.work.run_id, "table": table})
        return {table} | {name for name in siblings if self._remove_siblings(name)}

    def _siblings(self, table: str) -> list[str]:
        """Build tables that got rows from the same routes as those that were removed."""
        if table not in self.work.plan.hidden:
            return []
        tables = {legacy.name for legacy, _ in self._sources(table, "pg_temp.__removed")}
        routes = [r for r in self.work.plan.routes if table in r.targets and r.legacy_table in tables]
        names = {name for route in routes if not route.is_archive for name in route.targets}
        return sorted((names - {table}) & self.loaded & self.work.plan.hidden)

    def _remove_siblings(self, name: str) -> int:
        """How many rows of this table went."""
        query = sql.SQL(SIBLINGS).format(
            table=self._table(name),
            hidden=sql.Identifier(HIDDEN),
            id=self._reference_keys(name),
            run=sql.Literal(self.work.run_id),
            name=sql.Literal(name),
        )
        return self.target.execute(query).rowcount

    def _reference_keys(self, table: str) -> sql.Composable:
        """The id by which children know the row, as text."""
        has_id = self.work.plan.shape(table).find_column("id") is not None
        return self._text(table, "id") if has_id else sql.SQL("null::text")

    def _sources(self, build_table: str, listed: str) -> list[tuple[LegacyTable, list[str]]]:
        """The legacy tables of the rows in a temporary table, each with its oids there; [] where names have none."""
        if build_table not in self.work.plan.hidden:
            return [(self.work.plan.table(build_table).legacy, [])]
        query = sql.SQL("select distinct split_part(name, '(', 1) from {}").format(sql.SQL(listed))
        return list(legacy_rows.sources(self.work, [oid for (oid,) in self.target.execute(query)]).items())

    def _write_down(self, build_table: str, table: LegacyTable, ground: Ground, which: dict[str, object]) -> None:
        query = "select distinct name from pg_temp.__removed where ground = %(ground)s"
        for rows in self._batches(build_table, query, which):
            names = [name for (name,) in rows]
            if self._is_accounted(build_table, table.name):
                asked = legacy_rows.by_name(self.work, build_table, table, names)
                self._all(table, names, self.reject(table, asked, build_table, ground.reason, ground.sentence))
            else:
                found = self._found(build_table, table, names, [])
                self.note_not_made(build_table, list(found.values()), ground.reason, ground.sentence)

    def _batches(self, build_table: str, query: str, values: dict[str, object]) -> Iterator[list[tuple[str, ...]]]:
        """The query's rows, of the legacy table with these oids, some at a time."""
        if build_table in self.work.plan.hidden:
            query = f"{query} and split_part(name, '(', 1) = any (%(oids)s)"
        with self.target.cursor(name="batches") as cursor:
            cursor.execute(query, values)
            while rows := cursor.fetchmany(records.BATCH_ROWS):
                self.work.stop.check()
                yield rows

    def _found(
        self, build_table: str, table: LegacyTable, names: list[str], columns: list[str]
    ) -> dict[str, LegacyRow]:
        found = legacy_rows.find(self.work, build_table, table, names, columns)
        self._all(table, names, len(found))
        return found

    def _all(self, table: LegacyTable, names: list[str], found: int) -> None:
        """Errors: LookupError where not each name was that of one row."""
        if found != len(set(names)):
            raise LookupError(f"{table.name}: {len(set(names))} rows were to be written down, and {found} were found")

    def _is_accounted(self, table: str, legacy_table: str) -> bool:
        routes = [r for r in self.work.plan.table(legacy_table).routes if table in r.targets and not r.is_archive]
        return any(route.is_accounted for route in routes)
