"""What enforces and shows a table's rules: the auditor's laws about it, the faults planted for these, and golden cases.

Faults and golden cases are part of a checkout; an installed program has none to name.
"""

import re
import tomllib
from collections.abc import Callable, Iterator
from functools import cache
from itertools import takewhile
from pathlib import Path
from typing import Any

from checks.compare import law_files
from config import mapping
from config.rules import TableRule

PROJECT = Path(__file__).parents[2]
GOLDEN, MUTATIONS = PROJECT / "tests" / "golden", PROJECT / "tests" / "mutations"
CREATED = re.compile(r"create table (?:if not exists )?\"?([a-z_][a-z0-9_]*)\"?", re.IGNORECASE)

# The laws that are Python, by module: whether one speaks of a table of the mapping.
PYTHON: dict[str, Callable[[str, TableRule], bool]] = {
    "carried": lambda table, rule: rule.transform == "professionals",
    "review_display": lambda table, rule: rule.split is not None,
    "owners": lambda table, rule: rule.transform == "owned_by_profile",
    "account_settings": lambda table, rule: rule.completed_from is not None or table in _completing(),
    "gone_columns": lambda table, rule: bool(rule.removed or rule.becomes or rule.split or table in _completing()),
    "sums": lambda table, rule: rule.disposition in ("copy", "rename"),
    "renamed_values": lambda table, rule: bool(rule.coalesced),
}
CONTENT = {
    "file": "checks/compare/content.py",
    "says": "Rows that keep their shape are compared value by value, row by row.",
    "proof": "",
}


def laws(table: str, targets: list[str], made_from: list[str]) -> list[dict[str, str]]:
    """The auditor's files about a table, with what each says.

    targets: tables of the target that a legacy table goes to. made_from: the legacy tables that make a new one.
    """
    rule = mapping.load().tables.get(table)
    found = [_law(law) for law in law_files.load() if _speaks(law, table, rule, targets) or law.table in made_from]
    if rule:
        found += [_python(name) for name, speaks in PYTHON.items() if speaks(table, rule)]
        if rule.disposition in ("copy", "rename") or rule.keeps_shape:
            found.append(CONTENT)
        return found
    return found + [_python(name) for name in _python_of_makers(table, made_from)]


def _python_of_makers(table: str, made_from: list[str]) -> Iterator[str]:
    """Laws in Python about the legacy tables that are reshaped into a new one, or whose columns leave for it."""
    rules = mapping.load().tables
    makers = {maker: rules[maker] for maker in made_from if rules[maker].disposition == "reshape"}
    yield from (name for name, speaks in PYTHON.items() if any(speaks(*maker) for maker in makers.items()))
    if any(rule.split and rule.split.into == table for rule in rules.values()):
        yield "review_display"


def _completing() -> set[str]:
    """Tables some of whose columns move into another."""
    return {rule.completed_from.table for rule in mapping.load().tables.values() if rule.completed_from}


def _law(law: law_files.Law) -> dict[str, str]:
    proof = _faults().get(f"law/{law.table}/{law.name}", "")
    return {"file": f"checks/laws/{law.domain}/{law.name}.sql", "says": law.title, "proof": proof}


@cache
def _faults() -> dict[str, str]:
    """Check → how many faults are planted for it, and where."""
    found: dict[str, str] = {}
    for path in sorted(MUTATIONS.glob("*.toml")):
        names = [entry["finds"] for entry in tomllib.loads(path.read_text("utf-8"))["mutation"]]
        found |= {name: f"{names.count(name)} in {path.relative_to(PROJECT)}" for name in names}
    return found


def _python(name: str) -> dict[str, str]:
    text = (PROJECT / "checks" / "laws" / f"{name}.py").read_text("utf-8")
    return {"file": f"checks/laws/{name}.py", "says": text.removeprefix('"""').partition("\n")[0], "proof": ""}


def _speaks(law: law_files.Law, table: str, rule: TableRule | None, targets: list[str]) -> bool:
    if rule is None:
        return law.table == table
    own = {table, *(["profile"] if rule.role else []), *(["forbidden_link"] if rule.removed else [])}
    return bool(own & _read(law.source)) or (not law.source and law.table in targets)


@cache
def _read(query: str) -> frozenset[str]:
    """The relations that a query names, and those that they are made of."""
    found: set[str] = set()
    pending = set(law_files.NAMED.findall(query))
    while pending:
        name = pending.pop()
        found.add(name)
        path = law_files.FOLDER / "shared" / f"{name}.sql"
        if path.exists():
            pending |= set(law_files.NAMED.findall(path.read_text("utf-8"))) - found
    return frozenset(found)


def shared(tables: set[str]) -> list[dict[str, str]]:
    """The relations, shared by several laws, that say what becomes of the tables' rows."""
    wanted: list[dict[str, str]] = []
    for path in sorted((law_files.FOLDER / "shared").glob("*.sql")):
        text = path.read_text("utf-8")
        if tables & set(law_files.NAMED.findall(text)):
            wanted.append({"file": f"checks/laws/shared/{path.name}", "says": _head(text), "proof": ""})
    return wanted


def _head(text: str) -> str:
    """The comment that a file of SQL begins with, as one line."""
    return " ".join(line[3:] for line in takewhile(lambda line: line.startswith("-- "), text.splitlines()))


def cases(domain: str, table: str) -> list[dict[str, str]]:
    """Golden cases that have the table in their source, or in what is expected: of the domain, or of all tables."""
    return _cases(domain, table) or _cases("every_table", table)


def _cases(folder: str, table: str) -> list[dict[str, str]]:
    found = []
    for source in sorted((GOLDEN / folder).glob("*/source.sql")):
        text = source.read_text("utf-8")
        expected = {path.stem for path in (source.parent / "expected").glob("*.csv")}
        if table in CREATED.findall(text) or table in expected:
            found.append({"folder": str(source.parent.relative_to(PROJECT)), "says": _head(text)})
    return found


def of(story: dict[str, Any]) -> dict[str, Any]:
    """The laws and cases of a table's story (engine.describe.mapped)."""
    table = story["legacy_table"] or story["name"]
    found = [*shared({table, *story["made_from"]}), *laws(table, story["targets"], story["made_from"])]
    return {"laws": found, "cases": cases(story["domain"], table)}
