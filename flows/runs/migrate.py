"""The migration as a Prefect flow: the engine's stages in order, each stage and chunk a task.

Prefect starts, shows and schedules; the run's state lives in the target database, so a lost Prefect server loses
nothing. Connections come from the environment of the process that runs the flow.
"""

import contextlib
from collections.abc import Iterator
from typing import Any

from prefect import flow, get_run_logger
from prefect.client.schemas.objects import State
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner

from config import settings as configuration
from config.errors import ConfigError, VerificationFailed
from config.settings import Settings
from engine.session.execution import Watch
from flows.runs import artifacts, calls, work
from flows.runs.approval import PrefectDesk
from flows.runs.calls import ProfileName
from flows.runs.tasks import PrefectWorkers


@flow(name="migrate", flow_run_name=calls.first_name, persist_result=False)
def migrate(
    profile: ProfileName = "",
    run_id: str = "",
    dry_run: bool = False,
    certificate: str = "",
    resume: bool = True,
    approve: bool = False,
    verify_anyway: bool = False,
) -> State:
    """Migrates the legacy database that the worker's environment names: plan, build, verify, publish.

    Args:
        profile: How strict to be; a file in config/profiles. Blank: of a run that is gone on with the one that it began
            with, else the worker's own (NXTGAUGE_PROFILE), else staging. Such a run is refused under one that is
            looser. The mapping is the worker's (NXTGAUGE_MAPPING).
        run_id: A run to resume, as `nxtgauge-migrate status` names it; blank for a new run.
        dry_run: Build and verify everything, report, issue the certificate, and publish nothing.
        certificate: Path of a rehearsal's certificate.json, as the worker sees it. Blank: the latest rehearsal in the
            target's books counts, where the profile requires one.
        resume: Go on with the latest run if it did not finish and left something to go on with.
        approve: Pause before the publish until a person approves, also where the profile does not require it.
        verify_anyway: Build although the rehearsal shows that a gate will be closed, and verify although one is: the
            report then tells of everything, and nothing is published. A dry-run always does.
    """
    options: dict[str, Any] = {"run_id": run_id or None, "certificate": certificate or None}
    options |= {"dry_run": dry_run, "resume": resume, "approve": approve, "verify_anyway": verify_anyway}
    return calls.final_state(lambda watch: migrated(configuration.load(profile or None), options, watch))


def migrated(settings: Settings, options: dict[str, Any], watch: Watch) -> dict[str, Any]:
    """The run's report, its page in Prefect's UI as `artifact`. options: of flows.runs.work.migrate."""
    log = get_run_logger()
    with prefect_workers(settings) as workers:
        try:
            summary = work.migrate(
                settings,
                **options,
                watch=watch,
                workers=workers,
                desk=PrefectDesk(work.told, log),
                begun=calls.name_run,
            )
        except VerificationFailed as error:
            error.report = error.report and artifacts.linked(error.report, log)
            raise
    return artifacts.linked(summary, log)


@contextlib.contextmanager
def prefect_workers(settings: Settings) -> Iterator[PrefectWorkers]:
    """Threads of this process, and the cluster where the profile names one. Errors: ConfigError."""
    tasks: TaskRunner[Any] = ThreadPoolTaskRunner(max_workers=settings.workers)
    with tasks as runner:
        if settings.task_runner == "threads":
            yield PrefectWorkers(runner, settings.workers)
            return
        try:
            from flows.runs import cluster
        except ImportError as error:
            raise ConfigError(
                f'task_runner is "dask", and {error.name} is not installed; install nxtgauge-migrate with its extra '
                'dask: pip install "nxtgauge-migrate[dask]"'
            ) from None
        with cluster.connected(runner, settings) as workers:
            yield workers
