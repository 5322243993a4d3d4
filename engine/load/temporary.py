"""A temporary table of one chunk's rows for one target table, and the INSERT from it into that table."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import psycopg
import pyarrow as pa
from psycopg import sql

from config.postgres.types import TEXTUAL
from config.shapes import Column
from engine.load.rows import ORIGIN, Rows
from engine.reflect.select_list import INPUTS, parsed, parsed_as
from engine.session import binary_copy, fetch

_numbers = itertools.count()
COPIED = "stage_copied"  # of all parts of one chunk in turn, or their locks would be as many as these
TEXTS = TEXTUAL - {"citext", "name"}
FAILING = """
    select tries.origins, tries.sqlstate from (
        select lot.place, lot.origins, migration.tried(array(
            select pg_catalog.format(said.text, lot.origins)
            from pg_catalog.unnest(%(texts)s::text[]) with ordinality as said (text, place) order by said.place
        )) as sqlstate
        from (
            select (place - 1) / %(size)s as place, pg_catalog.array_agg(origin) as origins
            from pg_catalog.unnest(%(origins)s::text[]) with ordinality as one (origin, place) group by 1
        ) as lot offset 0
    ) as tries
    where tries.sqlstate is not null order by tries.place
"""
SOME_ROWS = 64  # are tried together, before each is tried alone: one row costs the server some 0.1 ms


@dataclass(frozen=True)
class TemporaryTable:
    """The rows where they can be tried one by one: texts as texts, what the source has sent in its own type.

    schema: of the target table, whose name may be that of a temporary one.
    """

    target: psycopg.Connection
    schema: str
    rows: Rows
    name: str = field(default_factory=lambda: f"stage_{next(_numbers)}")

    def make(self) -> None:
        """Create the temporary table, or take the one of its name, without its rows."""
        definitions = sql.SQL(", ").join(
            sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(self._type(name))) for name in self.rows.columns
        )
        create = sql.SQL("create temporary table if not exists {0} ({1}) on commit drop; truncate pg_temp.{0}")
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
            if column.name not in self.rows.columns or self._is_sent(column.name) or _is_text(column):
                continue
            if not self._fits(column):
                found += self.target.execute(self._unfit_query(column)).fetchall()
        return found

    def _fits(self, column: Column) -> bool:
        """Whether all texts of the column are what its type takes: asked at once that costs a tenth."""
        query = sql.SQL("select pg_catalog.count({}) from pg_temp.{} as s")
        text = sql.SQL("s.{}").format(sql.Identifier(column.name))
        try:
            with self.target.transaction():
                self.target.execute(query.format(_read_whole(text, column), sql.Identifier(self.name)))
        except psycopg.DatabaseError:
            return False
        return True

    def set_null(self, column: str, origins: list[str]) -> None:
        """Set one column of these rows to null."""
        names = sql.Identifier(self.name), sql.Identifier(column), _among(origins)
        self.target.execute(sql.SQL("update pg_temp.{} as s set {} = null {}").format(*names))

    def insertion(self, origins: list[str] | None = None) -> sql.Composed:
        """What moves the rows into the target table, all of them or those of the given origins."""
        return self._insertion(self._into, [*self.rows.names, *self.rows.left_null], origins)

    def index(self) -> None:
        """Make the rows quick to find one by one."""
        names = map(sql.Identifier, (self.name, ORIGIN, f"{self.name}_origin"))
        make = sql.SQL("create index if not exists {2} on pg_temp.{0} ({1}); analyze pg_temp.{0} ({1})")
        self.target.execute(make.format(*names))

    def culprits(self, origins: list[str]) -> Iterator[tuple[str, str, str | None, str]]:
        """(origin, column, text, SQLSTATE) of every value of these rows that the target refuses alone, by column."""
        for name in self.rows.columns if origins else ():
            if name != ORIGIN and (found := self._refused_alone(name, origins)):
                texts = self._texts(name, list(found))
                yield from ((origin, name, texts[origin], sqlstate) for origin, sqlstate in found.items())

    def _refused_alone(self, name: str, origins: list[str]) -> dict[str, str]:
        """Origin → SQLSTATE of these rows' values of one column that a table of this column alone refuses.

        Beside other columns it would be refused with their nulls, which a domain may forbid.
        """
        like = sql.SQL("create temporary table probe as select {} from {} with no data")
        probe = sql.Identifier("pg_temp", "probe")
        with self.target.transaction(force_rollback=True):  # its locks go with it
            self.target.execute(like.format(sql.Identifier(name), self._into))
            if not tried(self.target, [self._insertion(probe, [name], origins)]):
                return {}
            return dict(failing(self.target, [self._insertion(probe, [name], None)], origins))

    def _texts(self, column: str, origins: list[str]) -> dict[str, str | None]:
        """The text of each of these rows' values."""
        query = sql.SQL(
            "select s.{0}, case when s.{1} is distinct from null then pg_catalog.concat(s.{1}) end "
            "from pg_temp.{2} as s {3}"
        )
        names = (*map(sql.Identifier, (ORIGIN, column, self.name)), _among(origins))
        return dict(self.target.execute(query.format(*names)).fetchall())

    def _insertion(self, into: sql.Identifier, names: list[str], origins: list[str] | None) -> sql.Composed:
        return sql.SQL("insert into {} ({}) {} select {} from {} as s {}").format(
            into,
            sql.SQL(", ").join(map(sql.Identifier, names)),
            sql.SQL("overriding system value" if self.rows.overrides_identity else ""),
            sql.SQL(", ").join(self._value(name) for name in names),
            sql.Identifier("pg_temp", self.name),
            sql.SQL("") if origins is None else _among(origins),
        )

    @property
    def _into(self) -> sql.Identifier:
        return sql.Identifier(self.schema, self.rows.shape.name)

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
        query = sql.SQL("select s.{0}, {1}, s.{2} from pg_temp.{3} as s where not migration.is_valid(s.{2}, {4})")
        names = sql.Identifier(column.name), sql.Identifier(self.name)
        return query.format(sql.Identifier(ORIGIN), sql.Literal(column.name), *names, sql.Literal(column.type))


