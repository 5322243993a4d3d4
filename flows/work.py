"""The commands' work without Prefect: the engine and the auditor, with a person's progress, signals and reports around.

The flows and the command line both come here, so a run is the same run whether a Prefect server answers or not.
"""

import logging
from pathlib import Path

from config.errors import VerificationFailed
from config.settings import Settings
from engine import run as engine_run
from engine.gates import Auditor, Case
from engine.workers import Watch
from flows import report
from flows.stopping import on_signal

LOG = logging.getLogger("nxtgauge")


def migrate(
    settings: Settings,
    *,
    run_id: str | None,
    dry_run: bool,
    watch: Watch,
    workers=None,
    certificate: str | None = None,
) -> dict:
    """Plan, build, verify, publish. Returns the report, with the paths of the files that were written as `reports`.

    Errors: every kind of config.errors. Of a run that its gates refuse there is a report too, as the error's `report`.
    """
    options = {"run_id": run_id, "dry_run": dry_run, "watch": watch, "workers": workers, "certificate": certificate}
    try:
        with on_signal(engine_run.STOP):
            summary = engine_run.migrate(settings, auditor=auditor(settings), **options)
    except VerificationFailed as error:
        error.report = _told(error.summary.to_dict()) if error.summary else None
        raise
    return _told(summary.to_dict())


def auditor(settings: Settings) -> Auditor:
    """Judges a run's build by the auditor's own SQL, and reads the source under the run's snapshot."""

    def judge(case: Case) -> dict:
        from checks import verify

        place = {"run_id": case.run_id, "schema": case.schema, "archive": case.archive, "snapshot": case.snapshot}
        return verify.judge(settings, **place, reaching=case.stop.reaching).to_dict()

    return judge


def waive(settings: Settings, run_id: str, check_name: str, reason: str, name: str) -> dict:
    """Opens a closed gate of a run's build, by name and for a reason; the waiver."""
    return engine_run.waive(settings, run_id, check_name, reason, name)


def _told(summary: dict) -> dict:
    made = report.of(summary)
    return made | {"reports": _reported(made, summary["issued"])}


def _reported(made: dict, issued: dict | None = None) -> list[str]:
    """Paths of the reports, of an issued certificate too; none, and a warning, where they cannot be written: the
    migration is done all the same."""
    try:
        paths = report.write(made)
        if issued:
            paths.append(str(Path(paths[0]).with_name("certificate.json")))
            Path(paths[-1]).write_text(report.to_json(issued) + "\n", encoding="utf-8")
        return paths
    except OSError as error:
        LOG.warning("no report was written to %s: %s", report.FOLDER.absolute(), error.strerror)
        return []


def verify(
    settings: Settings,
    *,
    run_id: str | None = None,
    level: str = "full",
    sample: float | None = None,
    data_docs: str | None = None,
) -> dict:
    """Judges what is published, or what a run has built. Returns the report, with the paths of its files.

    sample: per cent of the key ranges. data_docs: a folder for Great Expectations' pages.
    """
    from checks import verify as judge

    with on_signal(engine_run.STOP):
        found = judge.published(
            settings, run_id=run_id, level=level, sample=sample, docs=Path(data_docs) if data_docs else None,
            reaching=engine_run.STOP.reaching,
        ).to_dict()  # fmt: skip
        engine_run.STOP.check()
    if found["run_id"] is None:
        return report.of({"schema": settings.target_schema, "verdict": found}, kind="verify") | {"reports": []}
    made = report.of(engine_run.told(settings, found["run_id"], verdict=found).to_dict(), kind="verify")
    return made | {"reports": _reported(made)}


def rollback(settings: Settings) -> dict:
    """Puts back what stood before the last publish."""
    return engine_run.rollback(settings)
