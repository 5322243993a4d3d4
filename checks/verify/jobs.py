"""The plan of a verification: every check as a job that needs one session on each side.

Laws
- The report lists what is planned; running the jobs decides nothing.
- A job names the tables that it reads on either side: drift in them may explain its findings (settling).
"""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

import psycopg

from checks.compare import comparison, content, together
from checks.compare import law_files as laws
from checks.compare.comparison import Comparison
from checks.compare.together import Together
from checks.laws import (
    account_settings,
    carried,
    gone_columns,
    owners,
    renamed_values,
    review_display,
    sums,
    within_target,
)
from checks.reading.connect import Work
from checks.reading.drift import Drift
from checks.reading.facts import Facts
from checks.run_books import balance, new_ids, notes, reasons, rejects
from checks.shape import judge, objects
from checks.verdict import ERROR, FAIL, PASS, STALE, Check, Row
from checks.verify import settling

UNMOVED = Drift()
FREE = {"catalog", "balance"}  # kinds of jobs that need no relation of a prelude


@dataclass(frozen=True)
class Job:
    """A planned check. work(source, target): its result; draft: name, kind, title and the like.

    of_source, of_target: the tables that it compares; of an archived one `legacy_archive.<table>`. is_settled: its
    result has regard to what was written since. compared: the comparison that it is.
    """

    draft: Check
    work: Work
    of_source: frozenset[str] = frozenset()
    of_target: frozenset[str] = frozenset()
    is_settled: bool = False
    compared: "Compared | None" = None

    @property
    def group(self) -> Together | None:
        """What is asked before it, and answers most of it."""
        return self.compared.group if self.compared else None


@dataclass(frozen=True)
class Standing:
    """The facts where only rows count that stand as they stood, and what queries are then put together with."""

    facts: Facts
    prelude: laws.Prelude


def prelude(facts: Facts, source: psycopg.Connection) -> laws.Prelude:
    """The relations that queries are put together with; what many of them join is asked once."""
    found = laws.Prelude(facts)
    evaluate(found, source)
    return found


def evaluate(prelude: laws.Prelude, source: psycopg.Connection) -> None:
    """Ask once for what many queries join, and spell it in none of them."""
    # where it fails, the checks that need it fail each for itself, and say so
    with contextlib.suppress(psycopg.DataError, psycopg.ProgrammingError), source.transaction():
        prelude.evaluate("professional", source)


def planned(
    facts: Facts,
    look: comparison.Look,
    prelude: laws.Prelude,
    drift: Drift = UNMOVED,
    kept: Standing | None = None,
) -> list[Job]:
    """Every check of this level, for this database. kept: given where something was written since."""
    stood = {one.name: one for one in comparisons(kept.facts, kept.prelude)} if kept else {}
    compared = comparisons(facts, prelude)
    groups = together.groups(compared, prelude, look)
    return [
        *(Compared(one, stood.get(one.name), look, drift, groups.get(one.name)).job() for one in compared),
        *(() if look.counts_only else ruled(facts, prelude, drift, kept)),
        *(shaped(facts, *one) for one in objects.jobs(facts)),
        *(Job(*one) for one in balance.jobs(facts)),
        *(() if look.counts_only else booked(facts, prelude)),
    ]


def comparisons(facts: Facts, prelude: laws.Prelude) -> list[Comparison]:
    """All comparisons across the two databases."""
    return [
        *content.comparisons(facts, prelude),
        *laws.comparisons(facts, prelude),
        *renamed_values.comparisons(facts),
        *owners.comparisons(facts, prelude),
        *account_settings.comparisons(facts, prelude),
        *carried.comparisons(facts, prelude),
        *review_display.comparisons(facts, prelude),
        *gone_columns.comparisons(facts),
        *sums.comparisons(facts),
    ]


def shaped(facts: Facts, draft: Check, work: Work) -> Job:
    """Sequences are held to rows, and to the legacy ones, which may have gone on."""
    if draft.name != judge.SEQUENCES:
        return Job(draft, work)
    return Job(draft, work, frozenset(facts.source.tables), frozenset(facts.target.tables))


def booked(facts: Facts, prelude: laws.Prelude) -> Iterator[Job]:
    """What the run has written down of single rows."""
    for one in [
        *rejects.jobs(facts), *reasons.jobs(facts, prelude), *notes.jobs(facts, prelude), *new_ids.jobs(facts),
    ]:  # fmt: skip
        yield Job(*one)


