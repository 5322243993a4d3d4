"""The plan of a verification: every check that is to be made, as a job that two sessions can do.

Laws
- What is planned is what the report lists; whoever makes the jobs decides nothing.
- A job says which tables it reads on either side: where one of them has changed since, it is stale.
"""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

import psycopg

from checks import (
    balance,
    carried,
    comparison,
    content,
    display_law,
    laws,
    left_behind,
    money,
    new_ids,
    notes,
    objects,
    overruled,
    owners,
    reasons,
    rejects,
    rules,
    settings_law,
)
from checks.comparison import Comparison
from checks.facts import Facts
from checks.verdict import ERROR, FAIL, PASS, Check


@dataclass(frozen=True)
class Job:
    """A planned check. work(source, target): its result; draft: name, kind, title and the like.

    of_source, of_target: the tables that it compares; of an archived one `legacy_archive.<table>`.
    """

    draft: Check
    work: Callable[[psycopg.Connection, psycopg.Connection], Check]
    of_source: frozenset[str] = frozenset()
    of_target: frozenset[str] = frozenset()


def prelude(facts: Facts, source: psycopg.Connection) -> laws.Prelude:
    """The relations that queries are put together with; what many of them join is asked once."""
    found = laws.Prelude(facts)
    # where it fails, the checks that need it fail each for itself, and say so
    with contextlib.suppress(psycopg.DataError, psycopg.ProgrammingError), source.transaction():
        found.evaluate("professional", source)
    return found


def planned(facts: Facts, look: comparison.Look, prelude: laws.Prelude) -> list[Job]:
    """Every check of this level, for this database."""
    return [
        *(_compared(one, look) for one in comparisons(facts, prelude)),
        *(() if look.counts_only else _ruled(facts, prelude)),
        *(Job(*one) for one in objects.jobs(facts)),
        *(Job(*one) for one in balance.jobs(facts)),
        *(() if look.counts_only else _booked(facts, prelude)),
    ]


def comparisons(facts: Facts, prelude: laws.Prelude) -> list[Comparison]:
    """Everything that is compared across the two databases."""
    return [
        *content.comparisons(facts, prelude),
        *laws.comparisons(facts, prelude),
        *overruled.comparisons(facts),
        *owners.comparisons(facts, prelude),
        *settings_law.comparisons(facts, prelude),
        *carried.comparisons(facts, prelude),
        *display_law.comparisons(facts, prelude),
        *left_behind.comparisons(facts),
        *money.comparisons(facts),
    ]


def _booked(facts: Facts, prelude: laws.Prelude) -> Iterator[Job]:
    """What the run has written down of single rows."""
    for one in [
        *rejects.jobs(facts), *reasons.jobs(facts, prelude), *notes.jobs(facts, prelude), *new_ids.jobs(facts),
    ]:  # fmt: skip
        yield Job(*one)


def _ruled(facts: Facts, prelude: laws.Prelude) -> Iterator[Job]:
    """The laws within the target."""
    for law in laws.planned(facts):
        draft = Check(laws.name_of(law), "law", law.domain, law.table, law.title, ERROR, law.severity)
        if law.holds:
            query, tables = prelude.of_target(law.holds)
            yield Job(draft, partial(_looked_at, draft, rules.held, query), of_target=tables)
        if law.derived:
            (named, of_source), (query, tables) = prelude.of_source(law.source), prelude.of_target(law.derived)
            yield Job(draft, partial(_derived, draft, named, query), of_source, tables)


def _derived(draft: Check, named: str, query: str, source: psycopg.Connection, target) -> Check:
    """named: the query of the names, where only the source knows them."""
    names = dict(source.execute(named).fetchall()) if named else None
    return _looked_at(draft, partial(rules.derived, names=names), query, source, target)


def _looked_at(draft: Check, look: Callable, query: str, source: psycopg.Connection, target) -> Check:
    compared, broken, rows = look(target, query)
    detail = f"{broken:,} of {compared:,} rows break the rule" if broken else f"{compared:,} rows keep the rule"
    status = FAIL if broken else PASS
    return replace(draft, status=status, compared=compared, rows=rows, rows_total=broken, detail=detail)


def _compared(one: Comparison, look: comparison.Look) -> Job:
    draft = Check(one.name, one.kind, one.domain, one.table, one.title, ERROR, one.severity)

    def work(source: psycopg.Connection, target: psycopg.Connection) -> Check:
        found = comparison.compare(one, source, target, look)
        return replace(
            draft, status=FAIL if found.ranges else PASS, compared=found.compared, rows=found.rows,
            rows_total=found.rows_total, detail=_told(found, look),
        )  # fmt: skip

    return Job(draft, work, one.of_source, one.of_target)


def _told(found: comparison.Difference, look: comparison.Look) -> str:
    if look.counts_only:
        is_same = found.source_rows == found.target_rows
        return f"{found.source_rows:,} rows expected, {'as many' if is_same else f'{found.target_rows:,}'} there"
    if not found.ranges:
        return f"{found.compared:,} rows agree"
    more = "" if found.is_whole else f" in the first {comparison.SHOWN_RANGES} of {found.ranges} key ranges that differ"
    return f"{found.rows_total:,} of {found.compared:,} rows differ{more}"
