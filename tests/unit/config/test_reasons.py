"""The one list of reasons: what code rejects for stands there, and what stands there code rejects for.

A reason gets into the books by three doors: `steps.rejects` of the frames, the methods of `Records`, and the grounds of
`Removals`. Their calls are found in the syntax trees, and the argument is followed to where it comes from; one that
cannot be followed fails.
"""

import ast
import csv
import re
from collections.abc import Iterator
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from config import mapping, reasons
from tests.support.places import PROJECT
from transforms.registry import TRANSFORMS

DOORS = {
    "rejects": 2,
    "Ground": 0,
    "reject": 3,
    "_reject_laid": 3,
    "refuse": 4,
    "note_not_made": 2,
}
BY_CONSTRAINT = "a constraint's name"
NAMES = {name for name, value in vars(reasons).items() if isinstance(value, reasons.Reason) and value in reasons.ALL}
IN_SQL = re.compile(r"\b(?:reason|rejected|wanted)\b\s*(?:=|<>|in\b)\s*\(?((?:\s*,?\s*'[^']*')+)")


def sources(*folders: str) -> list[Path]:
    return [path for folder in folders for path in sorted((PROJECT / folder).rglob("*.py"))]


def given(tree: ast.Module) -> Iterator[str]:
    """The reasons that a module gives the doors: names of the list, or BY_CONSTRAINT. Errors: AssertionError."""
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    for function in functions:
        for call in (node for node in ast.walk(function) if isinstance(node, ast.Call)):
            door = getattr(call.func, "attr", getattr(call.func, "id", ""))
            place = DOORS.get(door)
            if place is not None and len(call.args) > place:
                yield from followed(call.args[place], function)


def followed(value: ast.expr, function: ast.FunctionDef) -> Iterator[str]:
    """Where a value comes from, within its function."""
    if isinstance(value, ast.IfExp):
        yield from [*followed(value.body, function), *followed(value.orelse, function)]
    elif isinstance(value, ast.Attribute) and getattr(value.value, "id", "") == "reasons":
        yield value.attr
    elif isinstance(value, ast.Call) and ast.unparse(value.func) == "reasons.of_constraint":
        yield BY_CONSTRAINT
    elif ast.unparse(value) == "ground.reason":
        return  # where the ground is made is looked at itself
    elif isinstance(value, ast.Name) and value.id in {arg.arg for arg in function.args.args}:
        return  # whoever calls this function is looked at itself
    elif isinstance(value, ast.Name):
        found = list(bound(value.id, function))
        assert found, f"{ast.unparse(value)} in {function.name}, line {value.lineno}, comes from nowhere that is known"
        for one in found:
            yield from followed(one, function)
    else:
        raise AssertionError(
            f"{ast.unparse(value)} in {function.name}, line {value.lineno}, is none of config/reasons.py"
        )


def bound(name: str, function: ast.FunctionDef) -> Iterator[ast.expr]:
    """The values that a local name may have: assigned, or a member of the literal that a loop goes through."""
    for node in ast.walk(function):
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        is_assigned = isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None
        if is_assigned and [getattr(target, "id", "") for target in targets] == [name]:
            yield node.value
        elif isinstance(node, ast.For | ast.comprehension) and isinstance(node.target, ast.Tuple):
            places = [place for place, one in enumerate(node.target.elts) if getattr(one, "id", "") == name]
            for place in places:
                yield from members(node.iter, place, function)


def members(iterated: ast.expr, place: int, function: ast.FunctionDef) -> Iterator[ast.expr]:
    if isinstance(iterated, ast.Call) and getattr(iterated.func, "attr", "") == "items":
        iterated = iterated.func.value
    if isinstance(iterated, ast.Name):
        for value in bound(iterated.id, function):
            yield from members(value, place, function)
    elif isinstance(iterated, ast.Dict):
        yield from (iterated.keys, iterated.values)[place]
    elif isinstance(iterated, ast.List | ast.Tuple):
        yield from (one.elts[place] for one in iterated.elts)


def spelled(text: str) -> set[str]:
    """The reasons that a text of SQL compares with."""
    return {name for match in IN_SQL.finditer(text) for name in re.findall(r"'([^']*)'", match[1]) if name}


def test_code_rejects_for_what_the_list_has_and_for_nothing_else():
    found = {name for path in sources("engine", "transforms") for name in given(ast.parse(path.read_text("utf-8")))}
    assert found - {BY_CONSTRAINT} == NAMES
    assert BY_CONSTRAINT in found


@pytest.mark.parametrize(
    "body",
    [
        'steps.rejects(rows.index, ROOT, "brand_new", "…")',
        'steps.rejects(rows.index, ROOT, NEW, "…")',
        'for reason, said in {reasons.MISSING_ID: 1, "brand_new": 2}.items(): steps.rejects(rows, ROOT, reason, said)',
        'Ground("brand_new" if is_new else reasons.of_constraint(rule.kind, rule.name), sentence)',
        'Ground(f"brand_{rule}", sentence)',
        'self.reject(table, query, ROOT, "brand_new", sentence)',
    ],
)
def test_a_reason_of_its_own_in_code_is_found(body):
    with pytest.raises(AssertionError, match=r"is none of config/reasons.py|comes from nowhere"):
        list(given(ast.parse(f"def transform(rows, rule):\n    {body}")))


def test_a_transform_cannot_reject_for_a_text():
    import pandas as pd

    from transforms import steps

    with pytest.raises(AttributeError):
        steps.rejects(pd.Index([1]), "t", "brand_new", "…")


def test_no_reason_is_spelled_beside_the_list():
    """Python names them by the list; of frames and books nobody else makes the column."""
    for path in sources("engine", "transforms", "checks/run_books", "checks/reporting"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                assert node.value not in reasons.BY_NAME, f"{path.relative_to(PROJECT)}:{node.lineno}: {node.value}"


def test_laws_compare_with_reasons_of_the_list_and_every_rule_has_a_law():
    texts = {path: path.read_text("utf-8") for path in sorted((PROJECT / "checks").rglob("*.sql"))}
    texts |= {path: path.read_text("utf-8") for path in sources("checks/laws", "checks/compare", "checks/reading")}
    for path, text in texts.items():
        assert spelled(text) <= reasons.BY_NAME.keys(), (
            f"{path.relative_to(PROJECT)} speaks of a reason that is not listed"
        )
    of_rules = {reason.name for reason in reasons.ALL if not reason.is_general}
    assert of_rules <= {name for text in texts.values() for name in spelled(text)}


def test_transforms_and_kinds_of_the_list_exist():
    named = {name for reason in reasons.ALL for name in reason.transforms}
    assert named <= TRANSFORMS.keys() & {rule.transform for rule in mapping.load().tables.values()}
    assert all(reason.transforms or reason.is_general for reason in reasons.ALL)
    assert set(reasons.OF_CONSTRAINTS) == set("ncfpuix")
    assert len(reasons.BY_NAME) == len(reasons.ALL)
    with pytest.raises(FrozenInstanceError):
        reasons.MISSING_ID.name = "other"


def test_every_reason_of_the_list_has_a_golden_case():
    rejected = set()
    for path in (PROJECT / "tests" / "golden").rglob("migration.rejects.csv"):
        rejected |= {row.get("reason") for row in csv.DictReader(path.read_text().splitlines(keepends=True))}
    assert reasons.BY_NAME.keys() <= rejected
