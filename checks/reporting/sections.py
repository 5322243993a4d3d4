"""A report's parts in the order a person wants them, apart from how they look: HTML, Markdown and text render these.

Laws
- The next steps come first, then failures, then what passed.
- An empty part is left out; only the verdict and the next steps are always there.
- Cells hold plain values. Escaping and the spelling of control characters is the renderer's, for every value.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from checks.reporting import model
from checks.reporting.blocks import Block, Cells, Chart, FindingBlock, Steps, TableBlock, Text, Verbatim, slim
from checks.reporting.conditions import is_shut
from checks.reporting.live import parts as live
from checks.reporting.live import rehearsed
from checks.reporting.words import GROUPS, KINDS, OUTCOMES, about, said
from checks.verdict import Json
from config import note_kinds, reasons

CHECK_HEAD = ("check", "table", "rule", "found")
BALANCE_HEAD = ("table", "source rows", "loaded", "merged", "rejected", "archived", "balances")

GLANCE = 5  # more findings than these get a list before them
OTHERS = {"error": "not made", "stale": "stale", "warning": "warnings"}  # beside passed and failed


@dataclass(frozen=True)
class Section:
    """id: its anchor. is_detail: long and for reference, so only a page that can fold shows it."""

    id: str
    title: str
    blocks: tuple[Block, ...]
    is_detail: bool = False


def title(report: Json) -> str:
    """What the report is of, in one line."""
    kinds = {"migrate": "Migration", "dry-run": "Rehearsal (dry run)", "verify": "Verification"}
    kinds |= {"sync": "Following the source", "cutover": "Cut-over"}
    run = f", run {report['run_id']}" if report["run_id"] else ""
    return f"{kinds[report['kind']]}{run}"


def made_at(report: Json) -> str:
    """When it was made, as a person reads it."""
    return f"{_second(report['generated_at'])} UTC"


def badge(check: Json) -> str:
    """The result of a check, in a word or two."""
    word = check["severity"].upper() if check["group"] == "warning" else check["status"]
    return f"{word}, waived" if check["waived"] else word


def facts(report: Json) -> list[tuple[str, object]]:
    """The figures of the report's head: label and value."""
    found: list[tuple[str, object]] = []
    if report["tables"]:
        total = model.total(report["tables"])
        found += [("legacy rows", total["source_rows"]), ("loaded", total["loaded"]), ("rejected", total["rejected"])]
    if report["verification"]:
        counts = {group: len(model.of_group(report, group)) for group in model.GROUPS}
        found += [("checks passed", counts["passed"]), ("failed", counts["failure"])]
        found += [(label, counts[group]) for group, label in OTHERS.items() if counts[group]]
    if spent := sum(report["timings"].values()) or (report["verification"] or {}).get("seconds"):
        found.append(("took", model.seconds(spent)))
    return found


def sections(report: Json) -> list[Section]:
    """All parts that have something to say."""
    made = (
        Section("next", "What to do next", (Steps(tuple(report["next_steps"])),)),
        # Where checks closed the gate, the error says nothing but that.
        Section("stopped", "Why the run stopped", () if is_shut(report) else _verbatim(report["error"])),
        *(Section(group, GROUPS[group][0], tuple(_found(report, group))) for group in ("failure", "error")),
        Section("stale", GROUPS["stale"][0], tuple(_listed(report, "stale"))),
        Section("warning", GROUPS["warning"][0], tuple(_found(report, "warning"))),
        Section("pause", "How long writers waited", tuple(live.pause(report))),
        Section("rehearsed", "The rehearsed cut-over", tuple(rehearsed.parts(report))),
        Section("rounds", "Rounds", tuple(live.rounds(report))),
        Section("checked", "What was checked", tuple(_checked(report))),
        Section("balance", "What became of every row", tuple(_balance(report))),
        Section("rejects", "Rejected, by reason", tuple(_rejects(report))),
        Section("notes", "Notes", tuple(_notes(report))),
        Section("waivers", "Waivers", tuple(_waivers(report))),
        Section("not-looked-at", "What was not looked at", tuple(_not_looked_at(report))),
        Section("timings", "Where the time went", tuple(_timings(report))),
        Section("certificate", "Rehearsal certificate", tuple(_certificate(report))),
        Section("missing", "Not in the legacy database", _names(report["missing_tables"], MISSING)),
        Section("changed", "Changed in the source since it was read", _names(report["changed_tables"], CHANGED)),
        Section("passed", GROUPS["passed"][0], tuple(_listed(report, "passed")), is_detail=True),
    )
    return [replace(section, blocks=tuple(map(slim, section.blocks))) for section in made if section.blocks]


MISSING = "The mapping knows these tables; the source has none of them."
CHANGED = "Somebody wrote to these tables after the run's snapshot; what they wrote is not in the target."


def _verbatim(text: str | None) -> tuple[Block, ...]:
    return (Verbatim(tuple(text.strip().splitlines())),) if text and text.strip() else ()


