"""What is said to who types what does not exist; what a shell completes."""

import json
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from config import mapping
from flows.cli import hints, main
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
        ("--staging=host=h password=hunter2", "NXTGAUGE_STAGING_URL"),
        ("--fence=postgresql://bob:hunter2@h/d", "NXTGAUGE_FENCE_URL"),
        ("--target", "NXTGAUGE_TARGET_URL"),
        ("--target-schema", "NXTGAUGE_TARGET_SCHEMA"),
        ("--password=hunter2", "NXTGAUGE_SOURCE_URL and NXTGAUGE_TARGET_URL"),
    ],
)
def test_a_connection_is_no_option_and_the_variable_is_named(capsys, typed, variable):
    said = _error(capsys, "migrate", typed)
    assert "on purpose" in said and f"set {variable} in the environment" in said


CANARIES = (
    "postgresql://bob:hunter2@h/db",
    "postgres+psycopg://bob:hun/ter2@h/db",
    "postgresql:///db?password=hunter2",
    "host=h password=hunter2",
    "user=bob dbname=d password = 'hunter2 \\'\"hunter2'",
    "https://bob:hunter2@prefect.example/api",
)


def _calls(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[list[str]]:
    """Each command with a connection where an argument may stand, and as the value of each option, in all spellings."""
    for name, command in group.commands.items():
        here, needed = (*path, name), ["x" for p in command.params if isinstance(p, click.Argument) and p.required]
        yield [*here, "{}"]
        yield [*here, *needed, "{}"]
        yield ["{}", *here]
        for option in (o for p in command.params if isinstance(p, click.Option) for o in p.opts):
            yield [*here, *needed, option, "{}"]
            yield [*here, *needed, option + ("={}" if option.startswith("--") else "{}")]
        if isinstance(command, click.Group):
            yield from _calls(command, here)


@pytest.mark.parametrize("canary", CANARIES)
def test_no_command_makes_anything_of_a_connection_or_repeats_it(capsys, canary):
    calls = list(_calls(main.cli))
    assert len(calls) > 200
    for call in calls:
        typed = [word.replace("{}", canary) for word in call]
        assert main.main([*typed, "--json"]) == 2, call
        out, err = capsys.readouterr()
        assert "hunter2" not in out + err and "ter2" not in out + err, call
        is_fence = any(word.startswith("--fence") for word in call)
        wanted = "NXTGAUGE_FENCE_URL" if is_fence else "NXTGAUGE_SOURCE_URL and NXTGAUGE_TARGET_URL"
        assert f"set {wanted} in" in json.loads(out)["error"]["message"], call
    assert main.main(["migrate", canary]) == 2 and "NXTGAUGE_SOURCE_URL" in capsys.readouterr().err


@pytest.mark.parametrize("canary", [CANARIES[0], CANARIES[3]])
def test_what_the_parser_and_files_say_has_no_password(capsys, canary, monkeypatch):
    monkeypatch.setattr(hints, "refuse_connections", list)
    for typed in (["migrate", canary], ["migrate", "--mapping", canary], ["explain", "users", "--profile", canary]):
        for form in ([], ["--json"]):
            assert main.main([*typed, *form]) != 0
            out, err = capsys.readouterr()
            assert "hunter2" not in out + err and "***" in out + err
    monkeypatch.setenv("NXTGAUGE_MAPPING", str(Path(canary).absolute()))
    mapping.load.cache_clear()
    assert main.main(["explain", "users", "--json"]) != 0
    out, err = capsys.readouterr()
    assert "hunter2" not in out + err and "***" in out + err


def test_what_only_resembles_a_connection_is_taken(capsys):
    hints.refuse_connections(
        ["waive", "R", "content/users", "--reason=see https://a.example/t?a=b", "--by", "x@y.example"]
    )
    hints.refuse_connections(["--profile", "./night.toml", "rejects", "--reason", "support", "--csv=/tmp/host=a/f.csv"])


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
