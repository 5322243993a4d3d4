"""A temporary table of one chunk's rows for one target table, and the INSERT from it into that table."""

import itertools
from dataclasses import dataclass
from functools import cached_property

import psycopg
import pyarrow as pa
from psycopg import sql

from config.postgres.types import TEXTUAL
from config.shapes import Column
from engine.load.rows import ORIGIN, Rows
from engine.reflect.select_list import INPUTS, parsed
from engine.session import binary_copy, fetch

_numbers = itertools.count()
TEXTS = TEXTUAL - {"citext", "name"}


@dataclass(frozen=True)
class TemporaryTable:
    """The rows where they can be tried one by one: texts as texts, what the source has sent in its own type."""

    target: psycopg.Connection
    rows: Rows

    @cached_property
    def name(self) -> str:
        return f"stage_{next(_numbers)}"

    def make(self) -> None:
        """Create the temporary table."""
        definitions = sql.SQL(", ").join(
            sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(self._type(name))) for name in self.rows.columns
        )
        create = sql.SQL("create temporary table {} ({}) on commit drop")
        self.target.execute(create.format(sql.Identifier(self.name), definitions))

    def fill(self, places: range | None = None) -> None:
        """Load the rows, all of them or those at these places. Errors: psycopg.DatabaseError, of a value too."""
        self._write(pa.table(self.rows.columns), places)

    def unreceived(self, place: int) -> str | None:
        """The first column whose value in the row at this place the table does not receive."""
        return next((name for name in self.rows.columns if not self._receives(name, range(place, place + 1))), None)

    def _receives(self, name: str, places: range) -> bool:
        try:
            with self.target.transaction(force_rollback=True):
                self._write(pa.table({name: self.rows.columns[name]}), places)
        except psycopg.DatabaseError:
            return False
        return True

    def _write(self, rows: pa.Table, places: range | None) -> None:
        some = rows if places is None else rows.slice(places.start, len(places))
        binary_copy.write(self.target, sql.Identifier("pg_temp", self.name), some)

    def unfit(self) -> list[tuple[str, str, str | None]]:
        """(origin, column, text) of every text that the target column's type does not take."""
        found = []
        for column in self.rows.shape.columns:
            if column.name in self.rows.columns and not self._is_sent(column.name) and not _is_text(column):
                found += self.target.execute(self._unfit_query(column)).fetchall()
        return found

    def value_of(self, origin: str, column: str) -> str | None:
        """The text of one row's value."""
        query = sql.SQL("select case when s.{0} is distinct from null then concat(s.{0}) end from {1} as s {2}")
        names = sql.Identifier(column), sql.Identifier(self.name), _among([origin])
        found = self.target.execute(query.format(*names)).fetchone()
        return found[0] if found else None

    def set_null(self, column: str, origins: list[str]) -> None:
        """Set one column of these rows to null."""
        names = sql.Identifier(self.name), sql.Identifier(column), _among(origins)
        self.target.execute(sql.SQL("update {} as s set {} = null {}").format(*names))

    def insertion(self, origins: list[str] | None = None) -> sql.Composed:
        """What moves the rows into the target table, all of them or those of the given origins."""
        return self._insertion(sql.Identifier(self.rows.shape.name), [*self.rows.names, *self.rows.left_null], origins)

    def culprit(self, origin: str) -> str | None:
        """The first column whose value of this row the target refuses; None if it takes each alone."""
        probe = sql.Identifier(f"probe_{next(_numbers)}")
        like = sql.SQL("create temporary table {} on commit drop as select * from {} with no data")
        self.target.execute(like.format(probe, sql.Identifier(self.rows.shape.name)))
        own = (name for name in self.rows.columns if name != ORIGIN)
        return next((n for n in own if tried(self.target, [self._insertion(probe, [n], [origin])])), None)

    def _insertion(self, into: sql.Identifier, names: list[str], origins: list[str] | None) -> sql.Composed:
        return sql.SQL("insert into {} ({}) {} select {} from {} as s {}").format(
            into,
            sql.SQL(", ").join(map(sql.Identifier, names)),
            sql.SQL("overriding system value" if self.rows.overrides_identity else ""),
            sql.SQL(", ").join(self._value(name) for name in names),
            sql.Identifier(self.name),
            sql.SQL("") if origins is None else _among(origins),
        )

    def _is_sent(self, name: str) -> bool:
        return bool(pa.types.is_binary(self.rows.columns[name].type))

    def _type(self, name: str) -> str:
        return self.rows.shape.column(name).type if self._is_sent(name) else "text"

    def _value(self, name: str) -> sql.Composable:
        if name not in self.rows.columns:
            return sql.SQL("null")
        column = self.rows.shape.find_column(name)
        value: sql.Composable = sql.SQL("s.{}").format(sql.Identifier(name))
        if column and not self._is_sent(name) and not _is_text(column):
            value = _read(value, column)
        if name in self.rows.defaults:
            return sql.SQL("coalesce({}, {})").format(value, sql.SQL(self.rows.defaults[name]))
        return value

    def _unfit_query(self, column: Column) -> sql.Composed:
        query = sql.SQL("select s.{0}, {1}, s.{2} from {3} as s where not migration.is_valid(s.{2}, {4})")
        names = sql.Identifier(column.name), sql.Identifier(self.name)
        return query.format(sql.Identifier(ORIGIN), sql.Literal(column.name), *names, sql.Literal(column.type))


def tried(target: psycopg.Connection, statements: list[sql.Composed]) -> str | None:
    """Run the statements, all or none; the SQLSTATE of an error that a value caused, else None."""
    texts = [statement.as_string(target) for statement in statements]
    sqlstate: str | None = fetch.one(target, "select migration.tried(%s::text[])", [texts])[0]
    return sqlstate


def _read(value: sql.Composable, column: Column) -> sql.Composable:
    """A text by the input function of its type, where that is known by name: a cast may be the database's own."""
    if column.kind == "b" and not column.is_array and column.base in INPUTS:
        return sql.SQL(parsed(value.as_string(None), column.base))
    return sql.SQL("{}::{}").format(value, sql.SQL(column.type))


def _is_text(column: Column) -> bool:
    """Whether any text that is not too long is a value of the column."""
    return not column.is_array and column.kind == "b" and column.base in TEXTS


def _among(origins: list[str]) -> sql.Composed:
    return sql.SQL("where s.{} = any ({}::text[])").format(sql.Identifier(ORIGIN), sql.Literal(origins))
