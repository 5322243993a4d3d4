"""The verification: everything that is checked of one run, in its build before the publish or of what is published.

Laws
- All checks are planned first; every planned check has a result, and one that could not be made is an ERROR.
- Both databases are only read; within a run the source is read in the run's own snapshot.
- A published schema is judged in its present state, in one snapshot of either side. A finding counts against the
  migration, unless drift may be its cause (settling): then it is STALE.
"""

import contextlib
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import psycopg

from checks.compare import comparison, hashing, row_counts
from checks.compare import law_files as laws
from checks.compare.together import Together
from checks.expectations import runner
from checks.reading import addresses, books, catalog, connect
from checks.reading import drift as drifting
from checks.reading.drift import Drift
from checks.reading.facts import ASKABLE, Facts
from checks.reading.many import Evaluated, Paged
from checks.reading.statements import one_value
from checks.verdict import ERROR, FAIL, LEVELS, Change, Check, Verdict
from checks.verify import hidden, jobs, seals, settling
from checks.verify.jobs import Job
from checks.verify.question import Question
from checks.verify.steps import Steps, Tell, nobody
from config import mapping
from config.errors import ConfigError
from config.settings import Settings

Pending = deque[tuple[int, "Job | Together | Question"]]  # what is to be done: jobs with their numbers

# The schemas of a run, or of the one that is live, wherever they stand by now. In a copy of the target they have other
# oids, and nobody's name.
PLACES = """
    select p.run_id, p.name::text, coalesce(a.name::text, 'legacy_archive'), p.schema_oid::bigint
    from migration.schemas p join pg_namespace n on n.nspname = p.name
    left join migration.schemas o on o.schema_oid = n.oid
    left join migration.schemas a on a.run_id = p.run_id and a.kind = 'archive' and a.role = p.role
    where p.kind = 'product' and p.target_schema = %(schema)s and coalesce(o.schema_oid, p.schema_oid) = p.schema_oid
        and case when %(run)s::text is null then p.role = 'live' else p.run_id = %(run)s end
    order by o.schema_oid is null
"""
UNTOLD = (
    "were written since the migration cannot be told (it is a copy, or was sealed by an older program, or its role may "
    "not ask for the server's identifier): all of them were judged as they stand"
)
NOT_LOOKED_AT = {
    "counts": "level counts: rows were counted, and no value was compared; no rule of the target was looked at",
    "content": "level content: the expectation suites were not run",
}


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
    child: runner.Child | None = None,
    tell: Tell = nobody,
) -> Verdict:
    """The verdict on one run's schemas, the source as the snapshot shows it: nothing has changed since.

    sample: per cent of the key ranges that are compared. docs: a folder for Data Docs. child: a process that waits to
    be asked for the suites. tell: hears of every check that is done (checks.verify.steps).
    Errors: ConfigError, SourceError, TargetError (unreachable).
    """
    began = time.monotonic()
    readers = Readers(settings, snapshot, reaching)
    with _waiting(level, child) as suites:
        look, facts = _look(readers, level, sample), _facts(settings, readers, run_id, schema, archive)
        verdict = _verdict(settings, readers, facts, look, jobs.UNMOVED, level, docs, suites, tell)
    return replace(verdict, sample=sample, seconds=round(time.monotonic() - began, 2))


def published(
    settings: Settings,
    *,
    run_id: str | None = None,
    level: str = "full",
    sample: float | None = None,
    docs: Path | None = None,
    reaching: connect.Reaching = connect.unreached,
    tell: Tell = nobody,
) -> Verdict:
    """The verdict on what is published under the target's name, or on what a run has built; see judge.

    A single failed check where there is no such thing. Errors: ConfigError, SourceError, TargetError (unreachable).
    """
    began = time.monotonic()
    with opened(settings, run_id, reaching) as found:
        if found is None:
            return Verdict(run_id, settings.target_schema, level, sample, (_absent(settings.target_schema, run_id),))
        readers, facts, oid = found
        with _waiting(level) as suites:
            look = _look(readers, level, sample)
            drift = _drift(settings, readers, facts, oid)
            sealed = seals.jobs(facts, drift)
            verdict = _verdict(settings, readers, facts, look, drift, level, docs, suites, tell, sealed)
        return replace(verdict, sample=sample, seconds=round(time.monotonic() - began, 2))