def _found(report: Json, group: str) -> Iterator[Block]:
    checks = model.of_group(report, group)
    if checks and (said := about(group, report)):
        yield Text(said)
    if len(checks) > GLANCE:
        yield from _glance(checks)
        checks = [check for check in checks if check["rows"]]  # the list says all there is of the others
    for check in checks:
        yield FindingBlock(check, _rows_of(check), check["rows_total"] - len(check["rows"]))


def _glance(checks: Sequence[Json]) -> Iterator[Block]:
    """A list of the checks. What is the same of all is said once before it."""
    (_, *results), (rule, *rules) = ({check_of(check) for check in checks} for check_of in (badge, _rule))
    if not rules:
        yield Text(f"The rule of all of them: {rule}.")
    rows = tuple(
        (check["name"], badge(check) if results else "", _rule(check) if rules else "", *_told_of(check))
        for check in checks
    )
    yield TableBlock("at a glance", ("check", "result", "rule", "found", "columns"), rows, fold_after=50)


def _rule(check: Json) -> str:
    return str(check["title"]).rstrip(".")


def _told_of(check: Json) -> tuple[str, str]:
    return check["detail"], ", ".join(
        sorted({model.shown(column) for row in check["rows"] for column in row["columns"]})
    )


def _rows_of(check: Json) -> TableBlock | None:
    """The rows that it names; None if none. What is wrong with each is said where it is not the same of all."""
    rows = tuple((row["key"], said(row), ", ".join(map(model.shown, row["columns"]))) for row in check["rows"])
    return TableBlock("rows", ("key", "what", "columns"), rows) if rows else None


def _listed(report: Json, group: str) -> Iterator[Block]:
    checks = model.of_group(report, group)
    if checks and (said := about(group, report)):
        yield Text(said)
    if checks and group == "stale":
        yield from _changes(report)
        rows = ((check["name"], check["table"], check["title"], check["detail"]) for check in checks)
        yield TableBlock("checks that could not compare everything", CHECK_HEAD, tuple(rows))
        yield from _gone(checks)
    elif checks:
        rows = ((check["name"], check["table"], check["title"], check["compared"]) for check in checks)
        yield TableBlock("passed checks", (*CHECK_HEAD[:3], "compared"), tuple(rows))


def _changes(report: Json) -> Iterator[Block]:
    changes = report["verification"]["changes"] if report["verification"] else ()
    if changes:
        names = ("side", "table", "then", "now", "changed", "added", "gone")
        rows = tuple(tuple(change[name] for name in names) for change in changes)
        yield TableBlock(
            "tables that were written to since", ("side", "table", "rows then", "rows now", *names[4:]), rows
        )


def _gone(checks: Iterable[Json]) -> Iterator[Block]:
    """Rows that are gone, by key."""
    rows = tuple(
        (check["name"], row["what"], row["key"])
        for check in checks
        for row in check["rows"]
        if row["what"].startswith("gone")
    )
    if rows:
        yield TableBlock("rows that are gone", ("check", "what", "key"), rows, fold_after=50)


def _checked(report: Json) -> Iterator[Block]:
    kinds = model.by_kind(report)
    if not kinds:
        return
    head = ("kind", "says", "checks", "passed", "failed", *OTHERS.values(), "compared", "seconds")
    used = {group for group in OTHERS if any(entry[group] for entry in kinds)}
    unmade = " Not made: the check broke off." if "error" in used else ""
    yield Text(f"Compared: rows, or objects of the catalogue, that the checks looked at.{unmade}")
    yield TableBlock("checks by kind", head, tuple(_kind(entry, used) for entry in kinds))


def _kind(entry: Json, used: Collection[str]) -> Cells:
    """used: results beside passed and failed that any kind has; a column without any stays blank, and goes."""
    groups = (entry["passed"], entry["failure"], *(entry[group] if group in used else None for group in OTHERS))
    says = KINDS.get(entry["kind"], "")
    return (entry["kind"], says, entry["checks"], *groups, entry["compared"], f"{entry['seconds']:.1f}")


def _balance(report: Json) -> Iterator[Block]:
    tables = report["tables"]
    if not tables:
        return
    meanings = ". ".join(f"{word.capitalize()}: {meaning}" for word, meaning in OUTCOMES.items())
    yield Text(f"Every legacy row has one outcome: source = loaded + merged + rejected + archived. {meanings}.")
    wrong = [row for row in tables if not row.get("balanced")]
    if wrong:
        yield TableBlock("tables whose rows do not add up", BALANCE_HEAD, tuple(map(_balanced, wrong)))
    total = _balanced({"legacy_table": f"all {len(tables):,} tables"} | model.total(tables))
    rows = tuple(map(_balanced, sorted(tables, key=_by_interest)))
    yield Chart("outcomes", TableBlock("balance", BALANCE_HEAD, rows, total))


def is_odd(row: Cells) -> bool:
    """Of a line of the balance: whether rows did more than arrive, or do not add up."""
    return any(row[3:6]) or not row[6]


