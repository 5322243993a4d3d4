"""Whether a value of one column fits another of its meaning, and its text there.

Laws
- A value that does not fit becomes null, never cut or rounded: a text longer than the column, a word that is no label
  of an enum or no boolean.
- Expressions give the output text of the column that takes the value in.
"""

import re

from checks.reading.facts import Facts, column_of, parsed, text, text_of
from config.postgres.quoting import literal, quoted
from config.postgres.types import INTEGERS, TEXTUAL
from config.shapes import Column

BOOLEANS = "('true', 'false', 't', 'f', 'yes', 'no', 'y', 'n', 'on', 'off', '1', '0')"
LABELS = """
    (select e.enumlabel::text from pg_catalog.pg_enum as e
     join pg_catalog.pg_attribute as a on a.atttypid = e.enumtypid
     where a.attrelid = {table}::regclass and a.attname = {column})
"""
CONSTANT = re.compile(r"""^(?P<value>'(?:[^']|'')*'|-?\d+(?:\.\d+)?|true|false)(?:::[\w ."(),]+)?$""")


def fitted(facts: Facts, table: str, own: Column, given: Column) -> str:
    """The text of `given`, a column behind the alias t, as column `own` of legacy `table` would hold it."""
    value = text_of(given)
    if own.type == given.type:
        return value
    if own.kind == "e":
        labels = LABELS.format(table=literal(quoted(facts.source.schema, table)), column=literal(own.name))
        return f"case when {value} in {labels} then {value} end"
    if own.base in TEXTUAL:
        return _within(own, value)
    if own.base == "bool" and given.base in TEXTUAL:
        return f"case when lower({value}) in {BOOLEANS} then concat({parsed(value, 'bool')}) end"
    if {own.base, given.base} <= INTEGERS | {"numeric"}:
        return _number(own, f"{column_of(given)}::numeric")
    if own.base == given.base:
        return text(f"{column_of(given)}::{own.type if own.kind == 'b' else own.base}")
    return "null::text"


def _number(own: Column, number: str) -> str:
    """The number as the column shows it, where it has no more digits before the point or after it than that takes."""
    if own.base in INTEGERS:
        bits = 8 * int(own.base.removeprefix("int")) - 1
        fits = f"{number} between {-(2**bits)} and {2**bits - 1} and scale(trim_scale({number})) = 0"
        return f"case when {fits} then concat({number}::{own.base}) end"
    digits, _, scale = own.type.partition("(")[2].rstrip(")").partition(",")
    if not digits:
        return text(number)
    whole = int(digits) - int(scale or 0)
    fits = f"{number} = round({number}, {scale or 0}) and abs({number}) < 1e{whole}"
    return f"case when {fits} then concat({number}::{own.type}) end"


def _within(own: Column, value: str) -> str:
    limit = own.type.partition("(")[2].rstrip(")")
    if not limit:
        return value
    shown = f"concat({value}::{own.type})" if own.base == "bpchar" else value
    return f"case when char_length({value}) <= {limit} then {shown} end"


def default_of(column: Column) -> str | None:
    """The text of a default that is a constant, as the column shows it; None of any other, and where there is none."""
    found = CONSTANT.match(column.default or "")
    if not found or column.generated:
        return None
    value = found["value"]
    if column.kind == "e" or column.base in TEXTUAL - {"bpchar"}:
        return f"{value if value.startswith(chr(39)) else literal(value)}::text"
    if column.kind != "b" or column.is_array or column.base == "bpchar":
        return None
    return text(f"{value}::{column.type}")
