"""The verification: everything that is checked of one run, in its build before the publish or of what is published.

Laws
- What is to be checked is planned first; every planned check has a result, and one that could not be made is an ERROR.
- Both databases are only read; within a run the source is read in the run's own snapshot.
- Of what is published, a table that either side has changed since is STALE; what can still be judged is.
"""

import contextlib
import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg

from checks import (
    addresses,
    books,
    catalog,
    comparison,
    connect,
    expected,
    gx,
    hidden,
    jobs,
    laws,
    pointed,
    staleness,
)
from checks.facts import Facts
from checks.jobs import Job
from checks.verdict import ERROR, FAIL, LEVELS, STALE, Check, Verdict
from config import mapping
from config.errors import ConfigError
from config.settings import Settings

# The schemas of a run, or of the one that is live, wherever they stand by now.
PLACES = """
    select p.run_id, p.name::text, coalesce(a.name::text, 'legacy_archive')
    from migration.schemas p join pg_namespace n on n.oid = p.schema_oid and n.nspname = p.name
    left join migration.schemas a on a.run_id = p.run_id and a.kind = 'archive' and a.role = p.role
    where p.kind = 'product' and p.target_schema = %(schema)s
        and case when %(run)s::text is null then p.role = 'live' else p.run_id = %(run)s end
"""
NOT_LOOKED_AT = {
    "counts": "level counts: rows were counted, and no value was compared; no rule of the target was looked at",
    "content": "level content: the expectation suites were not run",
}


@dataclass(frozen=True)
class Stale:
    """Tables that have changed: legacy tables, and the target's."""

    source: set[str]
    target: set[str]

    def of(self, job: Job) -> list[str]:
        changed = [f"{name} in the source" for name in sorted(job.of_source & self.source)]
        return changed + [f"{name} in the target" for name in sorted(job.of_target & self.target)]


def judge(
    settings: Settings,
    *,
    run_id: str,
    schema: str,
    archive: str,
    snapshot: str | None = None,
    level: str = "full",
    sample: float | None = None,
    docs: Path | None = None,
    reaching: connect.Reaching = connect.unreached,
) -> Verdict:
    """The verdict on one run's schemas, the source as the snapshot shows it: nothing has changed since.

    sample: per cent of the key ranges that are compared. docs: a folder for Data Docs.
    Errors: ConfigError, SourceError, TargetError (unreachable).
    """
    began = time.monotonic()
    sessions = Sessions(settings, snapshot, schema, reaching)
    look, facts = _look(sessions, level, sample), _facts(settings, sessions, run_id, schema, archive)
    verdict = _verdict(settings, sessions, facts, look, Stale(set(), set()), level, docs)
    return replace(verdict, sample=sample, seconds=round(time.monotonic() - began, 2))


def published(
    settings: Settings,
    *,
    run_id: str | None = None,
    level: str = "full",
    sample: float | None = None,
    docs: Path | None = None,
    reaching: connect.Reaching = connect.unreached,
) -> Verdict:
    """The verdict on what is published under the target's name, or on what a run has built; see judge.

    A single failed check where there is no such thing. Errors: ConfigError, SourceError, TargetError (unreachable).
    """
    began = time.monotonic()
    found = opened(settings, run_id, reaching)
    if found is None:
        return Verdict(run_id, settings.target_schema, level, sample, (_absent(settings.target_schema, run_id),))
    sessions, facts = found
    look = _look(sessions, level, sample)
    with sessions.source() as source, sessions.target() as target:
        stale = Stale(staleness.of_source(facts, source, target), staleness.of_target(facts, target))
    verdict = _verdict(settings, sessions, facts, look, stale, level, docs)
    return replace(verdict, sample=sample, seconds=round(time.monotonic() - began, 2))


def opened(
    settings: Settings, run_id: str | None = None, reaching: connect.Reaching = connect.unreached
) -> tuple["Sessions", Facts] | None:
    """How to look at what a run has left, by default the live one; None where there is nothing."""
    place = _place(settings, run_id, reaching)
    if place is None:
        return None
    found, schema, archive = place
    sessions = Sessions(settings, None, schema, reaching)
    return sessions, _facts(settings, sessions, found, schema, archive)


def _place(settings: Settings, run_id: str | None, reaching: connect.Reaching) -> tuple[str, str, str] | None:
    """(run, schema, archive); None where no run has published, or this one has left nothing."""
    with connect.target(settings.target, reaching) as target:
        if target.execute("select to_regclass('migration.schemas') is null").fetchone()[0]:
            return None
        return target.execute(PLACES, {"schema": settings.target_schema, "run": run_id}).fetchone()


def _absent(schema: str, run_id: str | None) -> Check:
    detail = f"there is no schema {schema} that a run published; `nxtgauge-migrate migrate` makes one"
    if run_id:
        detail = f"run {run_id} has left no schema to judge; `nxtgauge-migrate status` lists the runs"
    return Check("published", "balance", "", None, "There is something to judge.", FAIL, detail=detail)


class Sessions:
    """Opens the sessions that checks are made with."""

    def __init__(self, settings: Settings, snapshot: str | None, schema: str, reaching: connect.Reaching):
        self._settings, self._snapshot, self._schema, self.reaching = settings, snapshot, schema, reaching

    def source(self):
        return connect.source(self._settings.source, self._snapshot, self.reaching)

    def target(self):
        return connect.target(self._settings.target, self.reaching)

    def use(self, target: psycopg.Connection) -> None:
        """The laws name the product's tables without a schema."""
        target.execute("select set_config('search_path', quote_ident(%s), false)", [self._schema])


