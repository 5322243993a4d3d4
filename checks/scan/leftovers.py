"""Looks for the source's addresses, numbers and names in every text of the copy, one column of one batch at a time.

Laws
- An address of the source is a finding wherever it stands; a number, or a whole value, wherever nothing is masked.
- In a masked column a number or a value is a leftover if the row's own original has it, too; else it counts as chance,
  for a masked value may equal somebody else's. More than chance explains is a finding: so values that only changed
  places are found.
- The names in a document count as its texts do.
- In kept texts (keys, codes, names in documents) a value counts also as a part of the text.
- In keys, references and columns of large numbers a number may be chance as well.
"""

import dataclasses
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from checks.scan import personal_values
from checks.scan.cells import SHORT, BatchColumn, Cell, TextPart, is_code, is_uuid
from checks.scan.columns import Field
from checks.scan.remembered import Originals
from checks.scan.result import EMAIL, MOST_KEYS, PHONE, VALUE
from checks.scan.rows import ShownKey

REMEMBERED = 100  # characters of a text
FEW = 3  # chances that nobody need explain
TIMES = 10  # so many times what is expected is no chance; numbers are not spread evenly
UNLIKELY = 0.0001  # expected, below which even one is none, save in a column of nothing but numbers
ALIKE = 0.001  # of masked values, the share that may be another's: generous, for where few forms are possible


@dataclass
class FoundCells:
    """Cells, and what may be shown of the keys of the first of them."""

    cells: int = 0
    keys: list[ShownKey] = dataclasses.field(default_factory=list)

    def add(self, key: ShownKey) -> None:
        self.cells += 1
        if len(self.keys) < MOST_KEYS:
            self.keys.append(key)


@dataclass
class Chance:
    """Cells of one column that hold somebody else's value. expected: how many do by chance."""

    check: str
    field: Field
    count: FoundCells = dataclasses.field(default_factory=FoundCells)
    expected: float = 0.0

    @property
    def is_likely(self) -> bool:
        if self.check == PHONE and self.field.kind != "phone" and self.expected < UNLIKELY:
            return not self.count.cells
        return self.count.cells <= most(self.expected)


def most(expected: float) -> float:
    """The greatest number that chance explains."""
    return max(FEW, TIMES * expected)


def _says_something(cell: Cell, one: Field) -> bool:
    """Whether a cell that is kept holds more than a UUID or a short number, by which nobody is known."""
    if isinstance(cell, list):
        return any(_says_something(element, one) for element in cell)
    if not cell or not (one.kind is None or is_code(cell)):
        return False
    return not is_uuid(cell) and not SHORT.fullmatch(cell)


def phrases(text: str) -> Collection[str]:
    """The phrases of a text; of short ones, which come again and again, they are remembered."""
    return _known_phrases(text) if len(text) <= REMEMBERED else personal_values.phrases(text)


@lru_cache(10_000)
def _known_phrases(text: str) -> frozenset[str]:
    return frozenset(personal_values.phrases(text))


def _is_within(text: str, value: str) -> bool:
    return value in phrases(text)


class Search:
    """found: (check, field) → cells; chances: what may be chance; cells: how many were searched; carried:
    unmasked field of texts → how many of its cells hold something."""

    def __init__(self, originals: Originals):
        self._originals = originals
        self._lengths = originals.phones.lengths
        self._chances: dict[tuple[str, Field], Chance] = {}
        self.found: dict[tuple[str, Field], FoundCells] = {}
        self.cells = 0
        self.carried: Counter[Field] = Counter()

    @property
    def chances(self) -> list[Chance]:
        """Of every column that has some; where numbers were read, those without a hit as well."""
        return list(self._chances.values())

    def add(self, check: str, one: Field, key: ShownKey) -> None:
        self.found.setdefault((check, one), FoundCells()).add(key)

    def look(self, keys: Sequence[ShownKey], new: BatchColumn, old: BatchColumn | None = None) -> None:
        """Search a column. old: the originals of its cells, where rows are paired."""
        self.cells += len(keys)
        if new.field.is_text and new.field.is_kept:
            self.carried[new.field] += sum(_says_something(cell, new.field) for cell in new.cells)
        looked = _Looked(new.field, keys, new, old)
        texts, names = new.texts()
        parts = texts + names
        for row in sorted(set(self._emails(parts))):
            self.add(EMAIL, new.field, keys[row])
        if self._lengths:
            self._numbers(looked, parts)
        if not new.field.is_number:
            self._values(looked, [part for part in texts if looked.is_changed(part[0])], new.field.is_kept)
            self._values(looked, names, True)

    def _emails(self, parts: list[TextPart]) -> Iterator[int]:
        held = [(row, part) for row, part in parts if personal_values.may_hold_email(part)]
        found = [(row, email) for row, part in held for email in personal_values.possible_emails(part)]
        return (found[place][0] for place in self._originals.emails.found([email for _, email in found]))

    def _numbers(self, looked: "_Looked", parts: list[TextPart]) -> None:
        long = [(row, part) for row, part in parts if len(part) >= personal_values.SHORTEST]
        held = [(row, part, run) for row, part in long for run in personal_values.runs(part)]
        found = [
            (row, part, window) for row, part, run in held for window in personal_values.windows(run, self._lengths)
        ]
        places, expected = self._originals.phones.looked_up([window for _, _, window in found])
        known = [found[place] for place in places]
        # in no UUID, that is
        hits = [(row, window) for row, part, window in known if personal_values.holds(part, window)]
        self._tell(PHONE, looked, hits, personal_values.holds, expected)

    def _values(self, looked: "_Looked", texts: list[TextPart], is_kept: bool) -> None:
        """is_kept: whether a value may be a part of a text that was never masked."""
        shortest = personal_values.SHORTEST_NAME if is_kept else personal_values.SHORTEST_VALUE
        long = [(row, text) for row, text in texts if len(text) >= shortest]
        found = [
            (row, part) for row, text in long for part in (phrases(text) if is_kept else (personal_values.words(text),))
        ]
        hits = [found[place] for place in self._originals.values.found([text for _, text in found])]
        self._tell(VALUE, looked, hits, _is_within, ALIKE * len(long))

    def _tell(
        self, check: str, looked: "_Looked", hits: list[TextPart], holds: Callable[[str, str], bool], expected: float
    ) -> None:
        """Divide what was found into what is left over and what may be chance."""
        one, keys = looked.field, looked.keys
        is_chancy = check != VALUE and (one.is_key or one.is_number)
        may_be_chance = not one.is_kept or is_chancy
        chance = self._chances.setdefault((check, one), Chance(check, one)) if may_be_chance else None
        left = {row for row, text in hits if chance is None or looked.had(row, text, holds)}
        for row in sorted(left):
            self.add(check, one, keys[row])
        if chance:
            chance.expected += expected
            for row in sorted({row for row, _ in hits} - left):
                chance.count.add(keys[row])


@dataclass(frozen=True)
class _Looked:
    """A column of a batch, and the originals of its cells, where rows are paired."""

    field: Field
    keys: Sequence[ShownKey]
    new: BatchColumn
    old: BatchColumn | None

    def is_changed(self, row: int) -> bool:
        """Whether the cell is not its original still, which would be a finding of its own."""
        return self.old is None or self.field.is_kept or self.new.cells[row] != self.old.cells[row]

    def had(self, row: int, text: str, holds: Callable[[str, str], bool]) -> bool:
        """Whether the row's own original holds the text."""
        if self.old is None:
            return False
        texts, names = BatchColumn(self.field, [self.old.cells[row]]).texts()
        return any(holds(part, text) for _, part in texts + names)
