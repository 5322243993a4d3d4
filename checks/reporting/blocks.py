"""What a report's parts are made of, apart from how they look: text, lines, steps, tables, findings, drawings.

Law: a table has no column that is blank in every row; `slim` leaves such columns out.
"""

from dataclasses import dataclass, replace
from typing import Any

from checks.verdict import Json

Cells = tuple[Any, ...]  # of a row, plain values
BLANK = (None, "")


@dataclass(frozen=True)
class Text:
    text: str


@dataclass(frozen=True)
class Verbatim:
    """Lines to be shown, or copied, as they are."""

    lines: tuple[str, ...]


@dataclass(frozen=True)
class Steps:
    """What to do, in order: text, and commands."""

    steps: tuple[Json, ...]


@dataclass(frozen=True)
class TableBlock:
    """name: what it lists, for its caption. total: a last row that sums up the others.

    One of more than fold_after rows is folded where that can be done, so that the page stays one that can be read.
    """

    name: str
    head: tuple[str, ...]
    rows: tuple[Cells, ...]
    total: Cells | None = None
    fold_after: int = 15

    @property
    def is_long(self) -> bool:
        return len(self.rows) > self.fold_after


@dataclass(frozen=True)
class FindingBlock:
    """One check that did not pass, with the rows that it names."""

    check: Json
    rows: TableBlock | None
    more: int  # rows that are not named


@dataclass(frozen=True)
class Chart:
    """outcomes (rows by outcome, per table), timings, rounds or pause. Where a renderer draws none, the table says the
    same."""

    name: str
    table: TableBlock


def slim(block: "Block") -> "Block":
    """The block without columns of its tables that say nothing; the first one, a row's name, stays."""
    match block:
        case TableBlock():
            return slim_table(block)
        case Chart():
            return replace(block, table=slim_table(block.table))
        case FindingBlock(rows=TableBlock() as rows):
            return replace(block, rows=slim_table(rows))
    return block


def slim_table(table: TableBlock) -> TableBlock:
    kept = [at for at in range(len(table.head)) if not at or any(row[at] not in BLANK for row in table.rows)]
    if not table.rows or len(kept) == len(table.head):
        return table
    head, *rows = ([row[at] for at in kept] for row in (table.head, *table.rows))
    total = tuple(table.total[at] for at in kept) if table.total else None
    return replace(table, head=tuple(head), rows=tuple(map(tuple, rows)), total=total)


Block = Text | Verbatim | Steps | TableBlock | FindingBlock | Chart
