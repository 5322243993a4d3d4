"""Conditions that pick rows by the values of a column, by an index where the column has one.

Law: a value that the column's type cannot hold is left out, for no row has it.
"""

import json
import re
from collections.abc import Iterable
from functools import lru_cache

from checks.reading.facts import Facts, column_of, text_of
from config.postgres.quoting import literal
from config.shapes import Column

NONE = "false"
CTID = r"\([0-9]{1,9},[0-9]{1,4}\)"
TYPED = {
    "uuid": "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "int2": "-?[0-9]{1,4}", "int4": "-?[0-9]{1,9}",
    "int8": "-?[0-9]{1,18}",
}  # fmt: skip


def one_of(facts: Facts, column: Column, values: Iterable[str], parent: str | None = None) -> str:
    """SQL: whether the column, behind the alias t, has one of these values, spelled as references to its rows are.

    parent: the legacy table whose ids the column holds.
    """
    return _held(column, values, facts.spelled(column, parent))


def _held(column: Column, values: Iterable[str], shown: str) -> str:
    base = column.base if column.kind == "b" and not column.is_array and column.base in TYPED else "text"
    found = _array(base, frozenset(values))
    return f"{shown if base == 'text' else column_of(column)} = any ({found})" if found else NONE


@lru_cache(maxsize=256)
def _array(base: str, values: frozenset[str]) -> str:
    """The values as an array of this type, without those that it cannot hold; nothing where there are none."""
    found = sorted(values)
    if base in TYPED:
        found = [value for value in found if re.fullmatch(TYPED[base], value)]
    return f"{literal(found)}::{base}[]" if found else ""


def of_keys(facts: Facts, table: str, keys: Iterable[str]) -> str:
    """SQL: whether a legacy row behind the alias t has one of these keys; where the key has several columns, whether it
    has the first of these in common with one of them."""
    shape = facts.source.table(table)
    if not shape.primary_key:
        places = sorted(key for key in keys if re.fullmatch(CTID, key))
        return f"t.ctid = any ({literal(places)}::tid[])" if places else NONE
    return shown_as(shape.column(shape.primary_key[0]), firsts(facts, table, keys))


def shown_as(column: Column, texts: Iterable[str]) -> str:
    """SQL: whether the column, behind the alias t, shows one of these texts, letter by letter."""
    return _held(column, texts, text_of(column))


def firsts(facts: Facts, table: str, keys: Iterable[str]) -> set[str]:
    """The values of the first column of these keys."""
    if len(facts.source.table(table).primary_key) == 1:
        return set(keys)
    return {value if isinstance(value, str) else json.dumps(value) for value in (json.loads(key)[0] for key in keys)}


def either(conditions: Iterable[str]) -> str:
    """Any of these conditions; `false` where there is none."""
    found = [condition for condition in conditions if condition != NONE]
    return " or ".join(found) if found else NONE
