"""The commands' work without Prefect: the engine and the auditor, with a person's progress, signals and reports around.

The flows and the command line both use it, so that a run is the same with and without a Prefect server.
"""

import contextlib
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from config import mapping
from config.errors import ConfigError, Interrupted, MigrateError, SourceError, TargetError, VerificationFailed
from config.postgres import network
from config.settings import Settings
from engine import operations, staging
from engine import run as engine_run
from engine.chunks.work import Work
from engine.gates.approval import Decision, Desk, NoDesk, Request
from engine.gates.gates import Auditor, Case, DeltaAuditor, DeltaCase
from engine.gates.summary import Summary
from engine.publish.rollback import Wish
from engine.rehearsal import copies
from engine.session.execution import Silent, Watch, Workers
from engine.session.patience import Patience, anew
from engine.session.stop import STOP, Stop
from engine.start.options import Options
from flows.local import estimate, private, report, staging_copy
from flows.local.stopping import on_signal
from flows.observe import lineage
from flows.runs import foresight, suites
from flows.runs.foresight import Begun, nobody

if TYPE_CHECKING:
    from checks.delta.delta import Delta
    from checks.expectations import runner

LOG = logging.getLogger("nxtgauge")
# A verification changes nothing, and whoever types it again begins it anew: a server that does not come back within
# moments is told.
VERIFY_SECONDS = 6.0


def migrate(
    settings: Settings,
    *,
    run_id: str | None,
    dry_run: bool,
    watch: Watch,
    workers: Workers | None = None,
    certificate: str | None = None,
    resume: bool = False,
    approve: bool = False,
    verify_anyway: bool = False,
    desk: Desk | None = None,
    begun: Begun = nobody,
) -> dict[str, Any]:
    """Plan, build, verify, publish. Returns the report, with the paths of the files that were written as `reports`.

    begun: hears of the run's id as soon as it has one.
    resume, approve, verify_anyway, desk: see engine.start.options; the default desk reports, and leaves it to the
    books.
    Errors: every kind of config.errors. Of a run that its gates refuse there is a report too, as the error's `report`.
    """
    options: dict[str, Any] = {
        "run_id": run_id,
        "dry_run": dry_run,
        "workers": workers,
        "certificate": certificate,
    }
    source = {"is_on_staging": settings.is_on_staging}
    options |= {"resume": resume, "approve": approve, "verify_anyway": verify_anyway, "desk": desk or Reporting()}
    if workers is None and settings.task_runner == "dask":
        LOG.warning("no Prefect server answers, so the chunks are moved here by threads, and not by the Dask cluster")
    try:
        with beside(settings, watch, begun, is_rehearsal=dry_run) as parties:
            foresight.expect(watch, estimate.REHEARSAL if dry_run else estimate.MIGRATION)
            options |= {"auditor": parties.auditor, "watch": watch, "begun": parties.begun}
            summary = engine_run.migrate(settings, Options(**options))
            parties.end(summary)
    except VerificationFailed as error:
        error.report = told(error.summary.to_dict() | source) if error.summary else None
        raise
    return told(summary.to_dict() | source)


@dataclass(frozen=True)
class Parties:
    """What stands beside a run. begun: hears of it as soon as it has an id; end: hears of its summary."""

    auditor: Auditor
    begun: Callable[[Work], None]
    end: Callable[[Summary], None]


@contextlib.contextmanager
def beside(settings: Settings, watch: Watch, begun: Begun, *, is_rehearsal: bool) -> Iterator[Parties]:
    """Within the block: signals ask the run to stop, the suites' process waits for its build, its lineage is told."""
    with (
        on_signal(STOP),
        asked_to_stop(STOP),
        suites.beside() as child,
        lineage.told(settings, is_rehearsal=is_rehearsal) as teller,
    ):

        def hear(run: Work) -> None:
            teller.begin(run)
            foresight.learn(watch, run)
            begun(run.run_id)

        yield Parties(auditor(settings, child=child), hear, teller.end)


