"""SELECT lists: how a legacy column is read, in either lane.

Laws
- The table's alias is t; every name is quoted; a type or zone is a literal of ours, never a value of a row.
- Times without a zone are in the profile's zone. A missing or null created_at comes from the first finite time of the
  chain, else from the instant of the run; a missing or null updated_at is created_at. Infinity survives.
- What travels as text is PostgreSQL's own output, which its input reads back to the same value.
"""

from psycopg import sql

from config.shapes import Column, Table

TIMES = {"date", "timestamp", "timestamptz"}
# text() strips a bpchar's blanks and adds a mask to an inet; the output function does neither.
BY_OUTPUT = {"bpchar", "inet", "cidr"}
# Their values are oids of one database; only their names mean anything in another.
OID_ALIASES = {
    "regclass", "regcollation", "regconfig", "regdictionary", "regnamespace", "regoper", "regoperator", "regproc",
    "regprocedure", "regrole", "regtype",
}  # fmt: skip
TEXTUAL_NATIVE = {"text", "varchar"}
NATIVE = {"bool", "int2", "int4", "int8", "float8", *TEXTUAL_NATIVE}  # ADBC carries them there and back unchanged


def quoted(*names: str) -> str:
    return sql.Identifier(*names).as_string(None)


def literal(value: str) -> str:
    return sql.Literal(value).as_string(None)


def plain(column: Column) -> str:
    return f"t.{quoted(column.name)}"


def as_text(column: Column) -> str:
    """The column's output text; null stays null."""
    if column.is_array:
        return f"{plain(column)}::text"
    if column.base in BY_OUTPUT:
        return f"case when {plain(column)} is not null then format('%s', {plain(column)}) end"
    return f"{plain(column)}::text"


class Times:
    """created_at and updated_at of one legacy table, as SQL expressions of type timestamptz or of the column's own."""

    def __init__(self, shape: Table, chain: tuple[str, ...], zone: str, instant: str):
        self._shape, self._chain, self._zone, self._instant = shape, chain, literal(zone), instant

    def zoned(self, column: Column) -> str:
        """A time of any kind as timestamptz."""
        if column.base == "timestamptz":
            return plain(column)
        if column.base == "timestamp":
            return f"({plain(column)} at time zone {self._zone})"
        return f"({plain(column)}::timestamp at time zone {self._zone})"

    def created(self) -> str:
        own = self._time("created_at")
        return f"coalesce({', '.join([*([self.zoned(own)] if own else []), *self._fallbacks()])})"

    def updated(self) -> str:
        own = self._time("updated_at")
        return f"coalesce({self.zoned(own)}, {self.created()})" if own else self.created()

    def copied(self, column: Column) -> str:
        """created_at or updated_at of a copied table, in its own type; untouched where it cannot be null."""
        if column.not_null or column.base not in TIMES or column.is_array:
            return plain(column)
        fallback = f"coalesce({', '.join(self._fallbacks())})" if column.name == "created_at" else self.created()
        return f"coalesce({plain(column)}, {self._as(fallback, column)})"

    def has(self, name: str) -> bool:
        return self._time(name) is not None

    def _as(self, expression: str, column: Column) -> str:
        local = f"({expression} at time zone {self._zone})"
        shown = {"timestamptz": expression, "timestamp": local, "date": f"{local}::date"}[column.base]
        return shown if column.kind == "b" and "(" not in column.type else f"({shown})::{column.type}"

    def _fallbacks(self) -> list[str]:
        found = [column for name in self._chain if (column := self._time(name))]
        finite = [f"case when isfinite({plain(c)}) then {self.zoned(c)} end" for c in found]
        return [*finite, f"{literal(self._instant)}::timestamptz"]

    def _time(self, name: str) -> Column | None:
        column = self._shape.column(name)
        return column if column and column.base in TIMES and not column.is_array else None
