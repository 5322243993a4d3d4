"""The staging copy for the command line: its options, its proof, and its result as text."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from config.errors import ConfigError
from config.settings import Settings
from engine import staging
from engine.session.execution import Watch
from engine.session.stop import STOP
from engine.staging import HeldCopy, Wish
from flows.local.report import columns
from flows.local.stopping import on_signal

if TYPE_CHECKING:
    from checks.scan.result import Finding

TOLD = ("kept", "unsearched")  # remarks of the scan that a person should read
LISTED = 40  # columns of one remark
WHOLE = 100.0  # per cent


def stage(settings: Settings, wish: Wish, watch: Watch | None = None) -> dict[str, Any]:
    """Make the copy anew and prove it; what engine.staging.refresh tells.

    Errors: every kind of config.errors; VerificationFailed where something is left that should be masked.
    """
    with on_signal(STOP):
        return staging.refresh(settings, wish, _proof(settings), watch)


def wish(percent: float = WHOLE, unmasked: bool = False, reason: str | None = None, by: str | None = None) -> Wish:
    """percent: of users, above 0 and up to 100.

    Errors: ConfigError for any other percent, or where an unmasked copy has no reason, or a masked one has one.
    """
    if not 0 < percent <= WHOLE:
        raise ConfigError(f"percent is {percent:g}; wanted one above 0 and up to 100, which is the whole")
    if unmasked and not (reason and by):
        raise ConfigError("--unmasked copies personal data as it is: it needs --reason TEXT and --by NAME")
    if not unmasked and (reason or by):
        raise ConfigError("--reason and --by say why a copy is not masked: they need --unmasked")
    return Wish(None if percent == WHOLE else percent, not unmasked, reason, by)


def _proof(settings: Settings) -> Callable[[HeldCopy], dict[str, Any]]:
    """Judges by the auditor's own reading of both databases, the source in the copy's own snapshot."""

    def prove(copy: HeldCopy) -> dict[str, Any]:
        from checks.scan.scan import scan

        found = scan(settings, copy.copy_id, copy.snapshot, STOP.reaching, copy.steps)
        faults = [_fault(one) for one in found.findings]
        return found.to_dict() | {"faults": faults or ([] if found.passed else ["nothing was compared"])}

    return prove


def _fault(one: "Finding") -> str:
    """A finding as a sentence; one without a column is of the definition of an object."""
    if one.column or not one.table:
        return f"{one.table}.{one.column}: {one.detail} ({one.cells} cells); {one.remedy}"
    return f"{one.table}: {one.detail}; {one.remedy}"


def plan(settings: Settings, wish: Wish) -> dict[str, Any]:
    """How every column would be carried, and what stands in the way; nothing is copied."""
    chosen, faults = staging.choices(settings, wish)
    columns = [
        {"table": one.table, "column": one.column, "kind": one.kind, "why": one.why} for one in chosen
    ]  # fmt: skip
    return {"columns": columns, "faults": faults}


def plan_text(planned: dict[str, Any]) -> str:
    """A line for each column, the faults below."""
    rows = [(f"{one['table']}.{one['column']}", one["kind"], one["why"]) for one in planned["columns"]]
    return "\n".join([columns(("column", "kind", "why"), rows), *_faults(planned["faults"])])


def _faults(faults: list[str]) -> list[str]:
    return ["", "refused:", *(f"  - {fault}" for fault in faults)] if faults else []


def text(told: dict[str, Any]) -> str:
    """A line for each table, then what was proven, then what a person should know."""
    head = ("table", "source rows", "rows", "masked columns", "seconds")
    rows = [(t["table"], t["source_rows"], t["rows"], len(t["masked"]), t["seconds"]) for t in told["tables"]]
    return "\n".join([columns(head, rows), "", *remarks(told), _proven(told), _whole(told)])


def _whole(told: dict[str, Any]) -> str:
    rows = sum(table["rows"] for table in told["tables"])
    share = f"a sample of {told['percent']:g} % of the users" if told["percent"] is not None else "whole"
    return f"copy {told['copy_id']} ({share}): {rows:,} rows in {told['staging']}, {told['seconds']:.1f} s"


def remarks(told: dict[str, Any]) -> list[str]:
    """What a person should know of the copy, and what the scan says of texts that nobody asked to keep."""
    kept = [_shortened(one["detail"]) for one in (told["scan"] or {}).get("remarks", ()) if one["check"] in TOLD]
    return [*told["remarks"], *kept]


def _shortened(detail: str) -> str:
    """A remark, of a long list its beginning: the books have it whole."""
    names = detail.split(", ")
    if len(names) <= LISTED:
        return detail
    more = f"and {len(names) - LISTED} more, which nxtgauge_staging.copies.scan lists"
    return f"{', '.join(names[:LISTED])} {more}"


def _proven(told: dict[str, Any]) -> str:
    if not told["is_masked"]:
        return f"unmasked, for {told['name']}: {told['reason']}"
    if told["scan"] is None:
        return "masked, and not proven"
    if "compared" not in told["scan"]:
        return f"proven: {told['scan']['detail']}"
    scan = told["scan"]
    compared = sum(one["cells"] for one in scan["compared"])
    limits = _limits({check: _count(scan, check) for check in ("kept", "unproved", "unsearched")})
    return (
        f"proven{limits}: {compared:,} masked cells held against their originals, {scan['cells']:,} cells and "
        f"{scan['definitions']:,} texts of definitions searched for addresses, numbers and names of the source; "
        "none was found"
    )


def _count(scan: dict[str, Any], check: str) -> int:
    return sum(one["cells"] for one in scan["remarks"] if one["check"] == check)


def _limits(counts: dict[str, int]) -> str:
    """What the proof does not reach, as a part of its headline."""
    said = {
        "kept": "{:,} cells of text that are kept, searched for what masked columns hold and for nothing else",
        "unproved": "{:,} cells that could not be held against their originals",
        "unsearched": "{:,} columns of numbers, times and the like that are kept, searched for phone numbers at most",
    }
    found = [said[check].format(count) for check, count in counts.items() if count]
    return f", but for {'; '.join(found)}" if found else ""