def auditor(settings: Settings, *, child: "runner.Child | None" = None) -> Auditor:
    """Judges a run's build by the auditor's own SQL, and reads the source under the run's snapshot.

    child: the process that is to run the suites, if it has begun.
    """
    waiting = [child] if child else []  # for one judgement; another attempt at the run begins another process

    def judge(case: Case) -> dict[str, Any]:
        from checks.verify import verify

        with asked_to_stop(case.stop):
            return verify.judge(
                settings,
                run_id=case.run_id,
                schema=case.schema,
                archive=case.archive,
                snapshot=case.snapshot,
                reaching=case.stop.reaching,
                child=waiting.pop() if waiting else None,
                tell=case.steps,
            ).to_dict()

    return judge


@contextlib.contextmanager
def delta_auditor(settings: Settings, stop: Stop) -> Iterator[DeltaAuditor]:
    """Within the block: judges what the last rounds of a copy have touched; see checks.delta. It holds sessions, which
    a request to stop ends."""
    from checks.delta.delta import Delta

    with Delta(settings, stop.reaching) as delta:
        yield _DeltaAuditor(delta)


class _DeltaAuditor:
    def __init__(self, delta: "Delta"):
        self._delta = delta

    def prepare(self, case: DeltaCase) -> None:
        with asked_to_stop(case.stop):
            self._delta.prepare(case.run_id, case.schema, case.archive)

    def __call__(self, case: DeltaCase) -> dict[str, Any]:
        with asked_to_stop(case.stop):
            return self._delta.judge(
                case.run_id, case.schema, case.archive, snapshot=case.snapshot, touched=case.touched, tell=case.steps
            ).to_dict()


@contextlib.contextmanager
def asked_to_stop(stop: Stop) -> Iterator[None]:
    """Whatever a query that was cancelled looks like, it is an Interrupted."""
    try:
        yield
    except (SourceError, TargetError) as error:
        if stop.is_set():
            raise Interrupted(f"asked to stop; {error}") from None
        raise


def waive(settings: Settings, run_id: str, check_name: str, reason: str, name: str) -> dict[str, Any]:
    """Opens a closed gate of a run's build, by name and for a reason; the waiver."""
    return operations.waive(settings, run_id, check_name, reason, name)


def rehearsing(settings: Settings, refresh: bool, percent: float, watch: Watch, *, is_cut_over: bool) -> Settings:
    """The settings of a rehearsal: the staging copy is the source, made anew first if asked.

    is_cut_over: the cut-over is rehearsed too. Errors: ConfigError if there is no copy to trust, if percent is asked of
    one that is not made anew, or if no fence would bind the role of one that is.
    """
    if refresh:
        if is_cut_over:
            copies.require_bound(settings)
        copies.name_again(settings)
        foresight.expect(watch, estimate.STAGING, estimate.REHEARSAL)
        for remark in staging_copy.remarks(stage(settings, percent=percent, watch=watch)):
            watch.message(remark)
    elif percent != staging_copy.WHOLE:
        raise ConfigError(f"percent is {percent:g}, and is of a new copy; ask for a refresh too, or leave it out")
    if remark := staging.require(settings):
        watch.message(remark)
    return settings.on_staging()


def stage(
    settings: Settings,
    *,
    percent: float = staging_copy.WHOLE,
    unmasked: bool = False,
    reason: str | None = None,
    by: str | None = None,
    watch: Watch | None = None,
) -> dict[str, Any]:
    """Makes the staging copy anew: all of it, or so many per cent of the users; what was made and proven."""
    foresight.expect(watch or Silent(), estimate.STAGING)
    return staging_copy.stage(settings, staging_copy.wish(percent, unmasked, reason, by), watch)


