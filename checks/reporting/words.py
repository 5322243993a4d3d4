"""What a report says in words: the verdict in one sentence, what to do next, and what its parts mean.

Laws
- Every sentence can be read by someone who has never seen the project, and every step names its command.
- Only what is known is said: a run that was not verified is never called right.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from checks.verdict import Json
from config import printable

PROGRAM = "nxtgauge-migrate"
MOST_COMMANDS = 5  # of one step; the report's list of failed checks has the rest

# Group of checks: its heading, and what it is about.
GROUPS = {
    "failure": (
        "What failed",
        "The data is not as the rule says. Each of these keeps the gate closed unless it is waived.",
    ),
    "error": (
        "What could not be checked",
        "These checks broke off, so nothing is known; what is not known counts as not right.",
    ),
    "stale": (
        "What could not be compared",
        "Something was written here since, or is gone, and differs from what the migration made: neither passed nor "
        "failed. Whatever else these checks looked at is equal.",
    ),
    "warning": ("Warnings", "Worth knowing; they do not keep anything from being published."),
    "passed": ("What passed", ""),
}
OF_VERIFICATION = {  # the same once no gate is before what is judged
    "failure": "The data is not as the rule says. Each of these makes the verification fail unless it is waived.",
    "warning": "Worth knowing; they do not make the verification fail.",
}
KINDS = {
    "approval": "a person has approved this build",
    "balance": "every legacy row has exactly one outcome",
    "content": "what arrives unchanged is equal on both sides, row by row",
    "law": "the rules of reshaping hold, row by row",
    "books": "rejected, merged and noted rows agree with the source",
    "catalog": "tables, constraints, indexes and sequences are as declared",
    "money": "sums per currency agree to the last digit",
    "suite": "expectations on the new schema itself",
    "policy": "what the profile allows",
    "seal": "nobody has changed the build, its archive or its books since it was verified",
    "verification": "the build was verified as a whole",
}
TOLERANCE, SOURCE_CHANGED = "tolerance/", "source/changed"
AWAITING = "awaiting"  # the state of a run that a person has to approve
NOTHING_THERE = "published"  # the check that fails where a verification finds nothing to judge
NOT_WAIVED = ("verification", SOURCE_CHANGED)  # what nobody can waive
OUTCOMES = {
    "loaded": "stands in the new schema",
    "merged": "became part of another row",
    "rejected": "left out, for the reason given; kept in migration.rejects",
    "archived": "kept as it was, in the schema legacy_archive",
}

OTHERWISE = {  # of checks that neither passed nor close the gate
    "waived": "did not and are waived",
    "error": "could not be made, which is not critical",
    "stale": "met what could not be compared",
    "warning": "gave a warning",
}


def about(group: str, report: Json) -> str:
    """What a group of checks is about; blank where its heading says all."""
    text = GROUPS[group][1]
    return OF_VERIFICATION.get(group, text) if report["kind"] == "verify" else text


def headline(report: Json) -> dict[str, Any]:
    """tone (good, attention or bad), word (what happened, in capitals), text (the sentence)."""
    if _is_about_nothing(report):
        return {"tone": "bad", "word": "NOTHING TO VERIFY", "text": f"{report['checks'][0]['detail']}."}
    if trouble := _trouble(report):
        text = f"{_joined(trouble)}{_untouched(report)}.{_uncompared(report)}{_not_live(report)}"
        return {"tone": "bad", "word": _bad_word(report), "text": text}
    word = {"migrate": "PUBLISHED", "dry-run": "REHEARSAL PASSED", "verify": "VERIFIED"}[report["kind"]]
    word = "WAITS FOR APPROVAL" if _is_awaiting(report) else f"{word}{_but_for(report)}"
    parts = [part for part in (_rows(report), _checks(report)) if part]
    text = f"{'; '.join(parts)}.{_quick_look(report)}{_not_live(report)}"
    is_odd = _wants_attention(report) or _is_awaiting(report)
    return {"tone": "attention" if is_odd else "good", "word": word, "text": text}


def _not_live(report: Json) -> str:
    """That what was verified is not what the product's users see, where it is not."""
    if report["kind"] != "verify" or report["state"] != "superseded":
        return ""
    return f" Run {report['run_id']} is superseded: another is published, and `nxtgauge-migrate verify` judges that."


