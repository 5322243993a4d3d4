"""The headline of a report: what happened, in a word and in one sentence.

Law: only what is known is said; a run that was not verified is never called right.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from checks.reporting.conditions import (
    AWAITING,
    closing,
    is_about_nothing,
    is_awaiting,
    is_quick_look,
    is_shut,
    unbalanced,
)
from checks.reporting.live import words
from checks.reporting.words import joined, some
from checks.verdict import Json

OTHERWISE = {  # of checks that neither passed nor close the gate
    "waived": "did not and are waived",
    "error": "could not be made, which is not critical",
    "stale": "met what could not be compared",
    "warning": "gave a warning",
}

BAD = {
    "migrate": "NOT PUBLISHED",
    "cutover": "NOT CUT OVER",
    "dry-run": "REHEARSAL FAILED",
    "verify": "VERIFICATION FAILED",
    "sync": "THE BUILD DOES NOT FOLLOW",
}
LIVE_BUT_BAD = {"migrate": "PUBLISHED, BUT NOT RIGHT", "cutover": "CUT OVER, BUT NOT RIGHT"}
ENDS = {
    "migrate": ("published", AWAITING),
    "dry-run": ("discarded",),
    "sync": ("built",),
    "cutover": ("published", AWAITING),
}
GOOD = {
    "migrate": "PUBLISHED",
    "cutover": "CUT OVER",
    "dry-run": "REHEARSAL PASSED",
    "verify": "VERIFIED",
    "sync": "THE BUILD FOLLOWS",
}


def headline(report: Json) -> dict[str, Any]:
    """tone (good, attention or bad), word (what happened, in capitals), text (the sentence)."""
    if is_about_nothing(report):
        return {"tone": "bad", "word": "NOTHING TO VERIFY", "text": f"{report['checks'][0]['detail']}."}
    if found := trouble(report):
        text = f"{joined(found)}{_untouched(report)}.{_uncompared(report)}{_not_live(report)}"
        return {"tone": "bad", "word": _bad_word(report), "text": text}
    word = GOOD[report["kind"]]
    word = "WAITS FOR APPROVAL" if is_awaiting(report) else f"{word}{_but_for(report)}"
    parts = [part for part in (_live(report), _rows(report), _checks(report)) if part]
    text = f"{'; '.join(parts)}.{_quick_look(report)}{_not_live(report)}{_told_late(report)}"
    is_odd = _wants_attention(report) or is_awaiting(report)
    return {"tone": "attention" if is_odd else "good", "word": word, "text": text}


def _late(report: Json) -> str:
    return words.late(report["late_writes"])


def _told_late(report: Json) -> str:
    """Of a run that was cut over, whatever is said of it later; the cut-over's own report has it as its trouble."""
    return f" At the cut-over {_late(report)}." if _late(report) else ""


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
    found.append("what it was told to leave out" if is_quick_look(report) else "")
    return f", but for {joined([part for part in found if part])}"


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
    return f"{joined(found)}{when}"


def _bad_word(report: Json) -> str:
    words_of = LIVE_BUT_BAD if report["state"] == "published" else BAD
    return words_of.get(report["kind"], BAD[report["kind"]])


def trouble(report: Json) -> list[str]:
    """Why it cannot be called right; empty if it can."""
    failed = closing(report, "failure")
    broken, stale = closing(report, "error"), closing(report, "stale")
    found = [f"{some(len(failed), 'check')} failed"] if failed else []
    found += [f"{some(len(broken), 'check')} could not be made"] if broken else []
    found += [f"{some(len(stale), 'check')} could no longer be compared"] if stale else []
    found += [_late(report)] if report["kind"] == "cutover" and _late(report) else []
    if report["verification"] is not None and not report["checks"]:
        found.append("not a single check was made")
    if report["verification"] is None and (wrong := unbalanced(report)):
        found.append(f"the rows of {some(len(wrong), 'table')} do not add up")
    if found or _has_ended_well(report):
        return found
    why = f": {_first_line(report['error'])}" if report["error"] else ""
    return [f"the run {_state(report)}{why}"]


def _has_ended_well(report: Json) -> bool:
    wanted = ENDS.get(report["kind"])
    return wanted is None or report["state"] in wanted


def _state(report: Json) -> str:
    known = {"interrupted": "was stopped", "failed": "failed", "running": "has not ended"}
    known |= dict.fromkeys(("rolled_back", "withdrawn"), "was undone")
    return known.get(report["state"], "did not come to its end")


def _untouched(report: Json) -> str:
    if report["kind"] not in LIVE_BUT_BAD or report["state"] == "published":
        return ""
    goes_on = " and the old application goes on" if report["kind"] == "cutover" else ""
    return f"; what was published before is untouched{goes_on}"


def _wants_attention(report: Json) -> bool:
    """Whether somebody has to know more than that all is well. Warnings alone are no such thing."""
    odd = any(check["group"] in ("failure", "error", "stale") for check in report["checks"])
    odd = odd or bool(report["late_writes"])
    is_unverified = report["verification"] is None and report["kind"] != "sync"  # which is verified at its cut-over
    return odd or is_unverified or is_quick_look(report) or bool(report["changed_tables"])


def _live(report: Json) -> str:
    """How far a build follows, or how long writers waited for a cut-over."""
    if report["kind"] == "sync" and report["rounds"]:
        return words.followed(report["rounds"][-1])
    is_rehearsed = report["kind"] == "dry-run" and bool((report["certificate"] or {}).get("cutover"))
    is_over = is_rehearsed or (report["kind"] == "cutover" and report["state"] == "published")
    is_over = is_over and bool(report["cutovers"])
    return words.waited(report["cutovers"][-1]) if is_over else ""


def _rows(report: Json) -> str:
    tables = report["tables"]
    if not tables:
        return ""
    if wrong := unbalanced(report):
        return f"the rows of {some(len(wrong), 'table')} of {len(tables):,} do not add up"
    rows, rejected = (sum(row.get(name) or 0 for row in tables) for name in ("source_rows", "rejected"))
    left_out = f", {rejected:,} of them rejected for a reason that is given below" if rejected else ""
    counted = f"all {some(rows, 'legacy row')} in {some(len(tables), 'table')}"
    if _but_for(report):
        return f"the books account for {counted}{left_out}; what could be compared is as it should be"
    return f"{counted} are accounted for{left_out}"


def _checks(report: Json) -> str:
    if report["verification"] is None:
        return "" if report["kind"] == "sync" else "nothing was verified"
    counts = Counter("waived" if check["waived"] else check["group"] for check in report["checks"])
    if counts["passed"] == len(report["checks"]):
        return f"all {some(counts['passed'], 'check')} passed"
    others = [f"{counts[group]:,} {what}" for group, what in OTHERWISE.items() if counts[group]]
    return joined([f"{some(counts['passed'], 'check')} passed", *others])


def _quick_look(report: Json) -> str:
    """What was asked to be left out; a look at everything has none."""
    if not is_quick_look(report):
        return ""
    made = report["verification"]
    sample = f", {made['sample']:g} % of the rows" if made["sample"] is not None else ""
    return f" This was a quick look: level {made['level']}{sample}."


def _first_line(text: str) -> str:
    return next(iter(text.strip().splitlines()), "").rstrip(":.")
