"""Commands in hints: shown as they have to be typed, by the way the program was called and by what it was told."""

import sys

import pytest

from flows.local import commands


@pytest.fixture
def program(tmp_path, monkeypatch):
    """The program in a folder that the shell does not search; the folder above it is the current one."""
    path = tmp_path / ".venv" / "bin" / commands.NAME
    path.parent.mkdir(parents=True)
    path.touch(mode=0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [str(path)])
    monkeypatch.setenv("PATH", "/nowhere")
    yield path
    commands.begin(set())


def test_a_command_has_the_path_of_the_program_and_what_it_was_told(program, monkeypatch):
    commands.begin({"status", "migrate"}, mapping="/my maps", masks=None)
    own = ".venv/bin/nxtgauge-migrate --mapping '/my maps'"
    assert commands.typed("see `nxtgauge-migrate status`") == f"see `{own} status`"
    commands.also(profile="demo")
    assert commands.typed("nxtgauge-migrate status") == f"{own} --profile demo status"
    text = "nxtgauge-migrate --profile production migrate --dry-run"
    assert commands.typed(text) == text.replace("nxtgauge-migrate", own)
    monkeypatch.chdir("/usr")
    assert commands.typed("nxtgauge-migrate status").startswith(f"{program} ")
    monkeypatch.chdir(program.parent)
    assert commands.typed("nxtgauge-migrate status").startswith("./nxtgauge-migrate ")
    monkeypatch.setenv("PATH", str(program.parent))
    assert commands.typed("nxtgauge-migrate status").startswith("nxtgauge-migrate --mapping")


@pytest.mark.parametrize(
    "text",
    ["nxtgauge-migrate: refused", "install nxtgauge-migrate with its extra", "/a/nxtgauge-migrate status", "x"],
)
def test_what_is_no_command_stays(program, text):
    commands.begin({"status"})
    assert commands.typed(text) == text


def test_nothing_changes_where_no_command_line_has_begun(program):
    assert commands.typed("nxtgauge-migrate status") == "nxtgauge-migrate status"
