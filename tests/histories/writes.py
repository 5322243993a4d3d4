"""What writes to a legacy schema are made of: rows that are there, copied, changed and deleted, on any schema.

Laws
- A write takes what it needs from the rows that are there: it names no table, and works on any schema.
- What constraints refuse is an error of the session, which its caller rolls back.
- Rows at the front of each table's order are written to more often than others, so that changes meet each other.
"""

import random
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
    """number: counts what is new. gone: rows that were deleted, and may come back."""

    def __init__(self, legacy: Legacy, rng: random.Random):
        self.legacy, self.rng, self.number = legacy, rng, 0
        self.gone: list[Gone] = []
        self.tables = list(legacy.tables.values())

    def table(self, suits: Callable[[Rows], object] = bool) -> Rows:
        """One of the tables that suit; those that rules look up are taken more often."""
        found = [table for table in self.tables if suits(table)]
        if not found:
            raise NotApplicable
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
        return session.execute(said).rowcount

    def update(self, session: psycopg.Connection, table: Rows, row: Row, values: Mapping[str, sql.Composable]) -> int:
        sets = [sql.SQL("{} = {}").format(sql.Identifier(name), value) for name, value in values.items()]
        query = sql.SQL("update {} as t set {} where {}")
        return session.execute(query.format(table.source, sql.SQL(", ").join(sets), row)).rowcount

    def delete(self, session: psycopg.Connection, table: Rows, row: Row) -> int:
        """The row is remembered, and may come back."""
        self.gone = [*self.gone[-40:], self.fetched(session, table, row)]
        return session.execute(sql.SQL("delete from {} as t where {}").format(table.source, row)).rowcount

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
        return session.execute(said).rowcount

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
