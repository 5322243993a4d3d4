"""Which columns of a copy are masked, how, and why so.

Laws, the first that fits
- An unmasked copy keeps all. A generated column is computed anew from what it is made of.
- A rule of the table's own in config/mapping/masks.toml precedes all that follows; one of a key or a reference is
  applied along foreign keys and mapped references on both sides.
- Partition keys are kept. Keys and references are masked alike on both sides if a name says that they are personal,
  those of text as codes; they are kept if a rule reads one of them, or no mask fits all.
- All else asks config.masks, by name and type; a text is kept if the definitions list its values
  (engine.staging.codes), for then it is a code and not a person's; so is what is called like a code where they read it.
- A column of a type without a mask is set to null. A mask that masks.toml asks for and the column cannot have is a
  fault; all are reported at once.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass

from config import masks as masking
from config.masks import Masks
from config.rules import Mapping
from config.settings import Settings
from config.shapes import Column
from engine.reflect import expressions
from engine.reflect.catalog import Catalog, LegacyTable
from engine.staging import codes, links
from engine.staging.links import Link

KEEP = "keep"
JOINING = ("a reference to ", "rule column id of ")  # what rules read only to join rows
UNFIT = {None, "unknown", "null"}
DIVIDES = "decides the partition"
LENGTH = re.compile(r"(?:character varying|character|varchar|char|bpchar)\((\d+)\)")
LENGTHS = {"name": 63}  # bytes

Told = tuple[str, str, int | None]  # kind, why, limit
Place = tuple[str, str]  # table, column
KEY: tuple[masking.Kind | None, str] = ("code", "key")  # kind and why of a key that nobody has named


@dataclass(frozen=True)
class Choice:
    """How one column is carried. limit: its greatest number of characters, None: any number.

    filler: the value of all rows of a column that would be null but takes none (engine.staging.fillers).
    """

    table: str
    column: str
    kind: str
    why: str
    limit: int | None = None
    is_array: bool = False
    filler: str | None = None

    @property
    def is_masked(self) -> bool:
        return self.kind != KEEP


def unmasked(catalog: Catalog, reason: str | None) -> tuple[Choice, ...]:
    """Every column as it is."""
    return tuple(
        Choice(table.name, column.name, KEEP, f"copied unmasked: {reason}")
        for table in catalog.tables
        if not table.extension
        for column in table.shape.columns
    )


def choose(
    catalog: Catalog, masks: Masks, mapping: Mapping, settings: Settings
) -> tuple[tuple[Choice, ...], list[str]]:
    """(a choice for every column, faults). Tables of extensions are not copied, and not in it."""
    tables = [table for table in catalog.tables if not table.extension]
    chooser = _Chooser(catalog, masks, mapping, links.find(catalog, mapping, settings))
    choices = tuple(chooser.choice(table, column) for table in tables for column in table.shape.columns)
    generated = [fault for table in tables for column in table.shape.columns if (fault := _made(masks, table, column))]
    return choices, chooser.faults + generated + [fault for choice in choices if (fault := _fault(choice))]


def _fault(choice: Choice) -> str | None:
    return f"{choice.table}.{choice.column}: {choice.why}" if choice.kind == "unknown" else None


def _made(masks: Masks, table: LegacyTable, column: Column) -> str | None:
    """A fault where masks.toml has a mask for a generated column, which no copy can be given."""
    rule = masks.tables.get(table.name, {}).get(column.name)
    if not column.generated or rule in (None, KEEP):
        return None
    entry = f"[tables.{table.name}] {column.name} = {rule!r} in {masking.shown()}"
    return f"{table.name}.{column.name}: is generated, so {entry} has no effect; mask what it is made of"


class _Chooser:
    def __init__(self, catalog: Catalog, masks: Masks, mapping: Mapping, found: tuple[Link, ...]):
        self._masks, self._mapping = masks, mapping
        self.faults: list[str] = []
        self._types = {kind.name: kind for kind in catalog.types}
        self._roles = _roles(catalog, found)
        self._columns = {(t.name, c.name): c for t in catalog.tables for c in t.shape.columns}
        self._codes = {t.name: codes.of(t, self._types) for t in catalog.tables}
        self._compared = {(t.name, name) for t in catalog.tables for name in _compared(t)}
        self._divides = {place for place, role in self._roles.items() if role == DIVIDES}
        self._told = self._told_along(found)

    def choice(self, table: LegacyTable, column: Column) -> Choice:
        place = table.name, column.name
        kind, why, limit = self._kind(table, column)
        return Choice(*place, kind or KEEP, why, limit if kind != KEEP else None, column.is_array)

    def _kind(self, table: LegacyTable, column: Column) -> tuple[str | None, str, int | None]:
        place, limit = (table.name, column.name), self._limit(column)
        if column.generated:
            return KEEP, "generated: computed anew", None
        if place in self._told:
            return self._told[place]
        if place in self._roles:
            return KEEP, self._roles[place], None
        kind, why = self._asked(place, column)
        is_unknown = kind == "code" or (kind == "text" and why == f"type {column.base}")
        if is_unknown and column.name in self._codes[table.name]:
            return KEEP, "a code: a check or a generated column lists its values", None
        if kind == "code" and place in self._compared:
            return KEEP, f"{why}; a check or an index reads it", None
        return kind, why or f"type {column.base} holds nothing of anybody", limit

    def _asked(self, place: Place, column: Column) -> tuple[masking.Kind | None, str]:
        return masking.kind_of(self._masks, self._mapping, *place, self._base(column))

    def _base(self, column: Column) -> str:
        own = self._types.get(column.base)
        return "enum" if own and own.kind == "e" else column.base

    def _limit(self, column: Column) -> int | None:
        """Characters that the column's type, or what its domain stands on, takes."""
        spelled, seen = column.type, set()
        while (name := spelled.removesuffix("[]").strip('"')) in self._types and name not in seen:
            seen.add(name)
            spelled = self._types[name].base or ""
        found = LENGTH.search(spelled)
        return int(found[1]) if found else LENGTHS.get(column.base)

    def _masked_along(self, group: set[Place], ends: set[Place]) -> tuple[str, str] | None:
        """(kind, why) of joined columns, or of a key by itself, that nobody has named; None: they are kept.

        ends: the columns that references point at; their names precede those of the references.
        """
        asked = {place: self._asked(place, self._columns[place]) for place in group}
        if any(self._is_read(place, *asked[place]) for place in group):
            return None
        named = sorted((place not in ends, place) for place in group if masking.is_named(asked[place][1]))
        kind, why = asked[named[0][1]] if named else KEY
        fits = {masking.fitting(kind, self._base(self._columns[place])) for place in group}
        fit = fits.pop()
        return (fit, why) if fit and not fits and fit not in UNFIT else None

    def _is_read(self, place: Place, kind: str | None, why: str) -> bool:
        """Whether the value of a key decides something beyond what it joins."""
        if place in self._divides or self._columns[place].generated or place[1] in self._codes.get(place[0], ()):
            return True
        return (kind == KEEP and not why.startswith(JOINING)) or (kind == "code" and place in self._compared)

    def _told_along(self, found: tuple[Link, ...]) -> dict[Place, Told]:
        """Columns with a rule of their own, and those that references join to them: kind, why, the least limit."""
        told: dict[Place, Told] = {}
        for group in _joined(found):
            rules = {place: rule for place in group if (rule := self._own_rule(place))}
            if len({kind for kind, _ in rules.values()}) > 1:
                names = ", ".join(f"{table}.{column}" for table, column in sorted(rules))
                self.faults.append(f"{names}: references join them, and masks.toml gives them several kinds; give one")
            elif rules and (fault := self._unfitting(group, next(iter(rules)))):
                self.faults.append(fault)
            elif rules:
                (place, (kind, _)), limits = next(iter(rules.items())), self._limits(group)
                why = f"joined to {'.'.join(place)}, which masks.toml names"
                told |= {
                    each: (kind, rules[each][1] if each in rules else why, min(limits, default=None)) for each in group
                }
        for place, column in self._columns.items():
            if place not in told and (rule := self._own_rule(place)):
                told[place] = (*rule, self._limit(column))
        return told | self._masked_keys(found, told)

    def _masked_keys(self, found: tuple[Link, ...], told: Collection[Place]) -> dict[Place, Told]:
        """Keys and references that are masked though no table's entry says so: kind, why, the least limit."""
        ends = {(link.to, name) for link in found for name in link.to_columns}
        groups = _joined(found)
        joined = set().union(*groups)
        groups += [{place} for place, role in self._roles.items() if role == "key" and place not in joined]
        masked: dict[Place, Told] = {}
        for group in groups:
            if group.isdisjoint(told) and (rule := self._masked_along(group, ends)):
                masked |= dict.fromkeys(group, (*rule, min(self._limits(group), default=None)))
        return masked

    def _unfitting(self, group: set[Place], named: Place) -> str | None:
        """A fault where the rule of the column named would not mask all of the group in the same way."""
        rule = self._masks.tables[named[0]][named[1]]
        kinds = {place: masking.fitting(rule, self._base(self._columns[place])) for place in sorted(group)}
        if len(set(kinds.values())) == 1:
            return None
        found = ", ".join(f"{table}.{column} ({self._columns[table, column].base})" for table, column in kinds)
        what = f"{rule} of [tables.{named[0]}] {named[1]} does not fit the types of all"
        return f'{found}: references join them, and {what}; say "keep" in {masking.shown()}, or a kind that fits each'

    def _limits(self, group: set[Place]) -> list[int]:
        return [limit for place in group if (limit := self._limit(self._columns[place])) is not None]

    def _own_rule(self, place: Place) -> tuple[str, str] | None:
        table, column = place
        if column not in self._masks.tables.get(table, {}):
            return None
        kind, why = self._asked(place, self._columns[place])
        return kind or KEEP, why


