"""The findings of a scan in words: one for each kind of fault and column, with its remedy."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from checks.scan.columns import CONSTANT, Field, ScannedTable
from checks.scan.definitions import Definitions
from checks.scan.leftovers import Chance, FoundCells, Search, most
from checks.scan.remembered import Originals
from checks.scan.result import (
    CHANCE,
    DEFINITION,
    EMAIL,
    KEPT,
    MASKS,
    NOT_COMPARED,
    PHONE,
    UNMASKED,
    UNPROVED,
    UNSEARCHED,
    VALUE,
    ComparedColumn,
    Finding,
    Remark,
    rule,
)
from checks.scan.rows import HIDDEN
from config.postgres.types import TEXTUAL

FOUND = {
    UNMASKED: "cells are what they were in the source, whole or in part",
    EMAIL: "cells hold an email address of the source",
    PHONE: "cells hold a phone number of the source",
    VALUE: "cells are a name, a URL or the like that is masked elsewhere",
}
EMPTIED = {
    "null": "cells hold something, where everything was to be null",
    CONSTANT: "cells hold another value than the one that was to stand in all rows",
}
SWAPPED = "cells hold {} of another row; {}: values have changed places"
BY_CHANCE = "cells hold {} of another row; {}"
WHAT = {PHONE: "a phone number", VALUE: "a name, a URL or the like"}
SHORT = (
    "cells without a value of some length: their table has no key, so they could not be held against their originals"
)
# Why a text is carried as it is, as the books' words begin, and what keeps it then; other words: nobody asked for it.
KEYS = "the rule that keys and references hold the copy together"
KEEPERS = (
    (re.compile(r"generated: |type \S+ holds nothing"), None),  # computed from what is masked, or no text
    (re.compile(r"key\Z|reference to |joined to "), KEYS),
    (re.compile(r"rule column |a setting |a time |a reference "), "rules of the mapping that read them"),
    (re.compile(r"kept: |kept_endings: "), f"`kept` and `kept_endings` of {MASKS}"),
    (re.compile(r"\[tables\."), f"entries under [tables] of {MASKS}"),
)
AS_IT_IS = "texts that no line of {} names are carried as they are: {}"
KEPT_BY = "texts are carried as they are by {}: {}"
BEYOND = (
    "columns of numbers, times and other types without text are carried as they are, and were searched for phone "
    "numbers at most: {}"
)
SAID = "its definition holds an address, a number or a name of the source"
UNSAY = f"change it in the legacy database, or add {{}} to `kept_definitions` in {MASKS}, and make the copy anew"
UNHEARD = "not in the books"
IN_KEY = "mask the key and, where no reference is declared, what refers to it ({}), and make the copy anew"
LEAVES = "the mask of kind {} leaves them: give the column another ({}), and make the copy anew"
NO_MASK = "mask the column ({}), and make the copy anew"
NO_NAME = "mask the column ({}), or keep the one whose masked values are nobody's names, and make the copy anew"
GENERATED = "it is generated: mask what it is made of ({}), and make the copy anew"
ANEW = "make the copy anew: it, its books and the source's snapshot do not belong together"
RIGHTS = "let the roles of both databases read the table, and make the copy anew"


@dataclass
class Failed:
    """A masked column, or a table, that was not compared."""

    table: str
    column: str
    why: str
    remedy: str = ANEW
    count: FoundCells = field(default_factory=FoundCells)

    def of(self, column: str) -> "Failed":
        return replace(self, column=column)


def compared(places: Sequence[ScannedTable], counts: Counter[Field]) -> tuple[ComparedColumn, ...]:
    """Every masked column that was read, were it of no row."""
    return tuple(
        ComparedColumn(one.table, one.name, one.kind, _how(place, one), counts[one])
        for place in places
        for one in place.masked
        if one.kind and one in counts
    )


def _how(place: ScannedTable, one: Field) -> str:
    if one.kind in EMPTIED:
        return "null" if one.kind == "null" else "one value"
    return "by key" if place.key else "as a set"


MadeOf = Mapping[tuple[str, str], Sequence[str]]  # generated column → what it is made of


def findings(
    search: Search, failed: Sequence[Failed], originals: Originals, made_of: MadeOf, defined: Definitions
) -> tuple[Finding, ...]:
    """All faults, by table and column."""
    made = [
        *_found(search, originals, made_of),
        *_swapped(search, originals, made_of),
        *(_not_compared(one, originals) for one in failed),
        *(
            Finding(DEFINITION, name, "", count, SAID, UNSAY.format(json.dumps(name, ensure_ascii=False)))
            for name, count in defined.found.items()
        ),
    ]
    return tuple(sorted(made, key=lambda one: (one.table, one.column, one.check)))


def _found(search: Search, originals: Originals, made_of: MadeOf) -> Iterator[Finding]:
    for (check, one), count in search.found.items():
        detail = EMPTIED.get(one.kind or "", FOUND[check]) if check == UNMASKED else FOUND[check]
        keys = _shown(count, originals)
        yield Finding(check, one.table, one.name, count.cells, detail, _remedy(check, one, made_of), keys)


def _swapped(search: Search, originals: Originals, made_of: MadeOf) -> Iterator[Finding]:
    for chance in _unlikely(search):
        one, keys = chance.field, _shown(chance.count, originals)
        detail = SWAPPED.format(WHAT[chance.check], _odds(chance)) if one.kind else FOUND[chance.check]
        remedy = _remedy(chance.check, one, made_of)
        yield Finding(chance.check, one.table, one.name, chance.count.cells, detail, remedy, keys)


def _not_compared(one: Failed, originals: Originals) -> Finding:
    keys = _shown(one.count, originals)
    return Finding(NOT_COMPARED, one.table, one.column, one.count.cells, one.why, one.remedy, keys)


def _odds(chance: Chance) -> str:
    return f"by chance some {chance.expected:.2g} would"


def _unlikely(search: Search) -> list[Chance]:
    """Chances that are none: of one column, or numbers of all masked columns together."""
    hidden = [chance for chance in search.chances if chance.check == PHONE and chance.field.kind]
    is_too_many = sum(one.count.cells for one in hidden) > most(sum(one.expected for one in hidden))
    every = [chance for chance in search.chances if chance.count.cells]
    return [chance for chance in every if not chance.is_likely or (is_too_many and chance in hidden)]


def remarks(search: Search, unproved: Counter[Field], whys: Mapping[tuple[str, str], str]) -> tuple[Remark, ...]:
    """Remarks on what chance explains, what could not be proved, and what is kept. whys: why columns are unmasked."""
    unlikely = _unlikely(search)
    made = [
        Remark(CHANCE, one.field.table, one.field.name, one.count.cells, BY_CHANCE.format(WHAT[one.check], _odds(one)))
        for one in search.chances
        if one.count.cells and one not in unlikely
    ]
    made += [Remark(UNPROVED, one.table, one.name, cells, SHORT) for one, cells in unproved.items() if cells]
    made += _kept(search.carried, whys)
    return tuple(sorted(made, key=lambda one: (one.table, one.column, one.check)))


def limits(unsearched: Sequence[str], defined: Definitions) -> tuple[Remark, ...]:
    """What was not searched, and what was found in definitions that masks.toml lists."""
    made = [
        Remark(KEPT, name, "", count, f"{SAID}, as `kept_definitions` of {MASKS} allows: {name}")
        for name, count in defined.accepted.items()
    ]
    if unsearched:
        made.append(Remark(UNSEARCHED, "", "", len(unsearched), BEYOND.format(", ".join(unsearched))))
    return tuple(made)


def _kept(carried: Counter[Field], whys: Mapping[tuple[str, str], str]) -> Iterator[Remark]:
    """A remark of all texts that stand in the copy though nobody has said so, and one for each rule that keeps some."""
    groups: dict[str | None, list[Field]] = {}
    for one, cells in carried.items():
        if cells and (keeper := _keeper(one, whys)) is not None:
            groups.setdefault(keeper, []).append(one)
    for keeper, kept in groups.items():
        why = {one: whys.get((one.table, one.name), UNHEARD) for one in kept}
        told = ", ".join(f"{one.table}.{one.name} ({carried[one]:,} cells; {why[one]})" for one in kept)
        detail = KEPT_BY.format(keeper, told) if keeper else AS_IT_IS.format(MASKS, told)
        yield Remark(KEPT, "", "", sum(carried[one] for one in kept), detail)


def _keeper(one: Field, whys: Mapping[tuple[str, str], str]) -> str | None:
    """What keeps a column's texts; '' where nobody has asked for it, None where they say nothing."""
    why = whys.get((one.table, one.name), UNHEARD)
    return next((keeper for begins, keeper in KEEPERS if begins.match(why)), KEYS if one.is_key else "")


def _remedy(check: str, one: Field, made_of: MadeOf) -> str:
    if origins := made_of.get((one.table, one.name)):
        return GENERATED.format(", ".join(f"{one.table}.{name}" for name in origins))
    if one.kind in EMPTIED:
        return ANEW
    if one.kind:
        return LEAVES.format(one.kind, _rule(one))
    return (IN_KEY if one.is_key else NO_NAME if check == VALUE else NO_MASK).format(_rule(one))


def _rule(one: Field) -> str:
    """The entry for a mask that the column's type bears, and another than it has."""
    kind = "json" if one.is_document else "phone" if one.is_number else "text" if one.base in TEXTUAL else "null"
    return rule(one.table, one.name, "null" if one.kind == kind else kind)


def _shown(count: FoundCells, originals: Originals) -> tuple[str, ...]:
    """Keys as the books write them, one value's text or a JSON array of several, without what tells of anybody."""
    keys = ([HIDDEN if originals.is_personal(str(part)) else part for part in key] for key in count.keys)
    return tuple(str(key[0]) if len(key) == 1 else json.dumps(key, ensure_ascii=False) for key in keys)
