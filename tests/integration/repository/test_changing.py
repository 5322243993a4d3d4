"""The examples of docs/changing.md, made on a copy of the project: they apply, and lead to what the page says.

A block of the page that names a file is an example: a `diff` replaces its lines with ` ` and `-` by those with ` ` and
`+`, wherever they stand; any other block is a new file.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.places import PROJECT

COPIED = (
    "config",
    "transforms",
    "engine",
    "checks",
    "flows",
    "docs/generator",
    "pyproject.toml",
    "tests/conftest.py",
    "tests/support",
    "tests/golden/cases.py",
    "tests/golden/delta.py",
    "tests/golden/test_golden.py",
    "tests/mutations",
)
CASE = "tests/golden/changing/examples"
PLANTED = "tests/mutations/test_examples.py"
READ = "tests/test_read_examples.py"
REASONS = "tests/unit/config/test_reasons.py"
CASES_OF_ALL = "test_every_reason_of_the_list_has_a_golden_case"  # the copy has one case alone
EXAMPLE = re.compile(r"^```(\w+) (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture
def copy(tmp_path) -> Path:
    """The project's code, one golden case and its runner, all planted faults, the test of reasons."""
    skipped = shutil.ignore_patterns("__pycache__", "seed")
    for name in (*COPIED, REASONS):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        if (PROJECT / name).is_dir():
            shutil.copytree(PROJECT / name, tmp_path / name, ignore=skipped)
        else:
            shutil.copy(PROJECT / name, tmp_path / name)
    shutil.copytree(Path(__file__).parent / "changing", tmp_path / CASE)
    shutil.copy(Path(__file__).parent / "planted_examples.py", tmp_path / PLANTED)
    shutil.copy(Path(__file__).parent / "read_examples.py", tmp_path / READ)
    return tmp_path


def applied(language: str, before: str, block: str) -> str:
    """The text with an example made on it."""
    if language != "diff":
        return block
    lines = block.splitlines(keepends=True)
    old, new = ("".join(line[1:] for line in lines if line[0] in kept) for kept in (" -", " +"))
    assert before.count(old) == 1, f"these lines stand {before.count(old)} times there, wanted once:\n{old}"
    return before.replace(old, new)


def test_the_examples_lead_to_what_the_page_says(copy, postgres_url):
    examples = EXAMPLE.findall((PROJECT / "docs" / "changing.md").read_text("utf-8"))
    assert len(examples) > 8
    for language, name, block in examples:
        path = copy / name
        assert path.exists() == (language == "diff"), name
        path.write_text(applied(language, path.read_text("utf-8") if path.exists() else "", block), "utf-8")
    faults = [name for _, _, block in examples for name in re.findall(r'^\+name = "(.*)"', block, re.MULTILINE)]
    tests = [f"{PLANTED}::test_planted_faults_are_found[{name.replace(' ', '_')}]" for name in faults]
    environ = os.environ | {"NXTGAUGE_TEST_URL": postgres_url, "NXTGAUGE_MUTATIONS": "all", "PYTHONPATH": str(copy)}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests, READ, REASONS]
    command += ["--deselect", f"{REASONS}::{CASES_OF_ALL}"]
    done = subprocess.run(command, cwd=copy, env=environ, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(faults) > 1 and int(re.search(r"(\d+) passed", done.stdout)[1]) > 10
