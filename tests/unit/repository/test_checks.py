"""What is checked besides the tests is the same for make, CI and a commit."""

import re

import yaml

from tests.support.places import PROJECT

MAKEFILE = (PROJECT / "Makefile").read_text()


def _tools(target: str) -> set[str]:
    """The programs of .venv that a make target runs itself, with their arguments where there is a choice."""
    recipe = re.search(rf"^{target}:.*\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE)[1]
    return {line.split()[0].replace("$(BIN)", ".venv/bin") for line in recipe.splitlines()}


def test_a_commit_runs_what_make_check_runs_and_downloads_nothing():
    repositories = yaml.safe_load((PROJECT / ".pre-commit-config.yaml").read_text())["repos"]
    hooks = [hook for repository in repositories for hook in repository["hooks"]]
    assert {repository["repo"] for repository in repositories} == {"local"}
    assert {hook["language"] for hook in hooks} == {"system"}
    assert {hook["entry"].split()[0] for hook in hooks} == _tools("lint") | _tools("check")


def test_ci_checks_before_it_tests():
    lines = (PROJECT / ".ci/run").read_text().splitlines()
    assert [line for line in lines if line.startswith("make ")] == ["make check", "make test", "make demo ROWS=5000"]