class Readers:
    """Opens the read-only sessions that checks are made with."""

    def __init__(
        self,
        settings: Settings,
        snapshot: str | None,
        reaching: connect.Reaching = connect.unreached,
        of_target: str | None = None,
    ):
        """snapshot, of_target: names of exported snapshots of the source and of the target."""
        self._settings, self.reaching = settings, reaching
        self._snapshot, self._of_target = snapshot, of_target
        self.many: list[Paged | Evaluated] = []  # what each session on the source is given, from when it is known

    @contextlib.contextmanager
    def source(self) -> Iterator[psycopg.Connection]:
        with connect.source(self._settings.source, self._snapshot, self.reaching) as source:
            if self.many:
                with self.target() as target:
                    for said in self.many:
                        said.give(target, source)
            yield source

    def target(self) -> contextlib.AbstractContextManager[psycopg.Connection]:
        return connect.target(self._settings.target, self.reaching, self._of_target)


@contextlib.contextmanager
def _waiting(level: str, child: runner.Child | None = None) -> Iterator[runner.Child | None]:
    """A process that waits to be asked for the suites; it ends in any case. None where they are not looked at."""
    suites = child or (runner.Child() if level == "full" else None)
    with contextlib.ExitStack() as stack:
        if suites:
            stack.callback(suites.stop)
        yield suites


@contextlib.contextmanager
def opened(
    settings: Settings, run_id: str | None = None, reaching: connect.Reaching = connect.unreached
) -> Iterator[tuple[Readers, Facts, int] | None]:
    """Readers, facts and the schema's first oid of what a run has left, by default the live run; None if there is
    nothing.

    All sessions read in one snapshot of either side, for as long as this lasts: both may be in use.
    """
    place = _place(settings, run_id, reaching)
    if place is None:
        yield None
        return
    found, schema, archive, oid = place
    first = Readers(settings, None, reaching)
    with first.source() as source, first.target() as target:
        readers = Readers(settings, connect.exported(source), reaching, connect.exported(target))
        yield readers, _facts(settings, readers, found, schema, archive), oid


def _drift(settings: Settings, readers: Readers, facts: Facts, oid: int) -> Drift:
    """What was written since; where that cannot be told, it is among the gaps of the report."""
    with readers.source() as source, readers.target() as target:
        seal = drifting.read_seal(target, facts.books.run_id, oid, settings.target_schema)
        found = Drift(
            drifting.of_source(facts.books, facts.source, source, target),
            drifting.of_target(seal, facts.target, target),
            drifting.of_archive(seal, facts.archive, target),
            seal,
        )
    sides = {"source": found.source, "target": found.target}
    facts.gaps.extend(f"which rows of the {name} {UNTOLD}" for name, side in sides.items() if not side.written)
    return found


def _place(settings: Settings, run_id: str | None, reaching: connect.Reaching) -> tuple[str, str, str, int] | None:
    """(run, schema, archive, the schema's oid when it was made); None where no run has published, or this one has left
    nothing."""
    with connect.target(settings.target, reaching) as target:
        if one_value(target, bool, "select to_regclass('migration.schemas') is null"):
            return None
        return target.execute(PLACES, {"schema": settings.target_schema, "run": run_id}).fetchone()


def _absent(schema: str, run_id: str | None) -> Check:
    detail = f"there is no schema {schema} that a run published; `nxtgauge-migrate migrate` makes one"
    if run_id:
        detail = f"run {run_id} has left no schema to judge; `nxtgauge-migrate status` lists the runs"
    return Check("published", "balance", "", None, "There is something to judge.", FAIL, detail=detail)


