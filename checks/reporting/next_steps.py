"""What to do after a report: steps in words, the most urgent first, each with the commands to copy.

Law: a step can be read by someone who has never seen the project, and names its command.
"""

from collections.abc import Sequence
from typing import Any

from checks.reporting.conditions import closing, is_about_nothing, is_awaiting, is_quick_look, is_shut
from checks.reporting.headline import trouble
from checks.reporting.live import rehearsed
from checks.reporting.words import SOURCE_CHANGED, TOLERANCE
from checks.verdict import Json
from config import origins, printable

PROGRAM = "nxtgauge-migrate"
MOST_COMMANDS = 5  # of one step; the report's list of failed checks has the rest
NOT_WAIVED = ("verification", SOURCE_CHANGED)  # what nobody can waive


def next_steps(report: Json) -> list[dict[str, Any]]:
    """text, and commands to copy; the most urgent first."""
    if is_about_nothing(report):
        return [_step("Migrate first; a verification judges what a run has left:", _command("migrate"))]
    return _mend(report) if trouble(report) else _go_on(report)


def _mend(report: Json) -> list[dict[str, Any]]:
    failed, broken = closing(report, "failure"), closing(report, "error")
    steps = _late(report)
    if report["error"] and not is_shut(report):
        steps.append(_step("Read why the run stopped, under “Why the run stopped” below, and remove the cause."))
    if failed:
        steps.append(
            _step("Look at the failed checks below: each names the rule, the table, and the rows by their keys.")
        )
    if _is_about_tolerance(report):
        steps.append(_step(_tolerance(report)))
    if _is_unverified(report):
        text = "The verification was left out, for these checks had failed already. To learn what else is wrong:"
        steps.append(_step(text, _command("migrate", "--run", report["run_id"] or "RUN", "--verify-anyway")))
    if broken:
        steps.append(_step("Remove what broke the checks that could not be made (a time-out, a missing privilege)."))
    if not (report["late_writes"] and report["kind"] == "cutover"):
        steps.append(_again(report))
    waivable = [check for check in report["checks"] if check["closes"] and check["name"] not in NOT_WAIVED]
    if (
        waivable and report["kind"] in ("migrate", "cutover") and report["state"] != "published"
    ):  # else no build waits for it
        steps.append(_waive(report, waivable))
    if report["state"] == "published":  # a rollback takes back what is live, whatever was verified
        steps.append(_step("If the product must not go on like this, put back what stood before:", _back(report)))
    return steps


def _late(report: Json) -> list[dict[str, Any]]:
    """What to do where writes reached the source after the fence."""
    if not report["late_writes"]:
        return []
    return [
        _step(
            "See that nobody writes to the legacy database any more: what was written came past, or before, the fence."
        ),
        _step(
            "Take the late writes over by hand, under “How long writers waited” they are counted by table; or go back "
            "to the legacy database, which has them, and keep what was written to the new schema:",
            _back(report),
        ),
    ]


def _back(report: Json) -> str:
    """The way back; after a cut-over the new schema is in use from the first second on. It says itself what it wants
    besides, where nothing stood there before."""
    return f"{_command('rollback')} --export FOLDER" if report["cutovers"] else _command("rollback")


def _is_unverified(report: Json) -> bool:
    """Whether a run ended at its own checks, and nobody has looked at what it built."""
    return report["kind"] == "migrate" and report["verification"] is None and is_shut(report)


def _again(report: Json) -> dict[str, Any]:
    if report["kind"] == "sync":
        return _step("Remove the cause, and have the build follow on:", _command("sync", *_of_run(report)))
    if report["kind"] == "cutover" and report["state"] != "published":
        text = "The build goes on following; remove the cause, and cut over once more:"
        return _step(text, _command("sync", *_of_run(report)), _command("cutover", *_of_run(report)))
    if report["kind"] == "verify":
        text = "Mend the rows in the target, or mend the source and migrate again; then judge once more:"
        return _step(text, _command("verify"))
    is_dry = report["kind"] == "dry-run"
    can_go_on = report["run_id"] and report["state"] != "published" and not is_dry and not _is_shut_for_good(report)
    if can_go_on:
        text = "Mend the cause (in the source, the mapping or the profile), and go on; what is still true stays done:"
        return _step(text, _go_on_with(report["run_id"]))
    anew = "Mend the cause in the source (or in the mapping), and begin anew:"
    has_followed = bool(report["rounds"])  # of rehearsals, those of a cut-over alone
    words: tuple[str, ...] = ("rehearse", "--cutover", "--refresh") if has_followed else ("rehearse",)
    words = words if report["is_on_staging"] else ("migrate", "--dry-run") if is_dry else ("migrate",)
    return _step(anew, _command(*words, profile=report["profile"]))


def _of_run(report: Json) -> tuple[str, ...]:
    return ("--run", report["run_id"]) if report["run_id"] else ()


def _go_on_with(run_id: str) -> str:
    """A resumed run keeps its profile, so the command names none."""
    return _command("migrate", "--run", run_id)


def _is_shut_for_good(report: Json) -> bool:
    """Whether a gate has failed that no further attempt at this build judges anew."""
    again = (TOLERANCE, SOURCE_CHANGED)
    return any(not check["name"].startswith(again) for check in closing(report, "failure"))


