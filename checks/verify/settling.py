"""Settles findings about a published schema: those that drift in their tables may explain become STALE.

Laws
- A finding counts against the migration, unless a row that was written since, or is gone, may be its cause; then it is
  STALE: something could not be compared.
- A change in the archive, or in the run's books about single rows, is a fault, for nobody may write there.
- No more rows are taken for gone from a table than it has lost since it was sealed, or read.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from checks.compare.comparison import (
    ADDED,
    CHANGED,
    DIFFERS,
    GONE,
    GONE_IN_SOURCE,
    MISSING,
    NEW_IN_SOURCE,
    OF_SOURCE,
    UNEXPECTED,
    Comparison,
    Difference,
)
from checks.reading.drift import Drift, Side
from checks.verdict import ERROR, FAIL, PASS, STALE, Change, Check

# What no row that is written makes of an object of the catalogue.
NEVER_LATER = {DIFFERS, MISSING, UNEXPECTED, "behind"}
OURS = (DIFFERS, MISSING, UNEXPECTED)
LATER = (GONE, GONE_IN_SOURCE, CHANGED, OF_SOURCE, ADDED, NEW_IN_SOURCE)


@dataclass(frozen=True)
class Gone:
    """Tables that rows may be gone from, in the source and in the target: all that have lost some, and of which no
    comparison proves that these were merely changed."""

    source: frozenset[str]
    target: frozenset[str]


def gone(drift: Drift, found: Iterable[tuple[Comparison, Difference]]) -> Gone:
    """The tables that rows may be gone from, by the findings of all comparisons."""
    added: dict[tuple[str, str], list[int]] = defaultdict(list)
    for one, what in found:
        if one.is_by_row and one.table in one.of_target:
            added["target", one.table].append(what.counts[ADDED])
        if one.is_by_row and len(one.of_source) == 1:
            (table,) = one.of_source
            added["source", table].append(what.counts[NEW_IN_SOURCE])
    return Gone(_gone("source", drift.source, added), _gone("target", drift.target, added))


def _gone(name: str, side: Side, added: Mapping[tuple[str, str], list[int]]) -> frozenset[str]:
    """As many rows are gone as there were more than now, and as many more as were added."""
    counts = {table: max(added[name, table], default=None) for table in side.lost(side.tables)}
    return frozenset(
        table for table, n in counts.items() if n is None or side.tables[table].were - side.tables[table].now + n > 0
    )


def judged(draft: Check, one: Comparison, found: Difference, drift: Drift, gone: Gone, is_counted: bool) -> Check:
    """The result of a comparison. is_counted: rows were counted, none was compared."""
    excused = _excused(one, found, drift, gone, is_counted)
    counts: Counter[str] = Counter()
    named: dict[str, list[str]] = defaultdict(list)
    for what, number in found.counts.items():
        counts[excused.get(what, what)] += number
        named[excused.get(what, what)] += found.named.get(what, [])
    ours, later = (sum(counts[what] for what in whats) for whats in (OURS, LATER))
    return replace(
        draft, status=FAIL if ours else STALE if later else PASS, compared=found.compared,
        since={what: counts[what] for what in LATER if counts[what]},
        rows=replace(found, named=named).rows(OURS if ours else LATER), rows_total=ours or later,
        detail=_counted(found) if is_counted else _told(found.compared, ours, counts),
    )  # fmt: skip


def _excused(one: Comparison, found: Difference, drift: Drift, gone: Gone, is_counted: bool) -> dict[str, str]:
    """What is wrong with rows that nobody has touched, and that what is gone explains → what it is called then."""
    target = _Explains(one, drift.target, one.of_target, gone.target)
    source = _Explains(one, drift.source, one.of_source, gone.source)
    if is_counted:
        return {DIFFERS: CHANGED} if target.is_moved or source.is_moved else {}
    excused = {}
    if target.can_lack(found.counts[MISSING], found.counts[CHANGED]) or source.can_differ:
        excused[MISSING] = GONE
    if source.can_lack(found.counts[UNEXPECTED], found.counts[OF_SOURCE]) or target.can_differ:
        excused[UNEXPECTED] = GONE_IN_SOURCE if source.has_lost else CHANGED
    if target.can_differ or source.can_differ:
        excused[DIFFERS] = CHANGED if target.can_differ else OF_SOURCE
    return excused


class _Explains:
    """What a side's lost rows explain of one comparison."""

    def __init__(self, one: Comparison, side: Side, tables: frozenset[str], gone: frozenset[str]):
        self.is_moved, lost = bool(side.moved(tables)), side.lost(tables)
        self.has_lost, self._lost = bool(lost), sum(side.tables[name].lost for name in lost)
        self._is_by_row, self._has_gone = one.is_by_row and len(tables) == 1, bool(tables & gone)

    @property
    def can_differ(self) -> bool:
        """Whether an unchanged row may give another result because of a changed row that it is joined or summed
        with."""
        return self._has_gone and not self._is_by_row

    def can_lack(self, rows: int, changed: int) -> bool:
        """Whether so many of the lost rows may have been deleted, and not merely changed."""
        return self.has_lost and (not self._is_by_row or rows <= self._lost - changed)


