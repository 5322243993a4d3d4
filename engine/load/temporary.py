"""A temporary table of one chunk's rows for one target table, and the INSERT from it into that table."""

import itertools
from dataclasses import dataclass

import adbc_driver_postgresql.dbapi as adbc
import pyarrow as pa
from psycopg import sql

from config.shapes import Column, Table
from engine.reflect.select_list import INPUTS, parsed

_numbers = itertools.count()
SQL_TYPES = {
    pa.bool_(): "boolean", pa.int16(): "int2", pa.int32(): "int4", pa.int64(): "int8", pa.float64(): "float8",
}  # fmt: skip
TEXTS = {"text", "varchar", "bpchar"}
ORIGIN = "__origin"


@dataclass
class TemporaryTable:
    """columns: target column → values, in the order of the rows; text unless ADBC carries the type as it is."""

    shape: Table
    columns: dict[str, pa.Array | pa.ChunkedArray]
    defaults: dict[str, str]
    overrides_identity: bool
    is_hidden: bool = True  # whether the target table has the origins too
    name: str = ""

    def fill(self, cursor: adbc.Cursor) -> None:
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

    def unfit(self, cursor: adbc.Cursor) -> list[tuple[str, str]]:
        """(origin, column) of every text that the target column's type does not take."""
        found = []
        for column in self.shape.columns:
            values = self.columns.get(column.name)
            if values is not None and pa.types.is_string(values.type) and not _is_text(column):
                cursor.execute(self._unfit_query(column))
                found += cursor.fetchall()
        return found

    @property
    def origins(self) -> list[str]:
        return list(self.columns[ORIGIN].to_pylist())

    def value_of(self, origin: str, column: str) -> str | None:
        """The text of one row's value, as it was loaded here."""
        text: str | None = pa.scalar(self.columns[column][self.origins.index(origin)].as_py(), pa.string()).as_py()
        return text

    def set_null(self, cursor: adbc.Cursor, column: str, origins: list[str]) -> None:
        """Set one column of these rows to null."""
        query = sql.SQL("update {} as s set {} = null {}").format(
            sql.Identifier(self.name), sql.Identifier(column), _among(origins)
        )
        cursor.execute(query.as_string(None))

    def insertion(self, origins: list[str] | None = None) -> str:
        """SQL that moves the rows into the target table, all of them or those of the given origins."""
        names = [name for name in self.columns if self.is_hidden or name != ORIGIN]
        return self._insertion(sql.Identifier(self.shape.name), [*names, *self._left_null()], origins)

    def culprit(self, cursor: adbc.Cursor, origin: str) -> str | None:
        """The first column whose value of this row the target refuses; None if it takes each alone."""
        probe = sql.Identifier(f"probe_{next(_numbers)}")
        like = sql.SQL("create temporary table {} on commit drop as select * from {} with no data")
        cursor.execute(like.format(probe, sql.Identifier(self.shape.name)).as_string(None))
        own = (name for name in self.columns if name != ORIGIN)
        return next((name for name in own if tried(cursor, [self._insertion(probe, [name], [origin])])), None)

    def _insertion(self, into: sql.Identifier, names: list[str], origins: list[str] | None) -> str:
        query = sql.SQL("insert into {} ({}) {} select {} from {} as s {}").format(
            into,
            sql.SQL(", ").join(map(sql.Identifier, names)),
            sql.SQL("overriding system value" if self.overrides_identity else ""),
            sql.SQL(", ").join(self._value(name) for name in names),
            sql.Identifier(self.name),
            sql.SQL("") if origins is None else _among(origins),
        )
        return query.as_string(None)

    def _left_null(self) -> list[str]:
        """Columns with a default that these rows do not have: null, for a default would be a value nobody gave."""
        if self.defaults:
            return []
        absent = (c for c in self.shape.columns if c.default and not c.generated and c.name not in self.columns)
        return [column.name for column in absent]

    def _value(self, name: str) -> sql.Composable:
        if name not in self.columns:
            return sql.SQL("null")
        column = self.shape.find_column(name)
        value: sql.Composable = sql.SQL("s.{}").format(sql.Identifier(name))
        if column is None:
            return value
        if not _is_text(column) and SQL_TYPES.get(self.columns[name].type) != column.base:
            value = self._read(value, column)
        if name in self.defaults:
            return sql.SQL("coalesce({}, {})").format(value, sql.SQL(self.defaults[name]))
        return value

    def _read(self, value: sql.Composable, column: Column) -> sql.Composable:
        """A text by the input function of its type, where that is known by name: a cast may be the database's own."""
        is_text = pa.types.is_string(self._plain(self.columns[column.name]).type)
        if is_text and column.kind == "b" and not column.is_array and column.base in INPUTS:
            return sql.SQL(parsed(value.as_string(None), column.base))
        return sql.SQL("{}::{}").format(value, sql.SQL(column.type))

    def _unfit_query(self, column: Column) -> str:
        query = sql.SQL("select s.{}, {} from {} as s where not migration.is_valid(s.{}, {})").format(
            sql.Identifier(ORIGIN),
            sql.Literal(column.name),
            sql.Identifier(self.name),
            sql.Identifier(column.name),
            sql.Literal(column.type),
        )
        return query.as_string(None)

    def _plain(self, values: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
        is_known = values.type in SQL_TYPES or pa.types.is_string(values.type)
        return values if is_known else values.cast(pa.string())


def tried(cursor: adbc.Cursor, statements: list[str]) -> str | None:
    """Run the statements, all or none; the SQLSTATE of an error that a value caused, else None."""
    cursor.execute(sql.SQL("select migration.tried({}::text[])").format(sql.Literal(statements)).as_string(None))
    sqlstate: str | None
    ((sqlstate,),) = cursor.fetchall()
    return sqlstate


def _is_text(column: Column) -> bool:
    """Whether any text that is not too long is a value of the column."""
    return not column.is_array and column.kind == "b" and column.base in TEXTS


def _among(origins: list[str]) -> sql.Composed:
    return sql.SQL("where s.{} = any ({}::text[])").format(sql.Identifier(ORIGIN), sql.Literal(origins))