def tried(target: psycopg.Connection, statements: list[sql.Composed]) -> str | None:
    """Run the statements, all or none; the SQLSTATE of an error that a value caused, else None."""
    texts = [statement.as_string(target) for statement in statements]
    sqlstate: str | None = fetch.one(target, "select migration.tried(%s::text[])", [texts])[0]
    return sqlstate


def failing(target: psycopg.Connection, statements: list[sql.Composed], origins: list[str]) -> list[tuple[str, str]]:
    """`tried` for each of these rows; (origin, SQLSTATE) of those that it fails for. The others stay done.

    statements: from a temporary table as s, without a condition.
    """
    of_some = sql.SQL(" where s.{} = any (").format(sql.Identifier(ORIGIN)).as_string(target)
    texts = [(one.as_string(target) + of_some).replace("%", "%%") + "%1$L::text[])" for one in statements]

    def tries(origins: list[str], size: int) -> list[tuple[list[str], str]]:
        return target.execute(FAILING, {"texts": texts, "origins": origins, "size": size}).fetchall()

    together = [origin for some, _ in tries(origins, SOME_ROWS) for origin in some]
    return [(origin, sqlstate) for (origin,), sqlstate in tries(together, 1)]


def _read(value: sql.Composable, column: Column) -> sql.Composable:
    """A text by the input function of its type, where that is known by name: a cast may be the database's own."""
    if column.kind == "b" and not column.is_array and column.base in INPUTS:
        return sql.SQL(parsed(value.as_string(None), column.base))
    return sql.SQL("{}::{}").format(value, sql.SQL(column.type))


def _read_whole(value: sql.Composable, column: Column) -> sql.Composable:
    """The same of no less than the whole text: what is too long is an error, and not cut."""
    if column.kind == "b" and not column.is_array and column.base in INPUTS:
        return sql.SQL("{}::{}").format(_read(value, column), sql.SQL(column.type))
    return sql.SQL(parsed_as(value.as_string(None), replace(column, qualified="")))


def _is_text(column: Column) -> bool:
    """Whether any text that is not too long is a value of the column."""
    return not column.is_array and column.kind == "b" and column.base in TEXTS


def _among(origins: list[str]) -> sql.Composed:
    return sql.SQL("where s.{} = any ({}::text[])").format(sql.Identifier(ORIGIN), sql.Literal(origins))