def _but_for(report: Json) -> str:
    """What a verification did not compare; nothing where it compared all."""
    if report["kind"] != "verify" or report["verification"] is None or report["verification"]["is_whole"]:
        return ""
    made, broken = report["verification"], [c for c in report["checks"] if c["group"] == "error"]
    since = "the publish" if report["state"] in ("published", "superseded") else "the build was verified"
    places = {"target": f" since {since}", "source": " in the source"}
    found = [_written(made["changes"], side, where) for side, where in places.items()]
    if not any(found) and any(check["group"] == "stale" for check in report["checks"]):
        found.append(f"what was written since {since}")
    found.append(f"{some(len(broken), 'check')} that could not be made" if broken and not is_shut(report) else "")
    found.append("what it was told to leave out" if _quick_look(report) else "")
    return f", but for {_joined([part for part in found if part])}"


def _uncompared(report: Json) -> str:
    """What was not compared beside that which is wrong."""
    found = _but_for(report).removeprefix(", but for ")
    return f" Beside that, not everything was compared: {found}." if found else ""


def _written(changes: Iterable[Json], side: str, when: str) -> str:
    """The rows of one side that were written since, in words."""
    sums = {what: sum(each[what] for each in changes if each["side"] == side) for what in ("changed", "added", "gone")}
    found = [f"{number:,} {what}" for what, number in sums.items() if number]
    if not found:
        return ""
    number, what = found[0].split()
    found[0] = f"{number} {'row' if number == '1' else 'rows'} {what}"
    return f"{_joined(found)}{when}"


def _bad_word(report: Json) -> str:
    if report["kind"] == "migrate":
        return "PUBLISHED, BUT NOT RIGHT" if report["state"] == "published" else "NOT PUBLISHED"
    return {"dry-run": "REHEARSAL FAILED", "verify": "VERIFICATION FAILED"}[report["kind"]]


def _trouble(report: Json) -> list[str]:
    """Why it cannot be called right; empty if it can."""
    failed = _closing(report, "failure")
    broken, stale = _closing(report, "error"), _closing(report, "stale")
    found = [f"{some(len(failed), 'check')} failed"] if failed else []
    found += [f"{some(len(broken), 'check')} could not be made"] if broken else []
    found += [f"{some(len(stale), 'check')} could no longer be compared"] if stale else []
    if report["verification"] is not None and not report["checks"]:
        found.append("not a single check was made")
    if report["verification"] is None and (wrong := _unbalanced(report)):
        found.append(f"the rows of {some(len(wrong), 'table')} do not add up")
    if found or _has_ended_well(report):
        return found
    why = f": {_first_line(report['error'])}" if report["error"] else ""
    return [f"the run {_state(report)}{why}"]


def _has_ended_well(report: Json) -> bool:
    wanted = {"migrate": ("published", AWAITING), "dry-run": ("discarded",)}.get(report["kind"])
    return wanted is None or report["state"] in wanted


def _is_awaiting(report: Json) -> bool:
    return (report["kind"], report["state"]) == ("migrate", AWAITING)


def _state(report: Json) -> str:
    known = {"interrupted": "was stopped", "failed": "failed", "running": "has not ended", "rolled_back": "was undone"}
    return known.get(report["state"], "did not come to its end")


def _untouched(report: Json) -> str:
    if report["kind"] == "migrate" and report["state"] != "published":
        return "; what was published before is untouched"
    return ""


def _wants_attention(report: Json) -> bool:
    """Whether somebody has to know more than that all is well. Warnings alone are no such thing."""
    odd = any(check["group"] in ("failure", "error", "stale") for check in report["checks"])
    return odd or report["verification"] is None or bool(_quick_look(report) or report["changed_tables"])


