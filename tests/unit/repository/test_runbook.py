"""The runbook knows each way a command can end, by its code and by its words, and invents none."""

import re

import pytest

from checks.reporting import words
from config import errors
from engine.gates import gates
from tests.support.places import PROJECT

PAGE = (PROJECT / "docs" / "runbook.md").read_text("utf-8")
FOLDERS = ("config", "engine", "checks", "flows")
PROGRAM = "".join(path.read_text("utf-8") for folder in FOLDERS for path in (PROJECT / folder).rglob("*.py"))


def _rows(head: str) -> list[list[str]]:
    """The rows of the table whose first column has this heading, cell by cell."""
    table = PAGE.split(f"| {head} |", 1)[1].split("\n\n", 1)[0]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]


def test_every_exit_code_is_there():
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and hasattr(kind, "exit_code")]
    wanted = {0, *(kind.exit_code for kind in kinds if issubclass(kind, errors.MigrateError))}
    assert [int(cells[0]) for cells in _rows("code")] == sorted(wanted)
    assert all(all(cells) for cells in _rows("code"))


def test_every_headline_is_there():
    said = (PROJECT / "checks" / "reporting" / "headline.py").read_text("utf-8")
    wanted = set(re.findall(r'"([A-Z]{3}[A-Z, ]{4,})"', said))
    assert len(wanted) > 6
    assert {cells[0].strip("`") for cells in _rows("headline")} == wanted


@pytest.mark.parametrize("cells", _rows("message"), ids=lambda cells: cells[0])
def test_every_message_is_one_of_the_program(cells):
    assert cells[0].strip("`") in PROGRAM
    codes = {str(kind.exit_code) for kind in vars(errors).values() if hasattr(kind, "exit_code")}
    assert set(cells[1].split(", ")) <= codes


def test_every_kind_of_gate_is_there():
    told = set(re.findall(r"`([a-z/]+)`", " ".join(cells[0] for cells in _rows("gate"))))
    assert {name.strip("/") for name in told} >= {*words.KINDS} - {"policy"}  # whose gates stand there by name
    assert {gates.VERIFICATION, gates.CHANGED_SOURCE, gates.UNCHANGED, gates.APPROVAL} <= told
