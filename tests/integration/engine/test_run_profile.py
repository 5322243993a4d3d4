"""A run keeps the profile that it began with, whatever command goes on with it."""

import logging
import re
import shlex

import pytest

from config import origins, strictness
from config.settings import Profile
from engine import run
from engine.session.stop import Stop
from flows.cli import main as cli
from flows.runs import work
from tests.support.auditors import trusting

SOURCE = """
    create table users (id uuid primary key);
    insert into users values ('00000000-0000-0000-0000-0000000000a1');
    create table tutor_profiles (id uuid primary key, user_id uuid, status text);
    insert into tutor_profiles select gen_random_uuid(), '00000000-0000-0000-0000-0000000000a1', 'no such status';
"""
STRICT = 'default_tolerance = 0\ntime_zone = "Asia/Kolkata"\n'


@pytest.fixture
def command(environ, tmp_path, monkeypatch, capsys):
    """A function that runs a command line; its exit code and all that it said."""
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
    monkeypatch.setenv("NXTGAUGE_REPORTS", str(tmp_path / "reports"))
    monkeypatch.setattr(work, "auditor", lambda _, **__: trusting)
    profiles = tmp_path / "profiles"
    profiles.mkdir()
    monkeypatch.setattr(origins, "PROFILES", profiles)

    def command(line: str) -> tuple[int, str]:
        monkeypatch.setattr(run, "STOP", Stop())
        code = cli.main(shlex.split(line))
        said = capsys.readouterr()
        return code, said.out + said.err

    handlers = logging.getLogger().handlers[:]
    command.profiles = profiles
    (profiles / "strict.toml").write_text(STRICT)
    (profiles / "stricter.toml").write_text(STRICT + 'missing_tables = "warn"\nunmapped_tables = "fail"\n')
    (profiles / "staging.toml").write_text('time_zone = "Asia/Kolkata"\n')
    yield command
    logging.getLogger().handlers[:] = handlers


def _runs(target) -> list[tuple]:
    return target.execute("select profile, state, settings ->> 'default_tolerance' from migration.runs").fetchall()


def _printed(text: str) -> list[str]:
    """The commands that were printed, as somebody would type them."""
    found = re.findall(r"nxtgauge-migrate ((?:waive|migrate|approve) [^\n`]*)", text)
    return [line.replace('"…"', "known").replace("NAME", "Asha") for line in found]


def test_a_run_goes_on_under_its_own_profile_and_the_printed_commands_say_nothing_of_it(command, target):
    code, said = command("--profile strict migrate")
    assert code == 6 and _runs(target) == [("strict", "failed", "0")]
    again, waive, *_ = _printed(said)
    run_id = waive.split()[1]
    assert again == f"migrate --run {run_id}"  # a policy may be judged again

    code, said = command(f"migrate --run {run_id} --profile staging")
    assert code == 3 and "default_tolerance is unlimited, and was 0" in said and "leave --profile out" in said
    code, _ = command(f"migrate --run {run_id}")
    assert code == 6 and _runs(target) == [("strict", "failed", "0")]

    code, said = command(waive)
    assert code == 0
    (migrate,) = _printed(said)
    assert command(migrate)[0] == 0
    assert _runs(target) == [("strict", "published", "0")]


def test_a_stricter_profile_is_taken_and_kept_and_a_loosened_file_is_told(command, target):
    code, said = command("--profile strict migrate")
    run_id = _printed(said)[1].split()[1]
    assert command(f"migrate --run {run_id} --profile stricter")[0] == 6
    assert _runs(target) == [("stricter", "failed", "0")]
    assert command(f"migrate --run {run_id} --profile strict")[0] == 3

    (command.profiles / "stricter.toml").write_text(
        STRICT + 'unmapped_tables = "fail"\n[tolerance]\nunknown_status = 1\n'
    )
    code, said = command(f"migrate --run {run_id}")
    assert code == 0 and "is looser than when run" in said and "tolerance.unknown_status is 1, and was 0" in said
    assert _runs(target) == [("stricter", "published", "0")]


def test_every_key_of_a_profile_has_its_kind_of_strictness():
    kinds = (strictness.STRICT_IF_FAIL, strictness.STRICT_IF_LESS, strictness.TOLERANCES, strictness.EFFORT)
    known = [*strictness.FROM_LOOSE_TO_STRICT, *strictness.EQUAL, *(key for kind in kinds for key in kind)]
    assert sorted(known) == sorted(Profile.model_fields)


@pytest.mark.parametrize(
    ("given", "than", "found"),
    [
        ({}, {}, 0),
        ({"workers": 9, "frame_chunk_bytes": 2**20}, {}, 0),
        ({"default_tolerance": 0}, {"default_tolerance": 5}, 0),
        ({"tolerance": {"unknown_status": 3}, "default_tolerance": 0}, {"default_tolerance": 2}, 1),
        ({"default_tolerance": 0}, {"tolerance": {"unknown_status": 0}}, 0),
        ({"unmapped_columns": "fail"}, {"unmapped_columns": "archive"}, 0),
        ({"unmapped_columns": "carry"}, {"unmapped_columns": "archive"}, 1),
        ({"time_zone": "Asia/Kolkata", "extension_schema": "x"}, {}, 2),
        ({"allow_changed_source": True, "allow_dependants": True}, {}, 2),
        ({"require_certificate": True, "require_approval": True, "missing_tables": "fail"}, {}, 0),
        ({}, {"require_certificate": True, "require_approval": True, "missing_tables": "fail"}, 3),
        ({"approval_seconds": 7}, {"approval_seconds": 8}, 0),
        ({"approval_seconds": 9}, {"approval_seconds": 8}, 1),
    ],
)
def test_a_profile_is_stricter_only_if_it_is_so_in_every_key(given, than, found):
    assert len(strictness.looser(Profile(**given), Profile(**than))) == found
