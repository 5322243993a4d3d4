"""Writes docs/performance.md and its chart from the last benchmark's figures: `make performance`.

The figures themselves stand beside it (docs/performance.json), so that the page can be made anew without measuring.
"""

import argparse
import json
from pathlib import Path
from string import Template
from typing import Any

from tests.benchmarks import chart, figures, model, tables
from tests.benchmarks.__main__ import RESULT
from tests.benchmarks.contenders.contender import PROJECT
from tests.benchmarks.figures import Result
from tests.benchmarks.goals import MEGABYTE
from tests.benchmarks.tables import Table

FIGURES = PROJECT / "docs" / "performance.json"
TEMPLATE = Path(__file__).with_name("performance.template")
KEPT = ("stages",)  # of what the growth says of a turn
GIBIBYTE = 1 << 30


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, default=RESULT, help="the figures; docs/performance.json: as they stand")
    given = parser.parse_args()
    if given.json.resolve() != FIGURES:
        FIGURES.write_text(json.dumps(_brief(json.loads(given.json.read_text())), separators=(",", ":")) + "\n")
    for path, text in pages(json.loads(FIGURES.read_text())).items():
        path.write_text(text, encoding="utf-8")
        print(path.relative_to(PROJECT))


def pages(result: Result) -> dict[Path, str]:
    """The document and its chart."""
    return {FIGURES.with_suffix(".md"): _page(result), FIGURES.with_suffix(".svg"): chart.svg(result)}


def _page(result: Result) -> str:
    facts = {
        "rows": f"{result['rows']:,}", "tables": str(result["tables"]), "times": str(result["times"]),
        "megabytes": f"{result['bytes'] / MEGABYTE:,.0f}", "date": result["started_at"][:10],
        "sample_rows": f"{result.get('sample_rows', 0):,}", "machine": _machine(result),
        "versions": ", ".join(f"{name} {version}" for name, version in result["versions"].items()),
        "settings": ", ".join(f"`{name} = {value}`" for name, value in result["settings"].items()),
        "judged": _judged(result), "absent": "\n".join(f"- {why}" for why in result["absent"].values()) or "- none",
    }  # fmt: skip
    made = {
        "goals": tables.of_goals(result), "contenders": tables.contenders(result), "commands": tables.commands(result),
        "lanes": tables.of_lanes(result), "growth": tables.growth(result),
        "checked": model.checked(result), "outgrown": model.outgrown(result),
        "stages": tables.stages(result, "verified"), "routes": tables.routes(result, "build"),
    }  # fmt: skip
    return Template(TEMPLATE.read_text("utf-8")).substitute(facts, **{name: _markdown(t) for name, t in made.items()})


def _markdown(table: Table) -> str:
    if len(table) < 2:
        return "Not measured this time."
    head, *rows = (f"| {' | '.join(row)} |" for row in table)
    return "\n".join([head, "|" + "---|" + "---:|" * (len(table[0]) - 1), *rows])


def _machine(result: Result) -> str:
    found = result["machine"]
    memory = f"{found['memory_bytes'] / GIBIBYTE:.0f} GiB"
    load = f"the load before the first turn was {found['load_before']}"
    return f"{found['processor']}, {found['cores']} cores, {memory}, {found['system']}; {load}"


def _judged(result: Result) -> str:
    if found := figures.faults(result):
        return "**It was not**: " + "; ".join(found)
    oracle, by_hand = (len(result[whose]["tables"]) for whose in ("oracle", "by_hand"))
    return f"It was, in all {oracle} files of the oracle and in all {by_hand} tables that were made by hand."


def _brief(found: Any) -> Any:
    """What the page is made of: figures to the microsecond, and of the growth its stages alone."""
    if isinstance(found, dict):
        growth = {"growth": [_without_details(_brief(one)) for one in found["growth"]]} if "growth" in found else {}
        return {name: _brief(value) for name, value in found.items() if name != "growth"} | growth
    if isinstance(found, list):
        return [_brief(value) for value in found]
    return round(found, 6) if isinstance(found, float) else found


def _without_details(measured: Result) -> Result:
    for contender in measured["contenders"].values():
        for turn in contender["turns"]:
            turn["details"] = {name: turn["details"][name] for name in KEPT if name in turn["details"]}
    return measured


if __name__ == "__main__":
    main()