def _joined(found: tuple[Link, ...]) -> list[set[Place]]:
    """Columns in groups that references hold together."""
    group_of: dict[Place, set[Place]] = {}
    for link in found:
        for ends in zip(link.columns, link.to_columns, strict=True):
            here, there = (link.table, ends[0]), (link.to, ends[1])
            merged = group_of.get(here, {here}) | group_of.get(there, {there})
            group_of |= dict.fromkeys(merged, merged)
    return list({id(group): group for group in group_of.values()}.values())


def _roles(catalog: Catalog, found: tuple[Link, ...]) -> dict[Place, str]:
    """Columns that hold the copy together, and what they are."""
    roles: dict[Place, str] = {}
    divides: dict[Place, str] = {}
    for table in catalog.tables:
        words = expressions.words(table.partition_key or "") if _is_divided_by_value(table) else set()
        divides |= {(table.name, name): DIVIDES for name in words}
        roles |= {(table.name, name): "key" for name in table.shape.primary_key}
    roles |= {(link.to, name): "key" for link in found for name in link.to_columns}
    roles |= {(link.table, name): f"reference to {link.to}" for link in found for name in link.columns}
    return roles | divides


def _compared(table: LegacyTable) -> set[str]:
    """Columns that a check, or an index's predicate or expression, reads by value."""
    checks = [c.columns for c in table.shape.constraints if c.kind == "c"]
    indexes = [i.columns for i in table.shape.indexes if i.predicate or i.has_expression]
    return set().union(*checks, *indexes)


def _is_divided_by_value(table: LegacyTable) -> bool:
    return table.kind == "p" and not (table.partition_key or "").upper().startswith("HASH")