def _waive(report: Json, checks: Sequence[Json]) -> dict[str, Any]:
    run = report["run_id"] or "RUN"
    text = "Only if a finding is understood and accepted, waive it by name; every later report will show it:"
    commands = [f"{_command('waive', run, check['name'])} --reason '…' --by NAME" for check in checks[:MOST_COMMANDS]]
    if len(checks) > MOST_COMMANDS:
        commands.append(f"# and {len(checks) - MOST_COMMANDS} more likewise; their names are below")
    return _step(text, *commands, _go_on_with(run))


def _is_about_tolerance(report: Json) -> bool:
    named = any(check["name"].startswith(TOLERANCE) for check in report["checks"] if check["closes"])
    return named or "tolerated" in (report["error"] or "")


def _tolerance(report: Json) -> str:
    file = origins.profile_shown(report["profile"] or "PROFILE")
    return (
        "More rows are rejected than the profile tolerates: mend them in the source, or allow a number for the reason "
        f"under [tolerance] in {file}."
    )


def _go_on(report: Json) -> list[dict[str, Any]]:
    steps = [*_late(report), *_following(report)]
    if is_awaiting(report):
        approve = _command("approve", report["run_id"])
        text = "Nothing is published yet. Say yes or no here, or on the form of the paused run in Prefect's UI:"
        steps.append(_step(text, approve, f"{approve} --reject --comment '…'"))
    if report["kind"] == "dry-run":
        text = (
            "Nothing keeps it from being published. Nothing was published, for this was a rehearsal. The real run is:"
        )
        if any(row["rows"] for row in report["rejects"]):
            text = (
                "This was a rehearsal, and nothing was published. The profile production refuses rejected rows unless "
                "config/profiles/production.toml allows so many for their reason ([tolerance]). The real run is:"
            )
        if rehearsed.of(report):
            steps.append(
                _step(text, _command("sync", "--until-stopped", profile="production"), _command("cutover")),
            )
            steps.append(
                _step(
                    "The staging copy holds what the writer wrote; before anybody uses it, make it anew:",
                    _command("stage"),
                )
            )
        else:
            steps.append(_step(text, _command("migrate", profile="production")))
    if any(row["rows"] for row in report["rejects"]):
        steps.append(
            _step(
                "Read “Rejected, by reason” below. The rows themselves, by their keys:",
                _command("rejects", "--run", report["run_id"] or "RUN"),
            )
        )
    if any(check["group"] == "warning" for check in report["checks"]):
        steps.append(_step("Read the warnings; what they name may be older than the migration."))
    steps += _of_changes(report)
    if report["verification"] is None and report["kind"] != "sync":
        steps.append(_step("Nothing was verified yet. Judge what is published:", _command("verify")))
    elif is_quick_look(report):
        steps.append(_step("Look at everything, once there is time:", _command("verify", "--level", "full")))
    if report["kind"] in ("migrate", "cutover") and not is_awaiting(report):
        steps.append(_step("Should the product have to go back to what stood before:", _back(report)))
    return steps or [_step("Nothing: everything that was looked at is as it should be.")]


def _following(report: Json) -> list[dict[str, Any]]:
    """What can be done with a build that follows, or what is to be done once it was cut over."""
    if report["kind"] == "cutover" and not is_awaiting(report):
        return [_step("Start the new application on the new schema; the old one stays stopped.")]
    if report["kind"] != "sync":
        return []
    of_run = _of_run(report)
    return [
        _step("Cut over when you are ready; it says before what it will do, and asks:", _command("cutover", *of_run)),
        _step("Until then, have the build follow on:", _command("sync", *of_run, "--until-stopped")),
        _step("Or give it up; the source is as it was:", _command("sync", *of_run, "--abort")),
    ]


def _of_changes(report: Json) -> list[dict[str, Any]]:
    """What to do about rows that could not be compared."""
    changes = (report["verification"] or {}).get("changes") or ()
    there = [change for change in changes if change["side"] == "target"]
    steps = []
    if any(change["changed"] or change["added"] for change in there):
        text = (
            "Rows that were written since are the product's own, and nobody can judge them by the legacy data. If the "
            "product is in use, that needs nothing; if nobody should have written yet, find out who did."
        )
        steps.append(_step(text))
    if any(change["gone"] for change in there):
        text = (
            "Rows are gone: find out whether the product deleted them. The report has the first hundred of each check "
            "by key. If they are missed, put them back from a backup, or take the publish back:"
        )
        steps.append(_step(text, _command("rollback")))
    if any(change["side"] == "source" for change in changes):
        text = (
            "The legacy database has been written to since it was read, and none of that is in the target. If it "
            "should be, migrate again; else close the legacy database to its writers."
        )
        steps.append(_step(text))
    return steps


def _step(text: str, *commands: str) -> dict[str, Any]:
    return {"text": text, "commands": list(commands)}


def _command(*words: str, profile: str | None = None) -> str:
    options = ("--profile", profile) if profile else ()
    return " ".join((PROGRAM, *map(printable.word, (*options, *words))))
