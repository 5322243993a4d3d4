"""A temporary table of one chunk's rows for one target table, and the way from there into it."""

import itertools
from dataclasses import dataclass

import pyarrow as pa
from psycopg import sql

from config.shapes import Table

_numbers = itertools.count()
SQL_TYPES = {
    pa.bool_(): "boolean", pa.int16(): "int2", pa.int32(): "int4", pa.int64(): "int8", pa.float64(): "float8",
}  # fmt: skip
TEXTS = {"text", "varchar", "bpchar"}
CHECKED = {"timestamptz", "jsonb", "timestamp", "date", "bool", "inet", "uuid", "numeric", "int2", "int4", "int8"}


@dataclass
class Stage:
    """columns: target column → values, in the order of the rows; text unless ADBC carries the type as it is."""

    shape: Table
    columns: dict[str, pa.Array | pa.ChunkedArray]
    defaults: dict[str, str]
    overrides_identity: bool
    name: str = ""

    def fill(self, cursor) -> None:
        """Create the temporary table and load the rows."""
        self.name = f"stage_{next(_numbers)}"
        arrays = {name: self._plain(values) for name, values in self.columns.items()}
        definitions = sql.SQL(", ").join(
            sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(SQL_TYPES.get(values.type, "text")))
            for name, values in arrays.items()
        )
        create = sql.SQL("create temporary table {} ({}) on commit drop")
        cursor.execute(create.format(sql.Identifier(self.name), definitions).as_string(None))
        cursor.adbc_ingest(self.name, pa.table(arrays), mode="append", temporary=True)

    def unfit(self, cursor) -> list[tuple[str, str, str]]:
        """(origin, table, column) of every text that the target column's type does not take."""
        found = []
        for column in self.shape.columns:
            values = self.columns.get(column.name)
            if (
                values is not None
                and column.base in CHECKED
                and not column.is_array
                and pa.types.is_string(values.type)
            ):
                cursor.execute(self._unfit_query(column))
                found += [(origin, self.shape.name, name) for origin, name in cursor.fetchall()]
        return found

    def insert(self, cursor, without: list[str]) -> None:
        """Move the rows into the target table, all but those of the given origins."""
        names = [*self.columns, *self._left_null()]
        query = sql.SQL("insert into {} ({}) {} select {} from {} as s {}").format(
            sql.Identifier(self.shape.name),
            sql.SQL(", ").join(map(sql.Identifier, names)),
            sql.SQL("overriding system value" if self.overrides_identity else ""),
            sql.SQL(", ").join(self._value(name) for name in names),
            sql.Identifier(self.name),
            self._condition(without),
        )
        cursor.execute(query.as_string(None))

    def _left_null(self) -> list[str]:
        """Columns with a default that these rows do not have: null, for a default would be a value nobody gave."""
        if self.defaults:
            return []
        absent = (c for c in self.shape.columns if c.default and not c.generated and c.name not in self.columns)
        return [column.name for column in absent]

    def _value(self, name: str) -> sql.Composable:
        if name not in self.columns:
            return sql.SQL("null")
        column, value = self.shape.column(name), sql.SQL("s.{}").format(sql.Identifier(name))
        if column is None:
            return value
        is_text = not column.is_array and column.kind == "b" and column.base in TEXTS
        if not is_text and SQL_TYPES.get(self.columns[name].type) != column.base:
            value = sql.SQL("{}::{}").format(value, sql.SQL(column.type))
        if name in self.defaults:
            return sql.SQL("coalesce({}, {})").format(value, sql.SQL(self.defaults[name]))
        return value

    def _condition(self, without: list[str]) -> sql.Composable:
        if not without:
            return sql.SQL("")
        hidden = sql.Identifier("__origin")
        return sql.SQL("where s.{} <> all ({})").format(hidden, sql.Literal(sorted(set(without))))

    def _unfit_query(self, column) -> str:
        query = sql.SQL("select s.{}, {} from {} as s where not migration.is_valid(s.{}, {})").format(
            sql.Identifier("__origin"),
            sql.Literal(column.name),
            sql.Identifier(self.name),
            sql.Identifier(column.name),
            sql.Literal(column.type),
        )
        return query.as_string(None)

    def _plain(self, values: pa.Array | pa.ChunkedArray):
        is_known = values.type in SQL_TYPES or pa.types.is_string(values.type)
        return values if is_known else values.cast(pa.string())
