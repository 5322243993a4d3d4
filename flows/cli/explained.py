"""What `explain` shows of a table: mapping and DDL, its laws and golden cases, and what a source, if given, adds."""

import textwrap
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from config.errors import ConfigError
from config.printable import line
from config.settings import Settings
from engine import describe, operations
from engine.describe import mapped
from engine.planning.plan import Plan
from flows.cli import evidence

WIDTH = 118
MOST_NAMED = 40  # constraints
NOT_ASKED = "the source was not asked: NXTGAUGE_SOURCE_URL is not set"
UNMAPPED = "no mapping speaks of it: the profile's unmapped_tables says what becomes of it"
ABSENT = "the source has no such table, nor rows that go there"


def story(settings: Settings, name: str) -> tuple[dict[str, Any], Callable[[], str]]:
    """(all of it as JSON takes it, the same as a text). Errors: ConfigError of an unknown name, SourceError."""
    told = describe.mapped_json(name)
    plan = operations.plan(settings) if settings.source_url else None
    is_there = plan is not None and bool(describe.meant(plan, name))
    if told is None and not is_there:
        raise ConfigError(_unknown(name, plan))
    if told:
        told |= evidence.of(told)
    remark = NOT_ASKED if plan is None else None if is_there else ABSENT
    tables = describe.explain_json(plan, name)["tables"] if plan and is_there else []

    def text() -> str:
        first = "\n".join(_lines(told, not is_there)) if told else f"{line(name)}: {UNMAPPED}"
        return f"{first}\n\n{describe.explain_text(plan, name) if plan and is_there else remark}"

    return {"name": name, "mapped": told, "remark": remark, "tables": tables}, text


def _unknown(name: str, plan: Plan | None) -> str:
    legacy = [table.name for table in plan.tables] if plan else []
    where = "mapping, target and source" if plan else "mapping and target"
    wanted = mapped.near(name, legacy) or "config/mapping and docs/target.md list them"
    return line(f"there is no table {name} in {where}; {wanted}")


def _lines(told: dict[str, Any], is_alone: bool) -> Iterator[str]:
    """is_alone: no source says why a row may be rejected."""
    for text in _headline(told):
        yield from _wrapped(text, "")
    yield from _section("rules", told["rules"])
    if told["made_from"]:
        yield from _wrapped(f"made from: {', '.join(told['made_from'])}", "")
    for column in told["columns"]:
        yield f"    {column['name']} {column['type']} ← {column['filled_by']}"
    for transform in told["transforms"]:
        yield from _wrapped(f"transform: {transform['file']}, {transform['function']}: {transform['does']}", "")
        yield from _section("", transform["rules"])
    yield from _section("judged by", map(_law, told["laws"]))
    yield from _section("shown by", (f"{case['folder']}: {case['says']}" for case in told["cases"]))
    if is_alone:
        rejected = (f"{reason['name']}: {reason['meaning']} {reason['remedy']}" for reason in told["reasons"])
        yield from _section("a row is rejected for", rejected)
        yield from _section("a row is rejected for a constraint of the target (docs/rejections.md)", _constraints(told))
    noted = (f"{kind['note']}: {kind['meaning']} {kind['remedy']}" for kind in told["notes"])
    yield from _section("a row may be noted for", noted)


def _law(law: dict[str, str]) -> str:
    planted = f" Planted faults: {law['proof']}." if law["proof"] else ""
    return f"{law['file']}: {law['says']}{planted}"


def _constraints(told: dict[str, Any]) -> list[str]:
    names, files = told["constraints"], [file.replace("tables", "constraints") for file in told["declared_in"]]
    if len(names) > MOST_NAMED:
        return [f"any of the {len(names)} of its targets in {', '.join(files)}"]
    return [", ".join(names)] if names else []


def _headline(told: dict[str, Any]) -> Iterator[str]:
    name, legacy = told["name"], told["legacy_table"]
    if legacy is None:
        yield f"{name}: a new table, declared in {told['file']}"
        yield told["what"] or ""
        return
    yield f"{name}{'' if name == legacy else f' (from {legacy})'}: {told['disposition']}"
    yield f"mapping: {told['file']}, [{legacy}]"
    yield f"targets: {', '.join(told['targets'])}"
    if told["declared_in"]:
        yield f"declared in: {', '.join(told['declared_in'])}"


def _section(title: str, items: Iterable[str]) -> Iterator[str]:
    listed = list(items)
    if listed and title:
        yield f"{title}:"
    for item in listed:
        yield from _wrapped(f"- {item}", "    ")


def _wrapped(text: str, indent: str) -> Iterator[str]:
    rest = indent + ("  " if text.startswith("- ") else "    ")
    yield from textwrap.wrap(
        line(text), WIDTH, initial_indent=indent, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False
    )