def settled(check: Check, drift: Drift, of_source: Iterable[str], of_target: Iterable[str], is_data: bool) -> Check:
    """The result of a check that looks at tables as they are now. is_data: an ERROR is of values, not of the query."""
    if any(row.what in NEVER_LATER for row in check.rows if check.kind == "catalog"):
        return check
    why = changed(drift, of_source, of_target)
    if not why or not (check.status == FAIL or (check.status == ERROR and is_data)):
        return check
    return replace(check, status=STALE, detail=f"{check.detail}; written to since: {', '.join(why)}")


def changed(drift: Drift, of_source: Iterable[str], of_target: Iterable[str]) -> list[str]:
    """The tables among these that were written to since, in words."""
    found = [f"{name} in the source" for name in drift.source.moved(of_source)]
    return found + [f"{name} in the target" for name in drift.target.moved(of_target)]


def _counted(found: Difference) -> str:
    is_same = found.source_rows == found.target_rows
    return f"{found.source_rows:,} rows expected, {'as many' if is_same else f'{found.target_rows:,}'} there"


def _told(compared: int, ours: int, later: Mapping[str, int]) -> str:
    listed = ", ".join(f"{later[what]:,} {what}" for what in LATER if later.get(what))
    if ours:
        return f"{ours:,} of {compared:,} rows differ" + (f"; beside them {listed}" if listed else "")
    if listed:
        return f"could not be compared: {listed}; all others of {compared:,} rows agree"
    return f"{compared:,} rows agree"


def changes(name: str, side: Side, checks: Iterable[Check], read: Mapping[str, frozenset[str]]) -> Iterator[Change]:
    """The tables of one side of which something could not be compared. read: a check's name → the tables it reads."""
    stale = [check for check in checks if check.status == STALE]
    of_checks = {check.name: read.get(check.name, frozenset(filter(None, [check.table]))) for check in stale}
    for table in side.moved(set().union(*of_checks.values())):
        yield _change(name, side, table, [check for check in stale if of_checks[check.name] == {table}])


def _change(name: str, side: Side, table: str, about: Iterable[Check]) -> Change:
    """about: checks of this table alone, which tell what is gone where as much was added."""
    moved, what = side.tables[table], GONE if name == "target" else GONE_IN_SOURCE
    more = ADDED if name == "target" else NEW_IN_SOURCE
    added = max((check.since.get(more, 0) for check in about), default=0)
    told = max((check.since.get(what, 0) for check in about), default=0)
    gone = min(max(moved.were - moved.now + added, told, 0), moved.lost)
    added = moved.now - moved.were + gone
    return Change(name, table, moved.were, moved.now, moved.written - added, added, gone)
