"""The masks of staging copies: which column gets which, read from config/mapping/masks.toml into frozen values.

Laws
- Columns whose values decide a rule of the mapping are kept, unless they are personal: a mask changes no outcome of a
  migration.
- In a text column named like a code, codes are kept and other values are masked as texts.
- A table's own entry takes precedence over all others, a whole name over its ending, a name over the type.
- An unknown column is masked by its type; a value of a type without a mask is set to null, never copied.
- Mapping.digest leaves the masks out, for they change no migration.
"""

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from config import mapping, origins, target
from config.errors import ConfigError
from config.postgres.types import FLOATS, NUMBERS, TEXTUAL, TIMES
from config.rules import Mapping, TableRule

# What a value's mask may be: transforms/masks/masker.py has a method for each.
Masked = Literal[
    "email", "phone", "name", "text", "id", "code", "ip", "url", "json", "date", "number", "hex", "bytes",
]  # fmt: skip
Rule = Literal[Masked, "secret", "keep", "null"]  # what masks.toml may ask for
Kind = Literal[Masked, "keep", "null", "unknown"]  # what a column gets

# The only mask that such a type can bear.
OF_TYPE: dict[str, Kind] = {
    "json": "json", "jsonb": "json", "inet": "ip", "cidr": "ip", "bytea": "bytes", "macaddr": "hex", "macaddr8": "hex",
    "tsvector": "null", "ltree": "text",
}  # fmt: skip
# Of these no value says who somebody is, or none can.
HARMLESS = {
    "bool", "enum", "char", "uuid", "money", "oid", "bit", "varbit", "time", "timetz", "interval", "int4range",
    "int8range", "numrange", "daterange", "tsrange", "tstzrange", "int4multirange", "int8multirange", "nummultirange",
    "datemultirange", "tsmultirange", "tstzmultirange", "xid", "xid8", "cid", "tid", "pg_lsn", "regclass", "regproc",
    "regprocedure", "regoper", "regoperator", "regtype", "regrole", "regnamespace", "regconfig", "regdictionary",
    "regcollation", *NUMBERS, *FLOATS, *TIMES,
}  # fmt: skip

UNKNOWN = "no mask knows type"  # how the reason begins why a column is emptied
FIXED = ("created_at", "updated_at")
REFERRING = ("id", "uuid", "ref")  # how names end that refer to something
WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^\W\d_a-zA-Z]+")


class Masks(BaseModel):
    """All rules of masks.toml."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    personal: tuple[str, ...]
    """Rule columns of the mapping that are somebody's: no rule asks what they say, so they are masked."""
    kept: tuple[str, ...]
    """Names of columns that hold codes, which programs read by value."""
    kept_endings: tuple[str, ...]
    """The same by the last word of a name: `contact_type` ends in `type`."""
    kept_definitions: tuple[str, ...] = ()
    """Objects whose definitions may hold what rows have masked, as the proof names them: `view public.v`."""
    names: dict[str, Rule]
    """A column's name, or its last words: its mask."""
    tables: dict[str, dict[str, Rule]]
    """A legacy table: its columns' masks, which go before everything else."""

    @model_validator(mode="after")
    def _says_each_once(self) -> Self:
        twice = sorted(self.names.keys() & set(self.kept))
        if twice:
            raise ValueError(f"{', '.join(twice)} stand under [names] and in kept; wanted one of the two")
        return self


@cache
def load() -> Masks:
    """Read masks.toml (config.origins); ConfigError names the key that is wrong."""
    found = parsed(origins.read(origins.MASKS))
    if faults := inconsistencies(found, mapping.load()):
        raise ConfigError("; and ".join(faults))
    return found


def shown() -> str:
    """The file of masks as a sentence names it."""
    return origins.shown(origins.MASKS)


def parsed(text: str) -> Masks:
    """The masks of a file's text; ConfigError names the key that is wrong."""
    try:
        return Masks.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{shown()} is no TOML: {error}") from None
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise ConfigError(f"{shown()}: {faults}") from None


def inconsistencies(masks: Masks, rules: Mapping) -> list[str]:
    """What the masks say of the mapping that is not so, one sentence each."""
    read = {name for rule in rules.tables.values() for name, _ in _reads(rule)}
    found = [
        f"{shown()}: personal: no rule has a column {name}; {origins.near(name, read) or 'leave it out'}"
        for name in masks.personal
        if name not in read
    ]
    made = target.load().keys() - rules.tables.keys()
    return found + [
        f"{shown()}: [tables.{table}]: is a table of the target; wanted the legacy table whose rows it gets"
        for table in masks.tables
        if table in made
    ]