def _look(readers: Readers, level: str, sample: float | None) -> comparison.Look:
    if level not in LEVELS:
        raise ConfigError(f"there is no level {level!r}; wanted one of {', '.join(LEVELS)}")
    if sample is not None and not 0 < sample <= 100:
        raise ConfigError(f"a sample of {sample:g} per cent is none; wanted more than 0 and at most 100")
    with readers.source() as source, readers.target() as target:
        hashed = hashing.hash_of(source, target)
    return comparison.Look(hashed, (sample or 100) / 100, counts_only=level == "counts")


def _facts(settings: Settings, readers: Readers, run_id: str, schema: str, archive: str) -> Facts:
    with readers.source() as source, readers.target() as target:
        run = books.read(target, run_id, is_askable=source.info.server_version >= ASKABLE)
        under, rules, readers.many = profile_of(settings, run), mapping.load(), [*run.many]
        facts = Facts(
            settings=under,
            mapping=rules,
            source=catalog.named(catalog.legacy(source, run.source_schema), rules),
            target=catalog.read(target, schema),
            archive=catalog.read(target, archive),
            books=run,
            time_zone=under.time_zone,
        )
        return replace(facts, addresses=addresses.accepted(source, facts))


def profile_of(settings: Settings, run: books.Books) -> Settings:
    """The settings by which the run was built, whatever profile somebody verifies it with."""
    if run.settings is not None:
        return settings.as_kept(run.profile, run.settings)
    return settings if run.profile == settings.profile else settings.under(run.profile)


def _verdict(
    settings: Settings,
    readers: Readers,
    facts: Facts,
    look: comparison.Look,
    drift: Drift,
    level: str,
    docs: Path | None,
    suites: runner.Child | None,
    tell: Tell,
    sealed: Iterable[Job] = (),
) -> Verdict:
    prelude, kept = laws.Prelude(facts), _kept(facts, drift)
    planned = [*jobs.planned(facts, look, prelude, drift, kept), *sealed]
    groups = {job.draft.name: job.group for job in planned if job.group}
    asked = [Question(suites, facts, prelude, drift, docs, groups.get(row_counts.ORDERS))] if suites else []
    steps = Steps(planned, bool(suites), tell)
    preludes = [prelude, *([kept.prelude] if kept else [])]
    early = _evaluated(readers, preludes, planned, drift, settings.workers, steps)
    found = _made(readers, planned, early, drift, settings.workers, asked, steps)
    not_looked_at: list[str] = []
    if suites:
        with readers.reaching(suites.stop):  # whoever asks to stop need not wait for the suites
            of_suites, not_looked_at = suites.result()
        found += of_suites
        steps.suites_done()
    missed = [NOT_LOOKED_AT[level]] if level in NOT_LOOKED_AT else []
    if look.share < 1:
        missed.append(f"sample: {look.share:.0%} of the key ranges of each comparison were looked at")
    missed += [*facts.gaps, *laws.left_out(facts), *not_looked_at]
    return Verdict(
        facts.books.run_id, facts.target.schema, level, None, tuple(hidden.KeyRedactor(facts).hide(found)),
        tuple(dict.fromkeys(missed)), changes=tuple(_changes(drift, planned, found)),
    )  # fmt: skip


def _kept(facts: Facts, drift: Drift) -> jobs.Standing | None:
    """How to look at the rows alone that stand as they stood; None where all of them do."""
    if not drift.source.tables and not drift.target.tables:
        return None
    stood = replace(facts, kept_source=drift.source.kept, kept_target=drift.target.kept)
    return jobs.Standing(stood, laws.Prelude(stood))


def _changes(drift: Drift, planned: Sequence[Job], checks: Sequence[Check]) -> Iterator[Change]:
    of_source = {job.draft.name: job.of_source for job in planned}
    of_target = {job.draft.name: job.of_target for job in planned}
    yield from settling.changes("source", drift.source, [c for c in checks if c.name in of_source], of_source)
    yield from settling.changes("target", drift.target, checks, of_target)


