"""The result of a scan of a staging copy: what was compared, and which values of the source the copy still holds.

Laws
- It holds tables, columns, keys and counts, never a value of a row; parts of a key that can hold one are shown as `…`.
- A scan that compared nothing has not passed.
- A remark is no fault: it is about what chance explains, what could not be proved, or what is kept without being asked.
"""

import json
import re
from dataclasses import asdict, dataclass
from typing import Any

from config import origins

MOST_KEYS = 20  # shown of one finding; cells counts them all
UNMASKED, EMAIL, PHONE, VALUE, NOT_COMPARED = "unmasked", "email", "phone", "value", "not compared"
DEFINITION = "definition"
CHANCE, UNPROVED, KEPT, UNSEARCHED = "chance", "unproved", "kept", "unsearched"
MASKS = origins.shown(origins.MASKS)  # chosen for the process, before anything is scanned


@dataclass(frozen=True)
class ComparedColumn:
    """One masked column. how: by key, as a set or null; cells: how many were held against an original."""

    table: str
    column: str
    kind: str
    how: str
    cells: int


@dataclass(frozen=True)
class Finding:
    """Something that must not be. check: unmasked, email, phone, value, not compared or definition; cells: how many.

    table: of a definition the object that it is of.
    """

    check: str
    table: str
    column: str
    cells: int
    detail: str
    remedy: str
    keys: tuple[str, ...] = ()


@dataclass(frozen=True)
class Remark:
    """Something short of a finding: unproved, chance, unsearched or, for each rule that keeps texts, kept."""

    check: str
    table: str
    column: str
    cells: int
    detail: str


@dataclass(frozen=True)
class Scan:
    """searched: columns of the copy in which leftovers were looked for, cells: how many cells of them; definitions: how
    many of their texts; rows: of the copy; originals: how many addresses, numbers and values of the source were looked
    for."""

    copy_id: str
    schema: str
    compared: tuple[ComparedColumn, ...]
    tables: int
    rows: int
    searched: int
    cells: int
    definitions: int
    originals: dict[str, int]
    findings: tuple[Finding, ...]
    remarks: tuple[Remark, ...] = ()
    seconds: float = 0.0

    @property
    def passed(self) -> bool:
        """Whether something was compared, and nothing found."""
        return bool(self.compared) and not self.findings

    def to_dict(self) -> dict[str, Any]:
        return asdict(self) | {"passed": self.passed}


def rule(table: str, column: str, kind: str) -> str:
    """The lines that mask a column."""
    return f"[tables.{_bare(table)}] {_bare(column)} = {json.dumps(kind)} in {MASKS}"


def _bare(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else json.dumps(name, ensure_ascii=False)
