"""What a writer has written, as the server acknowledged it, and how long it had to wait.

Laws
- Keys stay in memory, and stand in no text of an object: they may name a person.
- A write whose acknowledgement was lost with its session is neither acknowledged nor refused: it is doubtful.
- What is kept is bounded; what was forgotten is counted.
"""

import heapq
import threading
from collections import Counter, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

KEPT, LONGEST = 500_000, 10
# Classes of errors by which a database refuses a row, whoever holds what: no concern of a cut-over.
REFUSING = ("22", "23", "44", "P0001")


class Key(NamedTuple):
    """A row's primary key: each column as text, and all of it as the books write it. Without columns it has none."""

    columns: tuple[str, ...]
    text: str

    def __repr__(self) -> str:
        return f"Key of {len(self.columns)} columns"


class Acknowledged(NamedTuple):
    """One write that was committed. kind: insert, update or delete; at: when its writer knew."""

    table: str
    kind: str
    key: Key
    xid: int
    at: datetime


@dataclass(frozen=True)
class Stall:
    """A transaction that took its time. ended: `acknowledged`, or the SQLSTATE that ended it."""

    began: datetime
    seconds: float
    table: str
    ended: str


@dataclass(frozen=True)
class Written:
    """What was written. by_kind: kind → rows acknowledged. forgotten: acknowledged writes that are not kept.

    stalls: the longest transactions, the longest first; gap: seconds for which no writer was acknowledged anything.
    errors: SQLSTATE → transactions that failed of it; refused: the same of what constraints and triggers refuse, which
    has nothing to do with a cut-over. doubtful: transactions whose end nobody knows. sessions: that wrote at once.
    """

    began: datetime
    seconds: float
    sessions: int
    transactions: int
    by_kind: Mapping[str, int]
    by_table: Mapping[str, int]
    stalls: tuple[Stall, ...]
    gap: float
    errors: Mapping[str, int]
    refused: Mapping[str, int]
    doubtful: int
    forgotten: int
    acknowledged: tuple[Acknowledged, ...] = field(repr=False)

    @property
    def longest(self) -> float:
        """The longest wait of one transaction, in seconds: the pause, as a writer sees it."""
        return self.stalls[0].seconds if self.stalls else 0.0

    @property
    def rate(self) -> float:
        """Transactions acknowledged a second."""
        return self.transactions / self.seconds if self.seconds else 0.0

    def to_dict(self) -> dict[str, Any]:
        """Figures alone, for reports and JSON."""
        return {
            "began": self.began.isoformat(),
            "seconds": round(self.seconds, 3),
            "sessions": self.sessions,
            "transactions": self.transactions,
            "rate": round(self.rate, 1),
            "written": dict(self.by_kind),
            "longest_wait": round(self.longest, 3),
            "gap": round(self.gap, 3),
            "errors": dict(self.errors),
            "refused": dict(self.refused),
            "doubtful": self.doubtful,
        }


class Log:
    """What several sessions tell of their transactions. Thread-safe."""

    def __init__(self, sessions: int, kept: int = KEPT):
        self._lock, self._sessions = threading.Lock(), sessions
        self.began = self._last = datetime.now(UTC)
        self._ended: datetime | None = None
        self._number = 0
        self._kept: deque[Acknowledged] = deque(maxlen=kept)
        self._told, self._doubtful, self._transactions, self._gap = 0, 0, 0, 0.0
        self._kinds: Counter[str] = Counter()
        self._tables: Counter[str] = Counter()
        self._errors: Counter[str] = Counter()
        self._refused: Counter[str] = Counter()
        self._stalls: list[tuple[float, int, Stall]] = []  # a heap, the shortest first

    def acknowledge(self, began: datetime, writes: Iterable[tuple[str, str, Key, int]]) -> None:
        """A transaction was committed. writes: table, kind, key, transaction id."""
        now, found = datetime.now(UTC), list(writes)
        with self._lock:
            self._kept.extend(Acknowledged(*each, now) for each in found)
            self._kinds.update(kind for _, kind, _, _ in found)
            self._tables.update(table for table, _, _, _ in found)
            self._told += len(found)
            self._transactions += 1
            self._see_gap(now)
            self._last = now
            self._keep_stall(Stall(began, (now - began).total_seconds(), found[0][0] if found else "", "acknowledged"))

    def fail(self, began: datetime, table: str, sqlstate: str, is_doubtful: bool) -> None:
        """A transaction failed; or, if that is doubtful, nobody knows."""
        now = datetime.now(UTC)
        with self._lock:
            (self._refused if sqlstate.startswith(REFUSING) else self._errors)[sqlstate] += 1
            self._doubtful += is_doubtful
            self._keep_stall(Stall(began, (now - began).total_seconds(), table, sqlstate))

    def _see_gap(self, now: datetime) -> None:
        self._gap = max(self._gap, (now - self._last).total_seconds())

    def _keep_stall(self, stall: Stall) -> None:
        self._number += 1
        push = heapq.heappush if len(self._stalls) < LONGEST else heapq.heappushpop
        push(self._stalls, (stall.seconds, self._number, stall))

    def end(self) -> None:
        """Nothing more is written."""
        self._ended = self._ended or datetime.now(UTC)

    def written(self) -> Written:
        """All of it so far."""
        with self._lock:
            now = self._ended or datetime.now(UTC)
            self._see_gap(now)
            return Written(
                began=self.began,
                seconds=(now - self.began).total_seconds(),
                sessions=self._sessions,
                transactions=self._transactions,
                by_kind=dict(self._kinds),
                by_table=dict(self._tables),
                stalls=tuple(stall for _, _, stall in sorted(self._stalls, reverse=True)),
                gap=self._gap,
                errors=dict(self._errors),
                refused=dict(self._refused),
                doubtful=self._doubtful,
                forgotten=self._told - len(self._kept),
                acknowledged=tuple(self._kept),
            )