def _evaluated(
    readers: Readers, preludes: Sequence[laws.Prelude], planned: Sequence[Job], drift: Drift, workers: int, steps: Steps
) -> dict[int, Check]:
    """What many queries join is asked once; results by number of jobs that need none of it, made meanwhile."""
    free: Pending = deque(one for one in enumerate(planned) if one[1].draft.kind in jobs.FREE and workers > 1)
    with ThreadPoolExecutor(1, thread_name_prefix="verify") as pool:
        made = pool.submit(_in_one_session, readers, free, drift, steps)
        try:
            with readers.source() as source:
                for prelude in preludes:
                    jobs.evaluate(prelude, source)
        finally:
            free.clear()
        found = made.result()
    readers.many += [given for prelude in preludes for given in prelude.given]
    return found


def _made(
    readers: Readers,
    planned: Sequence[Job],
    early: dict[int, Check],
    drift: Drift,
    workers: int,
    asked: Sequence[Question],
    steps: Steps,
) -> list[Check]:
    """Every job's result, several at once; each thread keeps a pair of sessions and takes what comes next."""
    # what is asked together comes first, what joins most before all, and last what waits for its answers; of the others
    # laws first, so that no worker begins one while others have nothing left to do; the suites as soon as they can be
    # asked
    groups = sorted(dict.fromkeys(group for job in planned if (group := job.group)), key=len, reverse=True)
    soon = 1 + max((groups.index(one.after) for one in asked if one.after), default=-1)
    together: list[Together | Question] = [*groups[:soon], *asked, *groups[soon:]]
    rest = [(number, job) for number, job in enumerate(planned) if number not in early]
    alone = sorted(rest, key=lambda one: (one[1].group is not None, one[1].draft.kind != "law"))
    pending: Pending = deque([*((-1, each) for each in together), *alone])
    found = dict(early)
    with ThreadPoolExecutor(workers, thread_name_prefix="verify") as pool:
        for part in pool.map(lambda _: _in_one_session(readers, pending, drift, steps), range(workers)):
            found |= part
    gone = settling.gone(drift, [each for job in planned if job.compared for each in job.compared.whole])
    checks = [found.get(number, replace(job.draft, detail="was not executed")) for number, job in enumerate(planned)]
    return [
        job.compared.settled(check, gone) if job.compared else check for job, check in zip(planned, checks, strict=True)
    ]


def _in_one_session(readers: Readers, pending: Pending, drift: Drift, steps: Steps) -> dict[int, Check]:
    """Results by the jobs' numbers: two checks of one name must not hide each other."""
    made = {}
    try:
        with readers.source() as source, readers.target() as target:
            while (taken := _next(pending)) is not None:
                number, task = taken
                if isinstance(task, Job):
                    made[number] = result(task, source, target, drift)
                else:
                    task.ask(source, target)
                steps.done(task)
    except BaseException:
        pending.clear()  # nobody begins another one
        raise
    return made


def _next(pending: Pending) -> "tuple[int, Job | Together | Question] | None":
    with contextlib.suppress(IndexError):
        return pending.popleft()
    return None


def result(job: Job, source: psycopg.Connection, target: psycopg.Connection, drift: Drift) -> Check:
    began, is_data = time.monotonic(), False
    try:
        with source.transaction(), target.transaction():  # savepoints: an error must not end the snapshot
            check = job.work(source, target)
    except psycopg.errors.QueryCanceled:
        raise  # somebody asked to stop
    except Exception as error:
        if source.broken or target.broken:  # no check can be made any more, and that is no verdict
            raise
        # whatever else it was, the check was not made; what it says may quote values
        state, is_data = getattr(error, "sqlstate", "") or "", isinstance(error, psycopg.DataError)
        check = replace(job.draft, status=ERROR, detail=f"could not be made: {type(error).__name__} {state}".strip())
    if is_data or not job.is_settled:
        check = settling.settled(check, drift, job.of_source, job.of_target, is_data)
    return replace(check, seconds=round(time.monotonic() - began, 3))
