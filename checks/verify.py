"""The verification: everything that is checked of one run, in its build before the publish or of what is published.

Laws
- What is to be checked is planned first; every planned check has a result, and one that could not be made is an ERROR.
- Both databases are only read; within a run the source is read in the run's own snapshot.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial

import psycopg

from checks import addresses, books, catalog, comparison, connect, content, laws, objects, owners, rules
from checks.comparison import Comparison
from checks.facts import Facts
from checks.verdict import ERROR, FAIL, PASS, Check, Verdict
from config import mapping
from config import settings as configuration
from config.errors import MigrateError
from config.settings import Settings


@dataclass(frozen=True)
class Job:
    """A planned check. work(source, target): its result; draft: name, kind, title and the like."""

    draft: Check
    work: Callable[[psycopg.Connection, psycopg.Connection], Check]


def judge(
    settings: Settings,
    *,
    run_id: str,
    schema: str,
    archive: str,
    snapshot: str | None = None,
    level: str = "full",
    sample: float | None = None,
    reaching: connect.Reaching = connect.unreached,
) -> Verdict:
    """The verdict on one run's schemas. Errors: ConfigError, SourceError, TargetError (unreachable)."""
    began = time.monotonic()
    sessions = Sessions(settings, snapshot, schema, reaching)
    facts, hashed = _facts(settings, sessions, run_id, schema, archive)
    jobs = _planned(facts, hashed, (sample or 100) / 100)
    checks = _made(sessions, jobs, settings.workers)
    seconds = round(time.monotonic() - began, 2)
    return Verdict(
        run_id, schema, level, sample, tuple(checks), tuple(sorted((*facts.gaps, *laws.left_out(facts)))), seconds
    )


class Sessions:
    """Opens the pairs of sessions that checks are made with."""

    def __init__(self, settings: Settings, snapshot: str | None, schema: str, reaching: connect.Reaching):
        self._settings, self._snapshot, self._schema, self._reaching = settings, snapshot, schema, reaching

    def source(self):
        return connect.source(self._settings.source, self._snapshot, self._reaching)

    def target(self):
        return connect.target(self._settings.target, self._reaching)

    def use(self, target: psycopg.Connection) -> None:
        """The laws name the product's tables without a schema."""
        target.execute("select set_config('search_path', quote_ident(%s), false)", [self._schema])


def _facts(settings: Settings, sessions: Sessions, run_id: str, schema: str, archive: str) -> tuple[Facts, str]:
    with sessions.source() as source, sessions.target() as target:
        run = books.read(target, run_id)
        zone = settings if run.profile == settings.profile else configuration.load(run.profile, {})
        facts = Facts(
            settings=settings,
            mapping=mapping.load(),
            source=catalog.read(source, run.source_schema),
            target=catalog.read(target, schema),
            archive=catalog.read(target, archive),
            books=run,
            time_zone=zone.time_zone,
        )
        facts = replace(facts, addresses=addresses.accepted(source, facts))
        return facts, comparison.hash_of(source, target)


def _planned(facts: Facts, hashed: str, share: float) -> list[Job]:
    prelude = laws.Prelude(facts)
    found = [
        *content.comparisons(facts, prelude),
        *laws.comparisons(facts, prelude),
        *owners.comparisons(facts, prelude),
    ]
    return [
        *(_compared(one, hashed, share) for one in found),
        *_ruled(facts, prelude),
        *(_catalogued(facts, draft) for draft in objects.drafts(facts)),
    ]


def _catalogued(facts: Facts, draft: Check) -> Job:
    def work(source: psycopg.Connection, target: psycopg.Connection) -> Check:
        return objects.result(draft, *objects.look(facts, draft, source, target))

    return Job(draft, work)


def _ruled(facts: Facts, prelude: laws.Prelude) -> Iterator[Job]:
    """The laws within the target."""
    for law in laws.planned(facts):
        draft = Check(laws.name_of(law), "law", law.domain, law.table, law.title, ERROR, law.severity)
        if law.holds:
            yield Job(draft, partial(_looked_at, draft, rules.held, prelude.of_target(law.holds)[0]))
        if law.derived:
            yield Job(draft, partial(_looked_at, draft, rules.derived, prelude.of_target(law.derived)[0]))


def _looked_at(draft: Check, look: Callable, query: str, source: psycopg.Connection, target) -> Check:
    compared, broken, rows = look(target, query)
    detail = f"{broken:,} of {compared:,} rows break the rule" if broken else f"{compared:,} rows keep the rule"
    status = FAIL if broken else PASS
    return replace(draft, status=status, compared=compared, rows=rows, rows_total=broken, detail=detail)


def _compared(one: Comparison, hashed: str, share: float) -> Job:
    draft = Check(one.name, one.kind, one.domain, one.table, one.title, ERROR, one.severity)

    def work(source: psycopg.Connection, target: psycopg.Connection) -> Check:
        found = comparison.compare(one, source, target, hashed, share)
        status = FAIL if found.ranges else PASS
        return replace(
            draft, status=status, compared=found.compared, rows=found.rows, rows_total=found.rows_total,
            detail=_told(found),
        )  # fmt: skip

    return Job(draft, work)


def _told(found: comparison.Difference) -> str:
    if not found.ranges:
        return f"{found.compared:,} rows agree"
    more = "" if found.is_whole else f" in the first {comparison.SHOWN_RANGES} of {found.ranges} key ranges that differ"
    return f"{found.rows_total:,} of {found.compared:,} rows differ{more}"


def _made(sessions: Sessions, jobs: Sequence[Job], workers: int) -> list[Check]:
    """Every job's result, several at once; each worker keeps a pair of sessions."""
    shares = [jobs[start::workers] for start in range(workers)]
    with ThreadPoolExecutor(workers, thread_name_prefix="verify") as pool:
        parts = list(pool.map(lambda share: _in_one_session(sessions, share), shares))
    found = {check.name: check for part in parts for check in part}
    return [found.get(job.draft.name, replace(job.draft, detail="was not executed")) for job in jobs]


def _in_one_session(sessions: Sessions, jobs: Sequence[Job]) -> list[Check]:
    with sessions.source() as source, sessions.target() as target:
        sessions.use(target)
        return [_result(job, source, target) for job in jobs]


def _result(job: Job, source: psycopg.Connection, target: psycopg.Connection) -> Check:
    began = time.monotonic()
    try:
        with source.transaction(), target.transaction():  # savepoints: an error must not end the snapshot
            check = job.work(source, target)
    except (psycopg.Error, MigrateError) as error:
        state = getattr(error, "sqlstate", "") or ""
        check = replace(job.draft, detail=f"could not be made: {type(error).__name__} {state}".strip())
    return replace(check, seconds=round(time.monotonic() - began, 3))