def _by_interest(row: Json) -> tuple[Any, ...]:
    """Tables whose rows do not add up, then those with the most rejected rows, then those of which others did more than
    arrive, then the largest."""
    odd = sum(row.get(name) or 0 for name in ("merged", "archived"))
    return (
        bool(row.get("balanced")),
        -(row.get("rejected") or 0),
        not odd,
        -(row.get("source_rows") or 0),
        row["legacy_table"],
    )


def _balanced(row: Json) -> Cells:
    return (row["legacy_table"], *(row.get(name) for name in model.COUNTS), bool(row.get("balanced")))


def _rejects(report: Json) -> Iterator[Block]:
    found = model.by_reason(report)
    if not found:
        return
    rows = tuple((entry["reason"], entry["rows"], ", ".join(map(model.shown, entry["tables"]))) for entry in found)
    yield Text("These rows were left out, and are kept whole in the target: `nxtgauge-migrate rejects` lists them.")
    yield TableBlock("rejected rows by reason", ("reason", "rows", "tables"), rows)
    yield TableBlock("what the reasons mean", ("reason", "it means", "so that such rows arrive"), _meanings(found))
    by_table = ((row["legacy_table"], row["reason"], row["rows"]) for row in report["rejects"])
    yield TableBlock("rejected rows by table", ("table", "reason", "rows"), tuple(by_table))


def _meanings(found: Iterable[Json]) -> tuple[Cells, ...]:
    """Reasons that mean the same, as constraints of one kind do, on one line."""
    names: dict[tuple[str, str], list[str]] = {}
    for reason in (reasons.of_name(entry["reason"]) for entry in found):
        names.setdefault((reason.meaning, reason.remedy), []).append(model.shown(reason.name))
    return tuple((", ".join(known), *told) for told, known in names.items())


def _notes(report: Json) -> Iterator[Block]:
    if report["notes"]:
        yield Text("Rows that were loaded, with something that is worth knowing; migration.notes has each by its key.")
        rows = tuple((row["legacy_table"], row["note"], row["rows"], *_told(row["note"])) for row in report["notes"])
        yield TableBlock("notes by table", ("table", "note", "rows", "it means", "to do"), rows)


def _told(note: str) -> tuple[str, str]:
    """What a note means, and what to do; nothing of one that an older version wrote."""
    kind = note_kinds.of_note(note)
    return (kind.meaning, kind.remedy) if kind else ("", "")


def _waivers(report: Json) -> Iterator[Block]:
    if report["waivers"]:
        yield Text("Findings that somebody has accepted by name. They stand here for ever.")
        rows = tuple(_waiver(row) for row in report["waivers"])
        yield TableBlock("waivers", ("check", "reason", "by", "at", "in force"), rows)


def _waiver(row: Json) -> Cells:
    in_force = "yes" if row["is_current"] else "no: of an earlier build"
    return (row["check_name"], row["reason"], row["name"], _second(row["waived_at"]), in_force)


def _second(instant: object) -> str:
    return str(instant)[:19].replace("T", " ") if instant else ""


def _not_looked_at(report: Json) -> Iterator[Block]:
    made = report["verification"]
    if made is None:
        return
    rows = "all rows" if made["sample"] is None else f"{made['sample']:g} % of the rows"
    left_out = tuple((name,) for name in made["not_looked_at"])
    yield Text(f"Looked at: level {made['level']}, {rows}." + ("" if left_out else " Nothing was left out."))
    if left_out:
        yield TableBlock("not looked at", ("not looked at",), left_out)


def _timings(report: Json) -> Iterator[Block]:
    if report["timings"]:
        rows = tuple((stage, f"{spent:.1f}") for stage, spent in report["timings"].items())
        total = ("all", f"{sum(report['timings'].values()):.1f}")
        yield Chart("timings", TableBlock("seconds by stage", ("stage", "seconds"), rows, total))


def _certificate(report: Json) -> Iterator[Block]:
    """Its parts, and apart from them lists of what has changed."""
    found = report["certificate"]
    if not found:
        return
    issued = {"issued": "This run issued it. ", "in force": "This run was held to it. "}.get(found.get("role"), "")
    yield Text(
        f"{issued}It says what was rehearsed; another mapping, schema of the source or program has another hash."
    )
    parts = {name: value for name, value in found.items() if not isinstance(value, list) and name != "cutover"}
    yield TableBlock("certificate", ("part", "is"), tuple((name, _compact(value)) for name, value in parts.items()))
    for name, lines in found.items():
        if lines and isinstance(lines, list):
            yield TableBlock(f"{name} since the rehearsal", (name,), tuple((_compact(line),) for line in lines))


def _compact(value: object) -> object:
    return value if isinstance(value, str | int | float) else json.dumps(value, ensure_ascii=False)


def _names(names: Iterable[str], meaning: str) -> tuple[Block, ...]:
    rows = tuple((name,) for name in names)
    return (Text(meaning), TableBlock("tables", ("table",), rows)) if rows else ()
