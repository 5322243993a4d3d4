"""The commands' work without Prefect: the engine and the auditor, with a person's progress, signals and reports around.

The flows and the command line both come here, so a run is the same run whether a Prefect server answers or not.
"""

import logging

from config.settings import Settings
from engine import run as engine_run
from engine.workers import Watch
from flows import report
from flows.stopping import on_signal

LOG = logging.getLogger("nxtgauge")


def migrate(settings: Settings, *, run_id: str | None, dry_run: bool, watch: Watch, workers=None) -> dict:
    """Plan, build, verify, publish. Returns the summary, with the paths of the `reports` that were written."""
    extra = {} if workers is None else {"workers": workers}
    with on_signal(engine_run.STOP):
        summary = engine_run.migrate(settings, run_id=run_id, dry_run=dry_run, watch=watch, **extra).to_dict()
    return summary | {"reports": _reported(summary)}


def _reported(summary: dict) -> list[str]:
    """Paths of the reports; none, and a warning, where they cannot be written: the migration is done all the same."""
    try:
        return report.write(summary)
    except OSError as error:
        LOG.warning("no report was written to %s: %s", report.FOLDER.absolute(), error.strerror)
        return []


def verify(settings: Settings) -> dict:
    """Judges what is published: whether it passed, how many checks were made, and the findings."""
    from checks import verify as judge

    verdict = judge.verify(settings)
    return {"passed": verdict.passed, "checks": verdict.checks, "findings": verdict.findings}


def rollback(settings: Settings) -> dict:
    """Puts back what stood before the last publish."""
    return engine_run.rollback(settings)
