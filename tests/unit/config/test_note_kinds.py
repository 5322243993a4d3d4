"""The one list of notes: what code notes is of a kind that stands there, and what stands there code notes."""

import ast
import csv
import re
from collections.abc import Iterator

import pandas as pd
import pytest

from checks.run_books import notes
from config import note_kinds
from config.note_kinds import NoteKind
from config.rules import TableRule
from tests.support.places import PROJECT
from transforms import steps
from transforms.registry import TRANSFORMS

NAMES = {name: value for name, value in vars(note_kinds).items() if isinstance(value, NoteKind)}
IN_SQL = re.compile(r"\bnote\b (?:=|like|in) \(?((?:(?:, )?'[^']*')+)")


def trees(*folders: str) -> Iterator[tuple[str, ast.Module]]:
    for folder in folders:
        for path in sorted((PROJECT / folder).rglob("*.py")):
            yield path.relative_to(PROJECT).as_posix(), ast.parse(path.read_text("utf-8"))


def said(tree: ast.Module) -> set[str]:
    """The kinds by whose names a module makes notes."""
    called = [
        node.func.value for node in ast.walk(tree) if getattr(getattr(node, "func", None), "attr", "") == "saying"
    ]
    return {ast.unparse(kind).removeprefix("note_kinds.") for kind in called}


def texts(tree: ast.Module) -> Iterator[str]:
    """The literals of a module; what an f-string puts in is an x."""
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "x" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def golden() -> set[str]:
    """The notes of the golden cases."""
    noted = set()
    for path in sorted((PROJECT / "tests" / "golden").rglob("migration.notes.csv")):
        noted |= {row.get("note") or "*" for row in csv.DictReader(path.read_text().splitlines(keepends=True))} - {"*"}
    return noted


def test_code_notes_what_the_list_has_and_nothing_else():
    assert set().union(*(said(tree) for _, tree in trees("engine", "transforms"))) == NAMES.keys()
    assert list(NAMES.values()) == list(note_kinds.ALL)


def test_nothing_but_a_kind_makes_a_note():
    for place, tree in trees("engine", "transforms", "checks"):
        spelled = [text for text in texts(tree) if note_kinds.of_note(text)]
        made = [
            node for node in ast.walk(tree) if isinstance(node, ast.Call) and "Note" in ast.unparse(node).split("(")
        ]
        assert (spelled, made) == ([], []), place


@pytest.mark.parametrize("note", ["brand_new", pd.Series(["no_category", "brand_new"], dtype="str")])
def test_a_transform_cannot_note_what_is_of_no_kind(note):
    with pytest.raises(ValueError, match=r"brand_new.* are notes of no kind"):
        steps.notes(pd.Index([0, 1]), "t", None, note, None)


def test_every_note_of_the_golden_cases_is_of_one_kind():
    for note in golden():
        assert len([kind for kind in note_kinds.ALL if kind.says(note)]) == 1, note


def test_the_auditor_judges_every_kind():
    itself = {note_kinds.ORPHAN, note_kinds.NOT_MADE, note_kinds.OVERRULED, note_kinds.BLANK_TIME}
    assert itself | set(notes.BY_LAWS) == set(note_kinds.ALL)
    laws = [
        path.read_text("utf-8") for path in (PROJECT / "checks" / "laws").rglob("*") if path.suffix in (".sql", ".py")
    ]
    laws += [path.read_text("utf-8") for path in (PROJECT / "checks" / "reading").glob("*.py")]
    for name, kind in NAMES.items():
        fixed = max(note_kinds.WORD.split(kind.form), key=len).strip()
        named = [law for law in laws if f"note_kinds.{name}" in law or fixed in law.replace("\\", "")]
        assert named or kind in itself, name


def test_laws_compare_with_notes_of_the_list():
    starts = [note_kinds.WORD.split(kind.form)[0] for kind in note_kinds.ALL]
    paths = [path for path in (PROJECT / "checks").rglob("*") if path.suffix in (".sql", ".py")]
    spelled = {text for path in paths for found in IN_SQL.findall(path.read_text("utf-8")) for text in found.split("'")}
    for text in spelled - {"", ", "}:
        fixed = text.replace("\\", "").rstrip("%")
        assert text.startswith("%") or any(start.startswith(fixed) for start in starts if start), text
    assert len(spelled) > 8


def test_rules_of_a_kind_are_transforms_that_note_so_or_keys_of_a_table():
    for name, kind in NAMES.items():
        for rule in kind.rules:
            path = TRANSFORMS[rule].__module__.replace(".", "/") if rule in TRANSFORMS else ""
            is_said = path and f"note_kinds.{name}.saying" in (PROJECT / f"{path}.py").read_text("utf-8")
            assert is_said or rule == "professionals" or rule in TableRule.model_fields, (name, rule)


def test_a_note_has_as_many_words_as_its_kind():
    assert note_kinds.NOT_MADE.saying("a", "b: c") == "not_made: a: b: c"
    assert note_kinds.NOT_MADE.pattern.fullmatch("not_made: a: b: c\nd").groups() == ("a", "b: c\nd")
    with pytest.raises(ValueError, match="zip"):
        note_kinds.NOT_MADE.saying("a")