def _look(sessions: Sessions, level: str, sample: float | None) -> comparison.Look:
    if level not in LEVELS:
        raise ConfigError(f"there is no level {level!r}; wanted one of {', '.join(LEVELS)}")
    if sample is not None and not 0 < sample <= 100:
        raise ConfigError(f"a sample of {sample:g} per cent is none; wanted more than 0 and at most 100")
    with sessions.source() as source, sessions.target() as target:
        hashed = comparison.hash_of(source, target)
    return comparison.Look(hashed, (sample or 100) / 100, counts_only=level == "counts")


def _facts(settings: Settings, sessions: Sessions, run_id: str, schema: str, archive: str) -> Facts:
    with sessions.source() as source, sessions.target() as target:
        run = books.read(target, run_id)
        under, rules = _profile_of(settings, run), mapping.load()
        facts = Facts(
            settings=under,
            mapping=rules,
            source=catalog.named(catalog.read(source, run.source_schema), rules),
            target=catalog.read(target, schema),
            archive=catalog.read(target, archive),
            books=run,
            time_zone=under.time_zone,
        )
        return replace(facts, addresses=addresses.accepted(source, facts))


def _profile_of(settings: Settings, run: books.Books) -> Settings:
    """The settings by which the run was built, whatever profile somebody verifies it with."""
    if run.settings is not None:
        return settings.as_kept(run.profile, run.settings)
    return settings if run.profile == settings.profile else settings.under(run.profile)


def _verdict(
    settings: Settings, sessions: Sessions, facts: Facts, look: comparison.Look, stale: Stale, level: str, docs
) -> Verdict:
    with ExitStack() as stack:
        with sessions.source() as source:
            prelude = jobs.prelude(facts, source)
            rows = _rows_expected(facts, prelude, source, stale) if level == "full" else {}
        started = None
        if level == "full":
            started = gx.start(settings.target, facts.target.schema, rows, docs=docs, bases=pointed.bases(facts))
            stack.callback(started.stop)
        checks = _made(sessions, jobs.planned(facts, look, prelude), stale, settings.workers)
        suites, not_looked_at = [], []
        if started:
            with sessions.reaching(started.stop):  # whoever asks to stop need not wait for the suites
                suites, not_looked_at = started.result()
    missed = [NOT_LOOKED_AT[level]] if level in NOT_LOOKED_AT else []
    if look.share < 1:
        missed.append(f"sample: {look.share:.0%} of the key ranges of each comparison were looked at")
    missed += [*facts.gaps, *laws.left_out(facts), *not_looked_at]
    shown = tuple(hidden.Keys(facts).hide([*checks, *suites]))
    return Verdict(facts.books.run_id, facts.target.schema, level, None, shown, tuple(dict.fromkeys(missed)))


def _rows_expected(facts: Facts, prelude: laws.Prelude, source: psycopg.Connection, stale: Stale) -> dict[str, int]:
    """For the suites; of what has changed on either side, and where it cannot be told, the laws say what they can."""
    if stale.source:
        return {}
    with contextlib.suppress(psycopg.DataError, psycopg.ProgrammingError), source.transaction():
        return {table: n for table, n in expected.rows(facts, prelude, source).items() if table not in stale.target}
    return {}


def _made(sessions: Sessions, planned: Sequence[Job], stale: Stale, workers: int) -> list[Check]:
    """Every job's result, several at once; each worker keeps a pair of sessions and takes what comes next."""
    found = {number: _stale(job, why) for number, job in enumerate(planned) if (why := stale.of(job))}
    numbered = [(number, job) for number, job in enumerate(planned) if number not in found]
    # what joins most comes first, so that no worker begins it while the others have nothing left to do
    pending = deque(sorted(numbered, key=lambda one: one[1].draft.kind != "law"))
    with ThreadPoolExecutor(workers, thread_name_prefix="verify") as pool:
        for part in pool.map(lambda _: _in_one_session(sessions, pending), range(workers)):
            found |= part
    return [found.get(number, replace(job.draft, detail="was not executed")) for number, job in enumerate(planned)]


def _stale(job: Job, why: list[str]) -> Check:
    return replace(job.draft, status=STALE, detail=f"changed since: {', '.join(why)}")


def _in_one_session(sessions: Sessions, pending: deque[tuple[int, Job]]) -> dict[int, Check]:
    """Results by the jobs' numbers: two checks of one name must not hide each other."""
    made = {}
    with sessions.source() as source, sessions.target() as target, contextlib.suppress(IndexError):
        sessions.use(target)
        while True:
            number, job = pending.popleft()
            made[number] = _result(job, source, target)
    return made


def _result(job: Job, source: psycopg.Connection, target: psycopg.Connection) -> Check:
    began = time.monotonic()
    try:
        with source.transaction(), target.transaction():  # savepoints: an error must not end the snapshot
            check = job.work(source, target)
    except psycopg.errors.QueryCanceled:
        raise  # somebody asked to stop
    except Exception as error:  # whatever it was, the check was not made; what it says may quote values
        state = getattr(error, "sqlstate", "") or ""
        check = replace(job.draft, status=ERROR, detail=f"could not be made: {type(error).__name__} {state}".strip())
    return replace(check, seconds=round(time.monotonic() - began, 3))
