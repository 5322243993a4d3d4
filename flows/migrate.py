"""The migration as a Prefect flow: the engine's stages in order, each stage and chunk a task.

Prefect starts, shows and schedules; the run's state lives in the target database, so a lost Prefect server loses
nothing. Connections come from the environment of the process that runs the flow.
"""

from prefect import flow, get_run_logger
from prefect.states import State
from prefect.task_runners import ThreadPoolTaskRunner

from config import settings as configuration
from config.errors import VerificationFailed
from engine.workers import Watch
from flows import artifacts, calls, work
from flows.progress import Both, Lines
from flows.workers import PrefectWorkers


@flow(name="migrate", persist_result=False)
def migrate(
    profile: str = "staging", run_id: str | None = None, dry_run: bool = False, certificate: str | None = None
) -> State:
    """Migrates the legacy database that the environment names: plan, build, verify, publish.

    certificate: path of a rehearsal's certificate.json, as the process that runs the flow sees it.
    """
    options = {"run_id": run_id, "dry_run": dry_run, "certificate": certificate}
    return calls.final_state(lambda watch: _migrated(profile, options, watch))


def _migrated(profile: str, options: dict, watch: Watch | None) -> dict:
    settings = configuration.load(profile)
    log = get_run_logger()
    lines = Lines(log.info)
    with ThreadPoolTaskRunner(max_workers=settings.workers) as runner:
        try:
            summary = work.migrate(
                settings,
                **options,
                watch=Both(watch, lines) if watch else lines,
                workers=PrefectWorkers(runner, settings.workers),
            )
        except VerificationFailed as error:
            error.report = error.report and artifacts.linked(error.report, log)
            raise
    return artifacts.linked(summary, log)
