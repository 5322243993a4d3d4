"""Values that spell a column's value otherwise, as SQL over a row `t`; those that are new are the writer's own."""

import random

from psycopg import sql

from config.shapes import Column
from engine.staging.writer.values import cast, fresh, literal, value_of
from tests.histories.legacy import TEXTS

__all__ = ["formed", "fresh", "literal"]

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


def formed(column: Column, rng: random.Random) -> sql.Composable | None:
    """The value in another form; None of a type that has one alone."""
    forms = TEXT_FORMS if column.base in TEXTS else FORMS.get(column.base, ())
    if column.is_array or not forms:
        return None
    return cast(sql.SQL(rng.choice(forms)).format(c=value_of(column)), column)