def is_named(why: str) -> bool:
    """Whether a column is masked because its name says that it holds personal data."""
    return why.startswith("[names]")


def kind_of(masks: Masks, mapping: Mapping, table: str, column: str, base_type: str) -> tuple[Kind | None, str]:
    """(kind, why) of a legacy column that is neither key nor reference; None: its type needs no mask.

    base_type: pg_type.typname of the innermost type, of an array that of its elements; "enum" for every enum. keep:
    copied unchanged. null: set to NULL. unknown: the table's entry asks for a mask that the type cannot have; why says
    so.
    """
    own = masks.tables.get(table, {}).get(column)
    rule, why = (own, f"[tables.{table}] {column}") if own else _rule(masks, mapping, table, column)
    kind = fitting(rule, base_type)
    if own and kind in ("unknown", None):
        found = f"type {base_type} cannot be masked as {own} ({why})"
        return "unknown", f'{found}; say {column} = "keep" or "null" under [tables.{table}] in {shown()}'
    if kind == "unknown":
        return "null", f"{UNKNOWN} {base_type}: emptied"
    if rule in ("keep", "code") and not own and base_type in HARMLESS:
        return None, why
    return kind, why if kind == rule or (rule and base_type in TEXTUAL) else f"type {base_type}"


def _rule(masks: Masks, mapping: Mapping, table: str, column: str) -> tuple[Rule | None, str]:
    """What the mapping or a column's name says of it, whatever its type."""
    if table in mapping.common.tool_tables:
        return "keep", "a migration tool's own record"
    why = _read_by_rule(masks, mapping, table, column)
    return ("keep", why) if why else _by_name(masks, column)


def _by_name(masks: Masks, column: str) -> tuple[Rule | None, str]:
    words = "_".join(WORD.findall(column)).lower().split("_")
    while len(words) > 1 and words[-1].isdecimal():
        words.pop()
    whole = "_".join(words)
    if whole in masks.kept:
        return "code", f"kept: {whole}"
    for first in range(len(words)):
        ending = "_".join(words[first:])
        if ending in masks.names:
            return masks.names[ending], f"[names] {ending}"
        if ending in masks.kept_endings:
            return "code", f"kept_endings: {ending}"
    return ("id", f"a name that ends in {words[-1]}") if words[-1] in REFERRING else (None, "")


def fitting(rule: Rule | Kind | None, base_type: str) -> Kind | None:
    """The mask of a type under a rule; None: the type needs no mask, "unknown": it can have none."""
    if rule in ("keep", "null"):
        return rule
    if base_type in TEXTUAL:
        return "text" if rule is None or rule == "secret" else rule
    if base_type in OF_TYPE:
        return OF_TYPE[base_type]
    if (base_type in NUMBERS and rule in ("phone", "number")) or (base_type in TIMES and rule == "date"):
        return rule
    if base_type == "uuid" and rule in ("secret", "hex"):
        return "hex"
    return None if base_type in HARMLESS else "unknown"


# What the mapping reads


def _read_by_rule(masks: Masks, mapping: Mapping, table: str, column: str) -> str | None:
    """Which rule reads a column by value; None where none does, or what it reads is personal."""
    if column in (*FIXED, *mapping.common.created_at_from):
        return "a time that rows get theirs from"
    reference = mapping.common.references.get(column)
    if reference and (not reference.tables or table in reference.tables):
        return f"a reference to {reference.to}"
    for other, another in mapping.tables.items():
        moved = another.completed_from
        if moved and column in moved.columns and table in (moved.table, other):
            return f"a setting that moves to {other}"
    rule = mapping.tables.get(table)
    read = next((name for name, found in _reads(rule) if found == column), None) if rule else None
    is_personal = read in masks.personal
    return f"rule column {read} of [{table}]" if read and not is_personal else None


def _reads(rule: TableRule) -> Iterator[tuple[str, str]]:
    """(what the rule calls it, legacy column) of all that a table's rule reads."""
    named = [rule.columns, rule.renamed, rule.coalesced, rule.derives.columns if rule.derives else {}]
    for lists in named:
        yield from ((name, variant) for name, variants in lists.items() for variant in variants)
    yield from ((target, column) for column, target in {**rule.arrives, **rule.becomes}.items())
    yield from ((name, name) for name in (*rule.required, *(rule.split.columns if rule.split else ())))
