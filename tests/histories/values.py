"""Values that are new to a column, or spell its value otherwise, as SQL over a row `t`: of any type."""

import random
import uuid

from psycopg import sql

from config.shapes import Column
from tests.histories.legacy import TEXTS

UUID = "'^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$'"
NUMBERS = {"int4": 1_000_000, "int8": 1_000_000, "numeric": 1_000, "float4": 1, "float8": 1, "int2": 1_000}
FIRST = 10_000
OTHERS = {
    "bool": "coalesce(not {c}, true)",
    "timestamptz": "coalesce({c}, timestamptz '2024-02-29 12:00Z') + interval '1 minute' * {n}",
    "timestamp": "coalesce({c}, timestamp '2024-02-29 12:00') + interval '1 minute' * {n}",
    "date": "coalesce({c}, date '2024-02-29') + {n} % 300",
    "time": "coalesce({c}, time '12:00') + interval '1 minute'",
    "timetz": "coalesce({c}, timetz '12:00Z') + interval '1 minute'",
    "interval": "coalesce({c}, interval '0') + interval '1 day'",
    "inet": "inet '10.0.0.0' + {n} % 60000",
    "bytea": "decode(lpad(to_hex({n}), 12, '0'), 'hex')",
    "jsonb": "jsonb_build_object('n', {n}, 'before', {c})",
    "json": "json_build_object('n', {n}, 'before', {c})",
}
# The same value in another form: equal to the old one for an operator, and never for an image.
FORMS = {
    "numeric": ("({c} + 0.000)", "'NaN'::numeric"),
    "float8": ("'NaN'::float8", "-0.0::float8"),
    "float4": ("'NaN'::float4",),
    "json": ("replace({c}::text, ':', ' : ')::json",),
    "jsonb": ("{c} || '{{}}'::jsonb",),
    "interval": ("justify_hours({c})", "{c} + interval '1 day' - interval '24 hours'"),
    "timestamptz": ("{c} + interval '1 microsecond'",),
}
TEXT_FORMS = ("upper({c})", "concat({c}, ' ')", "initcap({c})", "''", "concat(' ', {c})")


def fresh(column: Column, number: int, rng: random.Random) -> sql.Composable:
    """A value that no row of the column has, as far as its type lets that be; number: never given before."""
    here = sql.SQL("t.{}").format(sql.Identifier(column.name))
    if column.is_array:
        return _cast(sql.SQL("{0} || {0}").format(here), column)
    if column.base in NUMBERS:
        step = NUMBERS[column.base]
        return _cast(sql.SQL("{}").format(sql.Literal((max(step, FIRST)) + number)), column)
    if column.base == "uuid":
        return _uuid(rng)
    if column.base in TEXTS:
        text = sql.SQL("case when {c}::text ~ {p} then {u}::text else concat({n}, {c}) end").format(
            c=here, p=sql.SQL(UUID), u=_uuid(rng), n=sql.Literal(f"n{number}")
        )
        return _cast(text, column)
    other = OTHERS.get(column.base)
    return _cast(sql.SQL(other).format(c=here, n=sql.Literal(number)), column) if other else here


def formed(column: Column, rng: random.Random) -> sql.Composable | None:
    """The value in another form; None of a type that has one alone."""
    forms = TEXT_FORMS if column.base in TEXTS else FORMS.get(column.base, ())
    if column.is_array or not forms:
        return None
    here = sql.SQL("t.{}").format(sql.Identifier(column.name))
    return _cast(sql.SQL(rng.choice(forms)).format(c=here), column)


def _uuid(rng: random.Random) -> sql.Composable:
    return sql.SQL("{}::uuid").format(sql.Literal(str(uuid.UUID(int=rng.getrandbits(128), version=4))))


def _cast(value: sql.Composable, column: Column) -> sql.Composable:
    return sql.SQL("({})::{}").format(value, sql.SQL(column.full_type))


def literal(value: str | None, column: Column) -> sql.Composable:
    """A text that PostgreSQL wrote, as a value of the column."""
    return _cast(sql.Literal(value), column)
