"""What writes to a legacy schema are made of: rows that are there, copied, changed and deleted, on any schema.

Laws
- A write takes what it needs from the rows that are there: it names no table, and works on any schema.
- What constraints refuse is an error of the session, which its caller rolls back.
- Rows at the front of each table's order are written to more often than others, so that changes meet each other.
- Every second write goes to a table that writes of its kind have reached least, so that they reach all.
"""

import random
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

import psycopg
from psycopg import sql

from tests.histories.legacy import PREFERRED, Legacy, Reference, Rows
from tests.histories.values import fresh, literal

Values = dict[str, sql.Composable]
Row = sql.Composed  # the condition that names one row, as `t`


class NotApplicable(Exception):
    """The schema, or its rows, have nothing for this kind of write now."""


@dataclass(frozen=True)
class Gone:
    """A row that was deleted, by its columns as texts."""

    table: Rows
    values: dict[str, str | None]


class Writes:
    """number: counts what is new. gone: rows that were deleted, and may come back. kind: of the write under way;
    written: (kind, table, operation of tests.histories.reach) → how often; taken: (kind, or none, table) → how often
    a write was to go there."""

    def __init__(self, legacy: Legacy, rng: random.Random):
        self.legacy, self.rng, self.number = legacy, rng, 0
        self.gone: list[Gone] = []
        self.tables = list(legacy.tables.values())
        self.kind, self.written = "", Counter[tuple[str, str, str]]()
        self.taken = Counter[tuple[str, str]]()

    def table(self, suits: Callable[[Rows], object] = bool) -> Rows:
        """One of the tables that suit: of those that writes of this kind, and others, have reached least, or any; then
        those that rules look up are taken more often."""
        found = [table for table in self.tables if suits(table)]
        if not found:
            raise NotApplicable
        if self.rng.random() < 0.5:
            times = {t.name: (self.taken[self.kind, t.name], self.taken["", t.name]) for t in found}
            least = min(times.values())
            found = [table for table in found if times[table.name] == least]
        chosen = self._chosen(found)
        self.taken[self.kind, chosen.name] += 1
        self.taken["", chosen.name] += 1
        return chosen

    def _chosen(self, found: list[Rows]) -> Rows:
        weights = [1 + 2 * bool(t.states) + 2 * bool(t.of_a_user) + bool(t.referring) for t in found]
        return self.rng.choices(found, weights)[0]

    def row(self, session: psycopg.Connection, table: Rows, where: Row | None = None) -> Row:
        return self.rows(session, table, 1, where)[0]

    def rows(
        self, session: psycopg.Connection, table: Rows, count: int, where: sql.Composable | None = None
    ) -> list[Row]:
        """So many rows of the table, one after the other in its order."""
        share = sql.Literal(self.rng.random() ** 2)
        condition = sql.SQL("where {}").format(where) if where else sql.SQL("")
        query = sql.SQL(
            "select t.tableoid::text, t.ctid::text from {source} as t {where} order by {order} "
            "offset (select floor({share} * count(*)) from {source} as t {where}) limit {count}"
        )
        asked = query.format(
            source=table.source, where=condition, order=table.order, share=share, count=sql.Literal(count)
        )
        found = session.execute(asked).fetchall()
        if len(found) < count:
            raise NotApplicable
        named = sql.SQL("t.tableoid = {}::oid and t.ctid = {}::tid")
        return [named.format(sql.Literal(oid), sql.Literal(ctid)) for oid, ctid in found]

    def copy(
        self,
        session: psycopg.Connection,
        table: Rows,
        row: Row,
        values: Mapping[str, sql.Composable],
        leave: Collection[str] = (),
    ) -> int:
        """Insert a copy of the row with other values; leave: columns that get their default."""
        columns = [c.name for c in table.columns if c.name not in leave]
        query = sql.SQL("insert into {} ({}) overriding system value select {} from {} as t where {}")
        said = query.format(
            sql.Identifier(self.legacy.schema, table.name),
            sql.SQL(", ").join(map(sql.Identifier, columns)),
            sql.SQL(", ").join(values.get(n, sql.SQL("t.{}").format(sql.Identifier(n))) for n in columns),
            table.source,
            row,
        )
        return self._told(table, "insert", session.execute(said).rowcount)

    def update(self, session: psycopg.Connection, table: Rows, row: Row, values: Mapping[str, sql.Composable]) -> int:
        sets = [sql.SQL("{} = {}").format(sql.Identifier(name), value) for name, value in values.items()]
        query = sql.SQL("update {} as t set {} where {}")
        done = session.execute(query.format(table.source, sql.SQL(", ").join(sets), row)).rowcount
        return self._told(table, "rekey" if {*values} & {*table.key} else "update", done)

    def delete(self, session: psycopg.Connection, table: Rows, row: Row) -> int:
        """The row is remembered, and may come back."""
        self.gone = [*self.gone[-40:], self.fetched(session, table, row)]
        return self.remove(session, table, row)

    def remove(self, session: psycopg.Connection, table: Rows, condition: sql.Composable) -> int:
        """Delete rows for good. condition: over alias t."""
        query = sql.SQL("delete from {} as t where {}").format(table.source, condition)
        return self._told(table, "delete", session.execute(query).rowcount)

    def _told(self, table: Rows, operation: str, rows: int) -> int:
        if rows:
            self.written[self.kind, table.name, operation] += 1
        return rows

    def fetched(self, session: psycopg.Connection, table: Rows, row: Row) -> Gone:
        columns = sql.SQL(", ").join(sql.SQL("t.{}::text").format(sql.Identifier(c.name)) for c in table.columns)
        found = session.execute(
            sql.SQL("select {} from {} as t where {}").format(columns, table.source, row)
        ).fetchone()
        if found is None:
            raise NotApplicable
        return Gone(table, dict(zip([c.name for c in table.columns], found, strict=True)))

    def insert(self, session: psycopg.Connection, gone: Gone, otherwise: str = "") -> int:
        """otherwise: what follows the values."""
        columns = gone.table.columns
        query = sql.SQL("insert into {} ({}) overriding system value values ({}) {}")
        said = query.format(
            sql.Identifier(self.legacy.schema, gone.table.name),
            sql.SQL(", ").join(sql.Identifier(c.name) for c in columns),
            sql.SQL(", ").join(literal(gone.values[c.name], c) for c in columns),
            sql.SQL(otherwise),
        )
        return self._told(gone.table, "insert", session.execute(said).rowcount)

    def new_key(self, table: Rows, keys: tuple[tuple[str, ...], ...] | None = None) -> Values:
        """Values by which a copy is a row of its own: of the primary key and every unique one."""
        values: Values = {}
        for key in (table.key, *table.uniques) if keys is None else keys:
            if key and not {*key} & {*values}:
                own = [name for name in key if not self.refers(table, name)]
                for name in own[-1:] or key:
                    values[name] = self.new(table, name)
        return values

    def new(self, table: Rows, name: str) -> sql.Composable:
        """A new value; of a reference, that of some row of its parent."""
        column = table.shape.column(name)
        if column.kind == "e":
            return literal(self.rng.choice(self.legacy.labels(column)), column)
        if reference := table.reference(name):
            return self.parent(reference)
        return fresh(column, self.number, self.rng)

    def parent(self, reference: Reference) -> sql.Composable:
        """The key of a row of the parent."""
        parent, column = self.legacy.tables[reference.parent], reference.parent_columns[0]
        of_child = self.legacy.tables[reference.table].shape.column(reference.columns[0])
        query = "(select p.{}::text from {} as p order by 1 offset (select floor({} * count(*)) from {}) limit 1)::{}"
        return sql.SQL(query).format(
            sql.Identifier(column),
            parent.source,
            sql.Literal(self.rng.random() ** 2),
            parent.source,
            sql.SQL(of_child.full_type),
        )

    def is_free(self, table: Rows) -> Row:
        """The condition that no foreign key names a row `t` of the table."""
        query = "not exists (select from {} as r where ({}) = ({}))"
        named = [
            sql.SQL(query).format(
                self.legacy.tables[r.table].source,
                sql.SQL(", ").join(sql.Identifier("r", name) for name in r.columns),
                sql.SQL(", ").join(sql.Identifier("t", name) for name in r.parent_columns),
            )
            for r in table.referring
            if r.is_declared
        ]
        return sql.SQL(" and ").join(named or [sql.SQL("true").format()])

    def refers(self, table: Rows, name: str) -> bool:
        return any(name in reference.columns for reference in table.references)

    def column(self, table: Rows, suits: Callable[[str], object] = bool) -> str:
        """One of the columns that suit; those that rules read are taken more often."""
        found = [c.name for c in table.columns if suits(c.name)]
        if not found:
            raise NotApplicable
        return self.rng.choices(found, [4 if PREFERRED.search(name) else 1 for name in found])[0]

    def loose(self, table: Rows) -> list[Reference]:
        """References of the table that nothing enforces."""
        return [each for each in table.references if not each.is_declared]