class Reporting(NoDesk):
    """The desk of a run without Prefect: prints the report and how to reject; the run itself prints how to approve."""

    def __init__(self, kind: str | None = None):
        self._kind = kind

    def ask(self, request: Request) -> None:
        made = told(request.summary.to_dict(), self._kind)
        LOG.info("reports: %s", ", ".join(made["reports"]))
        LOG.info("or say no: nxtgauge-migrate approve %s --reject", request.run_id)

    def close(self, outcome: str) -> None:
        LOG.info("%s", outcome)


def told(summary: dict[str, Any], kind: str | None = None) -> dict[str, Any]:
    """The report of a run's summary, with the paths of its files as `reports`. kind: see flows.local.report.of."""
    made = report.of(summary, kind)
    return made | {"reports": _reported(made, summary["issued"])}


def _reported(made: dict[str, Any], issued: dict[str, Any] | None = None) -> list[str]:
    """Paths of the reports, of an issued certificate too; none, and a warning, where they cannot be written: the
    migration is done all the same."""
    try:
        paths = report.write(made)
        if issued:
            paths.append(str(Path(paths[0]).with_name("certificate.json")))
            private.write(Path(paths[-1]), report.to_json(issued) + "\n")
        return paths
    except OSError as error:
        LOG.warning("no report was written to %s: %s", report.folder().absolute(), error.strerror)
        return []


def verify(
    settings: Settings,
    *,
    run_id: str | None = None,
    level: str = "full",
    sample: float | None = None,
    data_docs: str | None = None,
    watch: Watch | None = None,
    begun: Begun = nobody,
) -> dict[str, Any]:
    """Judges what is published, or what a run has built. Returns the report, with the paths of its files.

    sample: per cent of the key ranges. data_docs: a folder for Great Expectations' pages. begun: hears which run is
    judged.
    """
    from checks.verify import verify as judge

    docs, watch = Path(data_docs) if data_docs else None, watch or Silent()
    judged = partial(
        judge.published, settings, run_id=run_id, level=level, sample=sample, docs=docs, reaching=STOP.reaching
    )
    with (
        on_signal(STOP),
        asked_to_stop(STOP),
        foresight.alone(watch, "verify", estimate.VERIFICATION) as clock,
    ):
        foresight.look(watch, settings, run_id, begun)
        patience = Patience(min(settings.retry_seconds, VERIFY_SECONDS))
        judged = partial(judged, tell=clock.counting("checks"))
        found = anew(judged, patience, partial(_passes, settings=settings), LOG.warning).to_dict()
        STOP.check()
    if found["run_id"] is None:
        return report.of({"schema": settings.target_schema, "verdict": found}, kind="verify") | {"reports": []}
    made = report.of(operations.told(settings, found["run_id"], verdict=found).to_dict(), kind="verify")
    _warn_of_another_mapping(settings, found["run_id"])
    return made | {"reports": _reported(made)}


def _warn_of_another_mapping(settings: Settings, run_id: str) -> None:
    """Findings by other rules than the run's say nothing about the run."""
    built, now = operations.mapping_of(settings, run_id), mapping.load().digest
    if built and built != now:
        remedy = "name its folder with --mapping, and verify again"
        LOG.warning("run %s was built by mapping %s, and judged by %s: %s", run_id, built[:12], now[:12], remedy)


def _passes(error: MigrateError, settings: Settings) -> bool:
    """Whether a verification may be begun anew after it. Not before it has found both servers: a wrong address is told
    at once."""
    return error.retryable and all(network.line(side).is_known for side in (settings.source, settings.target))


def rollback(settings: Settings, wish: Wish, watch: Watch | None = None) -> dict[str, Any]:
    """Puts back what stood before the last publish, or undoes that."""
    with on_signal(STOP), asked_to_stop(STOP), foresight.alone(watch or Silent(), "rollback", estimate.ROLLBACK):
        return operations.rollback(settings, wish)


def decide(settings: Settings, run_id: str, decision: Decision) -> dict[str, Any]:
    """Approves or rejects a run that waits for it; its gate."""
    return operations.decide(settings, run_id, decision)
