"""Whether a value of one column fits another of its meaning, as SQL that never fails.

Law: a value that does not fit becomes null; it is never cut, rounded or refused. Such are a text longer than the
column, a word that is no label of an enum or no boolean, and a number beyond the column's range or scale.
"""

from collections.abc import Sequence

from config.postgres.quoting import literal, quoted
from config.postgres.types import INTEGERS, NUMBERS, TEXTUAL
from config.shapes import Column
from engine.planning.ids import LIMITS
from engine.reflect.select_list import parsed, parsed_as, text_at

BOOLEANS = "('true', 'false', 't', 'f', 'yes', 'no', 'y', 'n', 'on', 'off', '1', '0')"


def fitted(own: Column, given: Column, labels: Sequence[str], alias: str = "t") -> str | None:
    """SQL: the column `given` in the type of `own`; None if no value of its type can be known to fit.

    labels: of an enum that is own's type.
    """
    value = f"{alias}.{quoted(given.name)}"
    text = text_at(value, given)
    if own.type == given.type:
        return value
    if own.is_array or given.is_array:
        return None
    if own.kind == "e":
        return f"case when {text} in ({', '.join(map(literal, labels))}) then {parsed_as(text, own)} end"
    if own.base in TEXTUAL:
        limit = own.type.partition("(")[2].rstrip(")")
        return f"case when char_length({text}) <= {limit} then {text} end" if limit else text
    if own.base == "bool" and given.base in TEXTUAL:
        return f"case when lower({text}) in {BOOLEANS} then {parsed(text, 'bool')} end"
    if {own.base, given.base} <= NUMBERS:
        return _number(own, value)
    return f"{value}::{own.full_type if own.kind == 'b' else own.base}" if own.base == given.base else None


def _number(own: Column, value: str) -> str:
    if own.base in INTEGERS:
        limit = LIMITS[own.base]
        fits = f"{value} between {-limit} and {limit - 1} and {value} = trunc({value}::numeric)"
        return f"case when {fits} then {value}::{own.base} end"
    precision, _, scale = own.type.partition("(")[2].rstrip(")").partition(",")
    if not precision:
        return f"{value}::numeric"
    most = f"1e{int(precision) - int(scale or 0)}"
    fits = f"{value}::numeric = round({value}::numeric, {scale or 0}) and abs({value}::numeric) < {most}"
    return f"case when {fits} then {value}::{own.type} end"
