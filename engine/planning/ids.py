"""How keys and references are read as text: values that name the same row have the same text.

Laws (contract, 5: ids)
- A char(n) is read without its padding, a citext in lower case, a number without trailing zeros; a domain like its base
  type.
- A reference is read by its key's type: a text that points at a number, as the number that it spells.
- A UUID is read as it is written, for the books hold ids so; `hyphened` is the form for comparison.
"""

from config.postgres.types import NUMBERS, TEXTUAL, UUID_TEXT
from config.shapes import Column
from engine.reflect.select_list import parsed as read
from engine.reflect.select_list import plain, text_at

LIMITS = {"int2": 2**15, "int4": 2**31, "int8": 2**63}


def word(column: Column, key: Column | None = None, value: str | None = None) -> str:
    """The value as text. key: the legacy column whose values it names; None where it is a key itself.

    value: where the column's value stands; None: behind the alias t.
    """
    key, value = key or column, value or plain(column)
    text = text_at(value, column)
    if column.base == "numeric":
        text = f"case when {text} like '%.%' then pg_catalog.rtrim(pg_catalog.rtrim({text}, '0'), '.') else {text} end"
    if "bpchar" in (column.base, key.base):
        text = f"pg_catalog.rtrim({text}, ' ')"
    if key.base == "citext":
        text = f"pg_catalog.lower({text})"
    return _number(text, column, key) if column.base in TEXTUAL and key.base in NUMBERS else text


def kept(column: Column) -> str:
    """The value as text for a column of another kind of text: all its letters, without the padding of a char(n)."""
    shown = text_at(plain(column), column)
    return f"pg_catalog.rtrim({shown}, ' ')" if column.base == "bpchar" else shown


def told(column: Column) -> str:
    """The value of a reference for a note: null if it is the number by which `parsed` replaces what is no number."""
    nobody = "NaN" if column.base == "numeric" else str(-LIMITS.get(column.base, 0))
    return f"nullif({word(column)}, '{nobody}')" if column.base in NUMBERS else word(column)


def is_uuid(column: Column) -> bool:
    """Whether the type says that each value is a UUID, so that its text has the plain form: a pattern is dear."""
    return column.base == "uuid" and not column.is_array


def hyphened(text: str) -> str:
    """SQL: a text, of a UUID its plain form: in lower case and with hyphens."""
    return f"case when {text} ~* '{UUID_TEXT}' then pg_catalog.concat({read(text, 'uuid')}) else {text} end"


def _number(text: str, column: Column, key: Column) -> str:
    """A text that spells a number as that number is written; any other as it is."""
    if key.base == "numeric":
        shown = f"pg_catalog.concat(pg_catalog.trim_scale({read(text, 'numeric')}))"
        return f"case when {text} ~ '^-?[0-9]+([.][0-9]+)?$' then {shown} else {text} end"
    return f"case when {text} ~ '^-?[0-9]{{1,19}}$' then pg_catalog.concat({read(text, 'numeric')}) else {text} end"


def parsed(column: Column, key: Column) -> str:
    """The number that the value spells, in the key's own type; for any other value a number that names no row.

    Which is the least integer, or NaN: so the reference is an orphan like any other, which a null would not be.
    """
    text = word(column, key)
    value = read(text, "numeric")
    if key.base == "numeric":
        number = f"case when {text} ~ '^-?[0-9]+([.][0-9]+)?$' then {value}"
        return f"{number} when {text} is not null then 'NaN'::numeric end"
    least = f"({-LIMITS[key.base]})::{key.base}"
    fits = f"{value} between {-LIMITS[key.base]} and {LIMITS[key.base] - 1}"
    number = f"case when {fits} then {value}::{key.base} else {least} end"
    return f"case when {text} ~ '^-?[0-9]{{1,19}}$' then {number} when {text} is not null then {least} end"