def _rows(report: Json) -> str:
    tables = report["tables"]
    if not tables:
        return ""
    if wrong := _unbalanced(report):
        return f"the rows of {some(len(wrong), 'table')} of {len(tables):,} do not add up"
    rows, rejected = (sum(row.get(name) or 0 for row in tables) for name in ("source_rows", "rejected"))
    left_out = f", {rejected:,} of them rejected for a reason that is given below" if rejected else ""
    counted = f"all {some(rows, 'legacy row')} in {some(len(tables), 'table')}"
    if _but_for(report):
        return f"the books account for {counted}{left_out}; what could be compared is as it should be"
    return f"{counted} are accounted for{left_out}"


def _checks(report: Json) -> str:
    if report["verification"] is None:
        return "nothing was verified"
    counts = Counter("waived" if check["waived"] else check["group"] for check in report["checks"])
    if counts["passed"] == len(report["checks"]):
        return f"all {some(counts['passed'], 'check')} passed"
    others = [f"{counts[group]:,} {what}" for group, what in OTHERWISE.items() if counts[group]]
    return _joined([f"{some(counts['passed'], 'check')} passed", *others])


def _quick_look(report: Json) -> str:
    """What was asked to be left out; a look at everything has none."""
    made = report["verification"]
    if made is None or (made["level"] in ("full", None) and made["sample"] is None):
        return ""
    sample = f", {made['sample']:g} % of the rows" if made["sample"] is not None else ""
    return f" This was a quick look: level {made['level']}{sample}."


def next_steps(report: Json) -> list[dict[str, Any]]:
    """text, and commands (or SQL) to copy; the most urgent first."""
    if _is_about_nothing(report):
        return [_step("Migrate first; a verification judges what a run has left:", _command("migrate"))]
    return _mend(report) if _trouble(report) else _go_on(report)


def _is_about_nothing(report: Json) -> bool:
    return any(check["name"] == NOTHING_THERE and check["closes"] for check in report["checks"])


def _mend(report: Json) -> list[dict[str, Any]]:
    failed, broken = _closing(report, "failure"), _closing(report, "error")
    steps = []
    if report["error"] and not is_shut(report):
        steps.append(_step("Read why the run stopped, under “Why the run stopped” below, and remove the cause."))
    if failed:
        steps.append(
            _step("Look at the failed checks below: each names the rule, the table, and the rows by their keys.")
        )
    if _is_about_tolerance(report):
        steps.append(_step(_tolerance(report)))
    if broken:
        steps.append(_step("Remove what broke the checks that could not be made (a time-out, a missing privilege)."))
    steps.append(_again(report))
    waivable = [check for check in report["checks"] if check["closes"] and check["name"] not in NOT_WAIVED]
    if waivable and report["kind"] == "migrate" and report["state"] != "published":  # else no build waits for it
        steps.append(_waive(report, waivable))
    if report["state"] == "published":  # a rollback takes back what is live, whatever was verified
        steps.append(
            _step("If the product must not go on like this, put back what stood before:", _command("rollback"))
        )
    return steps


def _again(report: Json) -> dict[str, Any]:
    if report["kind"] == "verify":
        text = "Mend the rows in the target, or mend the source and migrate again; then judge once more:"
        return _step(text, _command("verify"))
    dry = ("--dry-run",) if report["kind"] == "dry-run" else ()
    can_go_on = report["run_id"] and report["state"] != "published" and not dry and not _is_shut_for_good(report)
    run = ("--run", report["run_id"]) if can_go_on else ()
    text = "Mend the cause in the source (or in the mapping), and run again; what is done and still true stays done:"
    return _step(
        text if run else "Mend the cause in the source (or in the mapping), and run again:",
        _command("migrate", *dry, *run, profile=report["profile"]),
    )


def _is_shut_for_good(report: Json) -> bool:
    """Whether a gate has failed that no further attempt at this build judges anew."""
    again = (TOLERANCE, SOURCE_CHANGED)
    return any(not check["name"].startswith(again) for check in _closing(report, "failure"))


