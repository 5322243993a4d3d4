"""What is said to who types what does not exist; what a shell completes."""

import json

import pytest

from flows.cli import main
from flows.cli.completion import tables

pytestmark = pytest.mark.usefixtures("surroundings")


def _error(capsys, *arguments: str) -> str:
    assert main.main([*arguments, "--json"]) == 2
    out, err = capsys.readouterr()
    assert "hunter2" not in out + err
    return json.loads(out)["error"]["message"]


@pytest.mark.parametrize(
    ("typed", "variable"),
    [
        ("--source-url=postgresql://bob:hunter2@h/d", "NXTGAUGE_SOURCE_URL"),
        ("--target", "NXTGAUGE_TARGET_URL"),
        ("--target-schema", "NXTGAUGE_TARGET_SCHEMA"),
        ("--password=hunter2", "NXTGAUGE_SOURCE_URL and NXTGAUGE_TARGET_URL"),
    ],
)
def test_a_connection_is_no_option_and_the_variable_is_named(capsys, typed, variable):
    said = _error(capsys, "migrate", typed)
    assert "on purpose" in said and f"set {variable} in the environment" in said


@pytest.mark.parametrize(
    ("typed", "meant"), [(["migrat"], "migrate"), (["migrate", "--dryrun"], "--dry-run"), (["explain", "job"], "jobs")]
)
def test_what_is_nearly_typed_is_asked_for(capsys, typed, meant):
    assert meant in _error(capsys, *typed)
    assert "production" in _error(capsys, "status", "--profile", "prod")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_gets_what_it_reads(capsys, shell):
    assert main.main(["completion", shell]) == 0
    assert "_NXTGAUGE_MIGRATE_COMPLETE" in capsys.readouterr().out
    assert [item.value for item in tables(None, None, "coupon_")] == ["coupon_uses"]
