"""SELECT lists: how a legacy column is read, in either lane.

Laws
- The table's alias is t; every name is quoted; a type or zone is a literal of ours, never a value of a row.
- Times without a zone are in the profile's zone, texts that plainly say a time too. A missing or null created_at comes
  from the first finite time of the chain, else from the instant of the run; a missing or null updated_at is created_at.
  Infinity survives; a date beyond what a timestamptz can be gives none.
- What travels as text is PostgreSQL's own output, which its input reads back to the same value.
"""

from psycopg import sql

from config.shapes import Column, Table
from config.times import LOCAL, ZONED

TIMES = {"date", "timestamp", "timestamptz"}
TEXTUAL = {"text", "varchar", "bpchar", "citext", "name"}
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


# What a time with a zone may be, less a day for the zone; dates and timestamps reach further.
EARLIEST, LATEST = "4714-11-26 BC", "294276-12-29"


class Times:
    """created_at and updated_at of one legacy table, as SQL expressions of type timestamptz or of the column's own."""

    def __init__(self, shape: Table, chain: tuple[str, ...], zone: str, instant: str):
        self._shape, self._chain, self._zone, self._instant = shape, chain, literal(zone), instant

    def zoned(self, column: Column) -> str:
        """A time of any kind as timestamptz; null where it is beyond what that can be."""
        if column.base == "timestamptz":
            return plain(column)
        local = plain(column) if column.base == "timestamp" else f"{plain(column)}::timestamp"
        return f"case when {self._fits(column)} then ({local} at time zone {self._zone}) end"

    def shown(self, column: Column, otherwise: str = "null") -> str:
        """The column as the text of a timestamptz, where it is null that of another; what is no time stays none."""
        is_text = column.base in TEXTUAL and not column.is_array
        own = as_text(column) if is_text else f"'not a time: ' || {as_text(column)}"
        plainly = [f"({moment})::text" for moment in self._moment(column)]
        return f"coalesce({', '.join([*plainly, own, f'({otherwise})::text'])})"

    def _read(self, column: Column) -> str:
        """What a text says, as timestamptz; null where that is not plain."""
        text = as_text(column)
        local = f"when {text} ~ {literal(LOCAL)} then ({text})::timestamp at time zone {self._zone}"
        return f"case {local} when {text} ~ {literal(ZONED)} then ({text})::timestamptz end"

    def _moment(self, column: Column | None) -> list[str]:
        """The column as timestamptz, if it can hold a time."""
        if column is None or column.is_array or column.base not in TIMES | TEXTUAL:
            return []
        return [self._read(column) if column.base in TEXTUAL else self.zoned(column)]

    def _fits(self, column: Column) -> str:
        """Whether a date or timestamp that is there can have a zone."""
        bounds = " and ".join(f"'{bound}'::pg_catalog.{column.base}" for bound in (EARLIEST, LATEST))
        return f"(not isfinite({plain(column)}) or {plain(column)} between {bounds})"

    def created(self) -> str:
        return f"coalesce({', '.join([*self._moment(self._shape.column('created_at')), *self._fallbacks()])})"

    def updated(self) -> str:
        return f"coalesce({', '.join([*self._moment(self._shape.column('updated_at')), self.created()])})"

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
        found = [column for name in self._chain if (column := self._shape.column(name))]
        moments = [self._finite(column, moment) for column in found for moment in self._moment(column)]
        return [*moments, f"{literal(self._instant)}::timestamptz"]

    def _finite(self, column: Column, moment: str) -> str:
        return moment if column.base in TEXTUAL else f"case when isfinite({plain(column)}) then {moment} end"

    def _time(self, name: str) -> Column | None:
        column = self._shape.column(name)
        return column if column and column.base in TIMES and not column.is_array else None
