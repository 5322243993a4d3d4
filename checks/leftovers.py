"""Looks for the source's addresses, numbers and names in every text of the copy, one column of one batch at a time.

Laws
- An original address is a finding wherever it stands. An original number, or a whole original value, is one where the
  column is not masked.
- A masked number may by chance be somebody else's: in a masked column a number counts as left over where the row's own
  original has it too, else as chance; so it does in a key, which is not masked. More chance than there can be is a
  finding: that is how values that only changed places are found.
- A whole value in a key or a reference is none: those are never masked, and what names people must not be one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from checks import cells, traces
from checks.masked import Field
from checks.originals import SHORTEST_VALUE, Originals
from checks.scanned import EMAIL, MOST_KEYS, PHONE, VALUE

UNLIKELY = 0.001  # expected chances of a column, below which a single one is none
FEW = 3


@dataclass
class Count:
    """Cells, and the keys of the first of them."""

    cells: int = 0
    keys: list[str] = field(default_factory=list)

    def add(self, key: str) -> None:
        self.cells += 1
        if len(self.keys) < MOST_KEYS:
            self.keys.append(key)


@dataclass
class Chance:
    """Numbers of one column that are somebody else's. expected: how many there are of such by chance."""

    field: Field
    count: Count = field(default_factory=Count)
    expected: float = 0.0

    @property
    def is_likely(self) -> bool:
        return self.count.cells <= self._most

    @property
    def _most(self) -> float:
        if self.field.kind != "phone" and self.expected < UNLIKELY:
            return 0
        return most(self.expected)


def most(expected: float) -> float:
    """More than this is no chance."""
    return max(FEW, 10 * expected)


class Search:
    """found: (check, field) → cells; chances: by field; cells: how many were searched."""

    def __init__(self, originals: Originals):
        self._originals = originals
        self._lengths, self._density = originals.lengths, originals.density()
        self.found: dict[tuple[str, Field], Count] = {}
        self.chances: dict[Field, Chance] = {}
        self.cells = 0

    def look(self, one: Field, keys: Sequence[str], new: Sequence, old: Sequence | None = None) -> None:
        """Search a column. old: the originals of its cells, where rows are paired."""
        parts = [(row, part) for row, cell in enumerate(new) if cell for part in cells.parts(one, cell)]
        self.cells += len(new)
        for row in self._emails(parts):
            self.add(EMAIL, one, keys[row])
        for row in self._values(parts) if not one.kind and not one.is_key else ():
            self.add(VALUE, one, keys[row])
        if self._lengths:
            self._phones(one, keys, parts, old)

    def add(self, check: str, one: Field, key: str) -> None:
        self.found.setdefault((check, one), Count()).add(key)

    def _emails(self, parts: list[tuple[int, str]]) -> list[int]:
        held = [(row, part) for row, part in parts if traces.may_hold_email(part)]
        found = [(row, email) for row, part in held for email in traces.possible_emails(part)]
        return _rows(found, self._originals.emails.found([email for _, email in found]))

    def _values(self, parts: list[tuple[int, str]]) -> list[int]:
        long = [(row, part) for row, part in parts if len(part) >= SHORTEST_VALUE]
        return _rows(long, self._originals.values.found([part for _, part in long]))

    def _phones(self, one: Field, keys: Sequence[str], parts: list[tuple[int, str]], old: Sequence | None) -> None:
        found = [(row, part, window) for row, part in parts for window in self._windows(part)]
        if not found:
            return
        chance = self.chances.setdefault(one, Chance(one))
        chance.expected += sum(self._density[len(window)] for _, _, window in found)
        left, others = set(), set()
        for row, window in self._known(found):
            is_own = old is not None and any(traces.holds(text, window) for text in cells.parts(one, old[row]))
            is_chance = not is_own if one.kind else one.is_key
            (others if is_chance else left).add(row)
        for row in sorted(left):
            self.add(PHONE, one, keys[row])
        for row in sorted(others - left):
            chance.count.add(keys[row])

    def _windows(self, part: str) -> Iterator[str]:
        for run in traces.runs(part):
            yield from traces.windows(run, self._lengths)

    def _known(self, found: list[tuple[int, str, str]]) -> Iterator[tuple[int, str]]:
        """Rows and those windows that are somebody's number, and no part of a UUID or a hash."""
        for length, hashes in self._originals.phones.items():
            sized = [one for one in found if len(one[2]) == length]
            for place in hashes.found([window for _, _, window in sized]):
                row, part, window = sized[place]
                if traces.holds(part, window):
                    yield row, window


def _rows(found: list[tuple[int, str]], places: list[int]) -> list[int]:
    """The rows of these places, each once."""
    return sorted({found[place][0] for place in places})