def ruled(facts: Facts, prelude: laws.Prelude, drift: Drift = UNMOVED, kept: Standing | None = None) -> Iterator[Job]:
    """The laws within the target."""
    for law in laws.planned(facts):
        draft = Check(laws.name_of(law), "law", law.domain, law.table, law.title, ERROR, law.severity)
        if law.holds or law.derived:
            of_source, of_target = prelude.of_source(law.source)[1], prelude.of_target(law.holds or law.derived)[1]
            looks = [_looking(law, each) for each in (prelude, *([kept.prelude] if kept else []))]
            excuse = partial(_excuse, drift, of_source, of_target)
            yield Job(draft, partial(_looked_at, draft, looks, excuse), of_source, of_target, is_settled=True)


LawLook = Callable[[psycopg.Connection, psycopg.Connection], tuple[int, int, tuple[Row, ...]]]


def _looking(law: laws.Law, prelude: laws.Prelude) -> LawLook:
    """How a law within the target looks: (rows looked at, rows that break it, the first of these)."""
    query = prelude.of_target(law.holds or law.derived)[0]
    named = prelude.of_source(law.source)[0]  # the names, where only the source knows them

    def look(source: psycopg.Connection, target: psycopg.Connection) -> tuple[int, int, tuple[Row, ...]]:
        if law.holds:
            return within_target.held(target, query)
        return within_target.derived(target, query, names=(source, named) if named else None)

    return look


def _excuse(drift: Drift, of_source: frozenset[str], of_target: frozenset[str]) -> str:
    """What a finding may be due to: nothing, later rows alone, or rows that are gone or changed, too."""
    if not settling.changed(drift, of_source, of_target):
        return ""
    has_lost = drift.source.moved(of_source) or (drift.target.lost(of_target) and len(of_target) > 1)
    return "lost" if has_lost else "later"


def _looked_at(
    draft: Check,
    looks: list[LawLook],
    excuse: Callable[[], str],
    source: psycopg.Connection,
    target: psycopg.Connection,
) -> Check:
    """A law that is broken is asked again of the rows that stand as they stood, where these alone can tell."""
    compared, broken, rows = looks[0](source, target)
    why = excuse() if broken else ""
    if not why:
        detail = f"{broken:,} of {compared:,} rows break the rule" if broken else f"{compared:,} rows keep the rule"
        return replace(draft, status=FAIL if broken else PASS, compared=compared, rows=rows, rows_total=broken,
                       detail=detail)  # fmt: skip
    _, unexcused, named = looks[1](source, target) if why == "later" else (0, 0, ())
    if unexcused:
        detail = f"{unexcused:,} of {compared:,} rows break the rule as they stood when the build was verified"
        return replace(draft, status=FAIL, compared=compared, rows=named, rows_total=unexcused, detail=detail)
    detail = f"could not be judged: {broken:,} of {compared:,} rows break the rule now, in tables written to since"
    since = {comparison.CHANGED: broken}
    return replace(draft, status=STALE, compared=compared, rows=rows, rows_total=broken, since=since, detail=detail)


class Compared:
    """A comparison. All of them are settled together: rows gone from one table may explain another's findings."""

    def __init__(
        self,
        one: Comparison,
        kept: Comparison | None,
        look: comparison.Look,
        drift: Drift,
        group: Together | None = None,
    ):
        self._one, self._kept, self._look, self._drift = one, kept, look, drift
        self.group = group
        self.found: list[tuple[Comparison, comparison.Difference]] = []

    def job(self) -> Job:
        one = self._one
        draft = Check(one.name, one.kind, one.domain, one.table, one.title, ERROR, one.severity)
        return Job(draft, partial(self._work, draft), one.of_source, one.of_target, True, self)

    def _work(self, draft: Check, source: psycopg.Connection, target: psycopg.Connection) -> Check:
        is_moved = settling.changed(self._drift, self._one.of_source, self._one.of_target)
        known = self.group.of(self._one.name) if self.group else None
        found = comparison.compare(self._one, source, target, self._look, self._kept if is_moved else None, known)
        self.found.append((self._one, found))
        return replace(draft, status=PASS)

    @property
    def whole(self) -> list[tuple[Comparison, comparison.Difference]]:
        """What was found of all rows; nothing, where only some were compared."""
        return self.found if self._look.share == 1 and not self._look.counts_only else []

    def settled(self, check: Check, gone: settling.Gone) -> Check:
        """The settled result; an error stays one."""
        if not self.found or check.status != PASS:
            return check
        return settling.judged(check, *self.found[0], self._drift, gone, self._look.counts_only)
