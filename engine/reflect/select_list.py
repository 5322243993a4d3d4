"""SELECT lists: how a legacy column is read, in either lane.

Laws
- The table's alias is t; every name is quoted; a type or zone is a literal of ours, never a value of a row.
- Times without a zone are in the profile's zone, texts that plainly say a time too. A missing or null created_at comes
  from the first finite time of the chain, else from the instant of the run; a missing or null updated_at is created_at.
  Infinity survives; a date beyond what a timestamptz can be gives none.
- What travels as text is the type's own output, which its input reads back to the same value. A cast may be a function
  of the database's own, also one between builtin types, so none is ever applied to a value of a row: `text` and its
  kin write values, `parsed` reads them, and both call the types' input and output alone. PostgreSQL's own casts that
  stand in its catalogue (timestamp to date, smallint to bigint, money to numeric) cannot be replaced, and are used.
- Sessions have pg_catalog alone on their path, so no function or operator of a schema's own is ever found; a type of
  the schema's own is named by Column.full_type.
"""

from collections.abc import Collection, Iterable

from config.postgres.quoting import literal, quoted
from config.postgres.times import LOCAL, VISIBLE, ZONED
from config.postgres.types import TEXTUAL, TIMES
from config.shapes import Column, Table

TEXTUAL_NATIVE = {"text", "varchar"}


def plain(column: Column) -> str:
    return f"t.{quoted(column.name)}"


def text(expression: str) -> str:
    """The value's output text; null stays null. As quick as a cast (300,000 rows: 34 ms, 36 ms as a cast).

    `is distinct from null` is true of a composite value whose fields are null; `is not null` is not.
    """
    return f"case when {expression} is distinct from null then pg_catalog.concat({expression}) end"


def as_text(column: Column) -> str:
    """The column's output text; null stays null."""
    return text_at(plain(column), column)


def text_at(value: str, column: Column) -> str:
    """The same of a value of the column's type, wherever it stands; letter by letter, whatever its collation."""
    is_text = column.kind == "b" and column.base in TEXTUAL_NATIVE and not column.is_array
    found = f"{value}::text" if is_text else text(value)
    return f'{found} collate "C"' if column.is_collated else found


# How the builtin types read a text. A function takes the place of the cast, whose text a database may have redefined.
INPUTS = {
    "bool": "boolin({})", "int2": "int2in({})", "int4": "int4in({})", "int8": "int8in({})", "uuid": "uuid_in({})",
    "float4": "float4in({})", "float8": "float8in({})", "numeric": "numeric_in({}, 0, -1)", "date": "date_in({})",
    "timestamp": "timestamp_in({}, 0, -1)", "timestamptz": "timestamptz_in({}, 0, -1)", "json": "json_in({})",
    "jsonb": "jsonb_in({})", "inet": "inet_in({})",
}  # fmt: skip


def parsed(expression: str, base: str) -> str:
    """A text as the builtin type of this name (a key of INPUTS) reads it; a domain's constraints are not asked."""
    return "pg_catalog." + INPUTS[base].format(f"pg_catalog.textout({expression})")


def among(base: str, texts: str = "$1") -> str:
    """`any (…)` of given texts, read as values of the builtin type if it is a key of INPUTS, or as they are."""
    if base not in INPUTS:
        return f"any ({texts}::text[])"
    return f"any (array(select {parsed('k.key', base)} from unnest({texts}::text[]) as k (key)))"


def parsed_as(expression: str, column: Column) -> str:
    """A text as the column's own type reads it, whatever type it is; with its length, so that nothing is cut."""
    if column.base in ("json", "jsonb"):
        return parsed(expression, column.base)
    made = f"pg_catalog.json_build_object('v', {expression})"
    return f"(select r.v from pg_catalog.json_to_record({made}) as r (v {column.full_type}))"


def json_at(value: str, column: Column) -> str:
    """A value of the column's type for to_jsonb and its kin, which obey a cast to json that the database made."""
    return text_at(value, column) if column.is_cast_to_json else value


def key_of(columns: Iterable[Column]) -> str:
    """A key of several columns as text: a JSON array in key order."""
    return f"pg_catalog.concat(pg_catalog.jsonb_build_array({', '.join(json_at(plain(c), c) for c in columns)}))"


