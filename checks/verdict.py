"""The results of a verification, one for every planned check, and the verdict that follows from them.

Laws
- A check that was planned has exactly one result; one that was not executed is an ERROR, never a PASS.
- Results name rows by key and columns by name, and hold no value of a row.
- Only checks of severity critical close the gate, by FAIL and by ERROR alike.
- STALE neither passes nor fails: all that could be compared is equal, and rows written since could not be compared.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

CRITICAL, WARNING, INFO = "critical", "warning", "info"
PASS, FAIL, ERROR, STALE = "PASS", "FAIL", "ERROR", "STALE"
LEVELS = ("counts", "content", "full")
DELTA = "delta"  # of what the last rounds of a copy have touched, beside a full verification (checks.delta)
MAX_ROWS = 100  # named in one result; rows_total counts them all

Json = Mapping[str, Any]  # a result, a run or a part of one as JSON has it


@dataclass(frozen=True)
class Row:
    """One row that is wrong, or has changed. what: missing, unexpected, differs, breaks the rule; of a published schema
    also changed, added or gone since, and changed, added or gone in the source."""

    key: str
    what: str
    columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class Check:
    """One result. compared: how many rows (or objects) were looked at, on the side that has more.

    name: stable, unique within a verification, `<kind>/<table>[/<more>]`; what a waiver names.
    kind: balance, content, law, books, catalog, money, suite or seal.
    since: what was found of rows that were written since → how many of them.
    """

    name: str
    kind: str
    domain: str
    table: str | None
    title: str  # the rule, as a sentence
    status: str
    severity: str = CRITICAL
    compared: int = 0
    detail: str = ""  # what was found: counts and names
    rows: tuple[Row, ...] = ()
    rows_total: int = 0
    seconds: float = 0.0
    since: dict[str, int] = field(default_factory=dict)

    @property
    def is_closing(self) -> bool:
        return self.severity == CRITICAL and self.status in (FAIL, ERROR)


@dataclass(frozen=True)
class Change:
    """A table to which something was written since. side: source, target. then, now: rows; the others: how many."""

    side: str
    table: str
    then: int
    now: int
    changed: int
    added: int
    gone: int


@dataclass(frozen=True)
class Verdict:
    """All results of one verification. schema: the one that was judged; seconds: of the whole.

    changes: what could not be compared, by table.
    """

    run_id: str | None
    schema: str
    level: str
    sample: float | None  # per cent of the rows that were looked at; None: all
    checks: tuple[Check, ...]
    not_looked_at: tuple[str, ...] = ()
    seconds: float = 0.0
    changes: tuple[Change, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether nothing closes the gate, and at least one check was made."""
        return bool(self.checks) and not any(check.is_closing for check in self.checks)

    @property
    def is_whole(self) -> bool:
        """Whether everything was looked at: every check was made, of all rows, and none met what it cannot compare."""
        is_close = self.level == LEVELS[-1] and self.sample in (None, 100)
        return is_close and not any(check.status in (ERROR, STALE) for check in self.checks)

    def to_dict(self) -> dict[str, Any]:
        """passed, is_whole, counts by status, and every check as a dictionary: what reports are made of."""
        body = asdict(self)
        return body | {"passed": self.passed, "is_whole": self.is_whole, "counts": count(self.checks)}


def count(checks: Iterable[Check]) -> dict[str, int]:
    """Status → number of checks; every status stands there."""
    counts = dict.fromkeys((PASS, FAIL, ERROR, STALE), 0)
    for check in checks:
        counts[check.status] += 1
    return counts
