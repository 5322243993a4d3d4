"""Values that are new to a column, as SQL over a row `t`: of whatever type the column is."""

import random
import uuid

from psycopg import sql

from config.postgres.types import TEXTUAL, UUID_TEXT
from config.shapes import Column

# What is added to a number that was never given before, so that it is none of the rows' own.
FIRST = {"int2": 10_000, "int4": 1_000_000, "int8": 1_000_000, "numeric": 10_000, "float4": 10_000, "float8": 10_000}
OTHERS = {
    "bool": "coalesce(not {c}, true)",
    "timestamptz": "coalesce({c}, timestamptz '2024-02-29 12:00Z') + interval '1 minute' * ({n} % 100000)",
    "timestamp": "coalesce({c}, timestamp '2024-02-29 12:00') + interval '1 minute' * ({n} % 100000)",
    "date": "coalesce({c}, date '2024-02-29') + {n} % 300",
    "time": "coalesce({c}, time '12:00') + interval '1 minute'",
    "timetz": "coalesce({c}, timetz '12:00Z') + interval '1 minute'",
    "interval": "coalesce({c}, interval '0') + interval '1 day'",
    "inet": "inet '10.0.0.0' + {n} % 60000",
    "bytea": "decode(lpad(to_hex({n}), 12, '0'), 'hex')",
    "jsonb": "jsonb_build_object('n', {n}, 'before', {c})",
    "json": "json_build_object('n', {n}, 'before', {c})",
}


def fresh(column: Column, number: int, rng: random.Random) -> sql.Composable:
    """A value that no row of the column has, as far as its type lets that be; number: never given before."""
    here = value_of(column)
    if column.is_array:
        return cast(sql.SQL("{0} || {0}").format(here), column)
    if column.base in FIRST:
        return cast(sql.Literal(FIRST[column.base] + number), column)
    if column.base == "uuid":
        return _uuid(rng)
    if column.base in TEXTUAL:
        text = sql.SQL("case when {c}::text ~* {p} then {u}::text else concat({n}, {c}) end").format(
            c=here, p=sql.Literal(UUID_TEXT), u=_uuid(rng), n=sql.Literal(f"n{number}")
        )
        return cast(text, column)
    other = OTHERS.get(column.base)
    return cast(sql.SQL(other).format(c=here, n=sql.Literal(number)), column) if other else here


def value_of(column: Column) -> sql.Composable:
    return sql.SQL("t.{}").format(sql.Identifier(column.name))


def cast(value: sql.Composable, column: Column) -> sql.Composable:
    return sql.SQL("({})::{}").format(value, sql.SQL(column.full_type))


def literal(value: str | None, column: Column) -> sql.Composable:
    """A text that PostgreSQL wrote, as a value of the column."""
    return cast(sql.Literal(value), column)


def _uuid(rng: random.Random) -> sql.Composable:
    return sql.SQL("{}::uuid").format(sql.Literal(str(uuid.UUID(int=rng.getrandbits(128), version=4))))