def _waive(report: Json, checks: Sequence[Json]) -> dict[str, Any]:
    run = report["run_id"] or "RUN"
    text = "Only if a finding is understood and accepted, waive it by name; every later report will show it:"
    commands = [f"{_command('waive', run, check['name'])} --reason '…' --by NAME" for check in checks[:MOST_COMMANDS]]
    if len(checks) > MOST_COMMANDS:
        commands.append(f"# and {len(checks) - MOST_COMMANDS} more likewise; their names are below")
    return _step(text, *commands, _command("migrate", "--run", run, profile=report["profile"]))


def _is_about_tolerance(report: Json) -> bool:
    named = any(check["name"].startswith(TOLERANCE) for check in report["checks"] if check["closes"])
    return named or "tolerated" in (report["error"] or "")


def _tolerance(report: Json) -> str:
    file = f"config/profiles/{report['profile'] or 'PROFILE'}.toml"
    return (
        "More rows are rejected than the profile tolerates: mend them in the source, or allow a number for the reason "
        f"under [tolerance] in {file}."
    )


def _go_on(report: Json) -> list[dict[str, Any]]:
    steps = []
    if _is_awaiting(report):
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
        steps.append(_step(text, _command("migrate", profile="production")))
    if any(row["rows"] for row in report["rejects"]):
        steps.append(
            _step(
                "Read “Rejected, by reason” below. The rows themselves stand in the target database:",
                *_rejects(report["run_id"]),
            )
        )
    if any(check["group"] == "warning" for check in report["checks"]):
        steps.append(_step("Read the warnings; what they name may be older than the migration."))
    steps += _of_changes(report)
    if report["verification"] is None:
        steps.append(_step("Nothing was verified yet. Judge what is published:", _command("verify")))
    elif _quick_look(report):
        steps.append(_step("Look at everything, once there is time:", _command("verify", "--level", "full")))
    if report["kind"] == "migrate" and not _is_awaiting(report):
        steps.append(_step("Should the product have to go back to what stood before:", _command("rollback")))
    return steps or [_step("Nothing: everything that was looked at is as it should be.")]


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


def _rejects(run_id: str | None) -> tuple[str, str]:
    quoted = (run_id or "RUN").replace("'", "''")
    columns = "select legacy_table, legacy_key, reason, detail"
    return columns, f"from migration.rejects where run_id = '{quoted}' order by reason, legacy_table;"


def _step(text: str, *commands: str) -> dict[str, Any]:
    return {"text": text, "commands": list(commands)}


def _command(*words: str, profile: str | None = None) -> str:
    options = ("--profile", profile) if profile else ()
    return " ".join((PROGRAM, *map(printable.word, (*options, *words))))


def unnamed(count: int, named: int) -> str:
    """What is said of rows that are counted and not named; nothing, where there are none."""
    if count <= 0:
        return ""
    return (
        f"and {some(count, 'more row')}, not named here" if named else f"{some(count, 'row')}, none of them named here"
    )


def is_shut(report: Json) -> bool:
    """Whether a check keeps the gate closed."""
    return any(check["closes"] for check in report["checks"])


def title_of_gate(gate: Json) -> str:
    """The rule behind a gate that is no check of the verification's, as a sentence."""
    if gate["check_name"].startswith(TOLERANCE):
        return "no more rows are rejected for a reason than the profile tolerates"
    if gate["check_name"] == SOURCE_CHANGED:
        return "the source stood still while it was read"
    return KINDS.get(gate["kind"], "held when this build was judged before")


def _closing(report: Json, group: str) -> list[Json]:
    return [check for check in report["checks"] if check["closes"] and check["group"] == group]


def _unbalanced(report: Json) -> list[Json]:
    return [row for row in report["tables"] if not row.get("balanced")]


def some(count: int, what: str) -> str:
    """1 row, 2 rows."""
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


def _joined(parts: Sequence[str]) -> str:
    return " and ".join(parts) if len(parts) < 3 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _first_line(text: str) -> str:
    return next(iter(text.strip().splitlines()), "").rstrip(":.")