def row_as_json(shape: Table, names: Collection[str] | None = None) -> str:
    """The row as JSON text, its columns by their names: all of them, or those of these names."""
    if names is None and not any(column.is_cast_to_json for column in shape.columns):
        return "pg_catalog.concat(pg_catalog.row_to_json(t.*))"
    wanted = [column for column in shape.columns if names is None or column.name in names]
    if not wanted:
        return "'{}'"
    columns = ", ".join(f"{json_at(plain(column), column)} as {quoted(column.name)}" for column in wanted)
    return f"(select pg_catalog.concat(pg_catalog.row_to_json(r.*)) from (select {columns}) as r)"


# What a time with a zone may be, less a day for the zone; dates and timestamps reach further.
EARLIEST, LATEST = "4714-11-26 BC", "294276-12-29"


def is_said(column: Column) -> bool:
    """Whether a time stands in the column as text."""
    return column.base in TEXTUAL and not column.is_array


def blank(columns: Iterable[Column]) -> str:
    """The names of those text columns that hold white space, or nothing, put together with commas; else ''."""
    found = [f"case when {as_text(c)} !~ {literal(VISIBLE)} then {literal(c.name)} end" for c in columns]
    return f"pg_catalog.concat_ws(',', {', '.join(found)})"


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
        """The column as the text of a timestamptz, where it is null or blank that of another."""
        own = f"'not a time: ' || {as_text(column)}"
        if is_said(column):
            own = f"case when {as_text(column)} ~ {literal(VISIBLE)} then {as_text(column)} end"
        plainly = [text(moment) for moment in self._moment(column)]
        return f"coalesce({', '.join([*plainly, own, text(otherwise)])})"

    def _read(self, column: Column) -> str:
        """What a text says, as timestamptz; null where that is not plain."""
        said = as_text(column)
        local = f"when {said} ~ {literal(LOCAL)} then {parsed(said, 'timestamp')} at time zone {self._zone}"
        return f"case {local} when {said} ~ {literal(ZONED)} then {parsed(said, 'timestamptz')} end"

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
        return f"coalesce({', '.join([*self._moment(self._shape.find_column('created_at')), *self._fallbacks()])})"

    def updated(self) -> str:
        return f"coalesce({', '.join([*self._moment(self._shape.find_column('updated_at')), self.created()])})"

    def copied(self, column: Column) -> str:
        """created_at or updated_at of a copied table, in its own type; untouched where it cannot be null, and where its
        type can say neither a time nor what created_at has."""
        if column.not_null or column.is_array:
            return plain(column)
        if column.base in TIMES:
            fallback = f"coalesce({', '.join(self._fallbacks())})" if column.name == "created_at" else self.created()
            return f"coalesce({plain(column)}, {self._as(fallback, column)})"
        created = self._sibling(column)
        if created and (created.full_type, created.collation) == (column.full_type, column.collation):
            return f"coalesce({plain(column)}, {self.copied(created)})"
        if is_said(column) and column.kind == "b":
            return f"coalesce({plain(column)}, {self._said_as(created, column)})"
        return plain(column)

    def _sibling(self, column: Column) -> Column | None:
        """created_at, beside an updated_at."""
        created = self._shape.column("created_at") if column.name == "updated_at" else None
        return created if created and not created.is_array else None

    def _said_as(self, created: Column | None, column: Column) -> str:
        """What stands in a text column for want of a time: what created_at has, else the time; null if too long."""
        said = text(self.copied(created) if created else f"coalesce({', '.join(self._fallbacks())})")
        shown = f"({said})::{column.full_type}"
        return f'case when ({shown})::text collate "C" = {said} then ({shown}) collate "C" end'

    def has(self, name: str) -> bool:
        return self._time(name) is not None

    def _as(self, expression: str, column: Column) -> str:
        local = f"({expression} at time zone {self._zone})"
        shown = {"timestamptz": expression, "timestamp": local, "date": f"{local}::date"}[column.base]
        return shown if column.kind == "b" and "(" not in column.type else f"({shown})::{column.full_type}"

    def _fallbacks(self) -> list[str]:
        found = [column for name in self._chain if (column := self._shape.find_column(name))]
        moments = [self._finite(column, moment) for column in found for moment in self._moment(column)]
        return [*moments, f"{literal(self._instant)}::timestamptz"]

    def _finite(self, column: Column, moment: str) -> str:
        return moment if column.base in TEXTUAL else f"case when isfinite({plain(column)}) then {moment} end"

    def _time(self, name: str) -> Column | None:
        column = self._shape.find_column(name)
        return column if column and column.base in TIMES and not column.is_array else None
