"""How each table is copied: which column gets which mask, and what to do if a masked value is refused."""

import itertools
from collections.abc import Callable, Iterable

from config import masks as masking
from engine.reflect.catalog import LegacyTable
from engine.staging import fillers, rows
from engine.staging.columns import Choice
from engine.staging.rows import Lane
from transforms.masks import Masker


def of(tables: Iterable[LegacyTable], choices: Iterable[Choice], key: bytes) -> dict[str, Lane]:
    """Table → lane. key: what the masks are derived from."""
    chosen = {(choice.table, choice.column): choice for choice in choices if choice.is_masked}
    masks = _Masks(key)
    return {table.name: Lane(table, _places(table, chosen, masks)) for table in tables}


def _places(table: LegacyTable, chosen: dict[tuple[str, str], Choice], masks: "_Masks") -> dict[int, rows.Mask | None]:
    names = enumerate(rows.carried(table))
    masked = ((place, chosen.get((table.name, name))) for place, name in names)
    return {place: masks.of(choice) for place, choice in masked if choice}


class _Masks:
    """Columns that are masked alike share a mask, and what it remembers."""

    def __init__(self, key: bytes):
        self._masker = Masker(key)
        self._made: dict[tuple[str, int | None, bool], rows.Mask] = {}

    def of(self, choice: Choice) -> rows.Mask | None:
        """The mask of COPY's own text; None for NULL."""
        if choice.kind in ("null", "constant", "numbered"):
            if choice.filler is None:
                return None
            return _counted(choice.filler) if choice.kind == "numbered" else _constant(choice.filler)
        alike = choice.kind, choice.limit, choice.is_array
        if alike not in self._made:
            function = self._masker.array if choice.is_array else self._masker.function
            self._made[alike] = rows.of_field(function(choice.kind, choice.limit))
        return self._made[alike]


def _constant(text: str) -> Callable[[bytes], bytes]:
    field = text.translate(rows.ESCAPE).encode()
    return lambda _: field


def _counted(template: str) -> Callable[[bytes], bytes]:
    """A value of its own for each row; threads may share it."""
    numbers = itertools.count(1)
    return lambda _: template.replace(fillers.NUMBERED, str(next(numbers))).translate(rows.ESCAPE).encode()


def hints(tables: Iterable[LegacyTable], choices: Iterable[Choice]) -> dict[str, str]:
    """Constraint or index over a masked column → what to do if the copy's rows do not satisfy it."""
    masked = {(choice.table, choice.column) for choice in choices if choice.is_masked}
    found = {}
    for table in tables:
        for thing in table.shape.objects:
            if names := [name for name in thing.columns if (table.name, name) in masked]:
                found[thing.name] = (
                    f'the masks of {", ".join(names)} may be why; say {names[0]} = "null" (or "keep", if it holds '
                    f"nothing of anybody) under [tables.{table.name}] in {masking.shown()}"
                )
    return found
