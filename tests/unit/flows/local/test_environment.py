"""The file .env of the current folder: what is taken from it, what goes before it, and what is said of it."""

import os

import pytest

from config.errors import ConfigError
from flows.local import environment

TEXT = """\
# Databases of the rehearsal.
export NXTGAUGE_SOURCE_URL='postgresql://mover:hunter2$x#y@db.example/legacy'
NXTGAUGE_TARGET_URL=postgresql:///new
PGSSLMODE = require
PREFECT_API_URL="http://prefect.example/api"
PATH=/tmp/evil
LD_PRELOAD=/tmp/evil.so
NXTGAUGE_LOG=
"""


@pytest.fixture
def here(tmp_path, monkeypatch, surroundings):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os, "environ", os.environ.copy())
    os.environ.pop("PREFECT_API_URL")
    return tmp_path / ".env"


def test_what_the_program_reads_is_taken_and_told_by_name(here):
    here.write_text(TEXT)
    os.environ["NXTGAUGE_TARGET_URL"], path = "postgresql:///mine", os.environ["PATH"]
    said = environment.read()
    assert os.environ["NXTGAUGE_SOURCE_URL"] == "postgresql://mover:hunter2$x#y@db.example/legacy"
    assert (os.environ["PGSSLMODE"], os.environ["PREFECT_API_URL"]) == ("require", "http://prefect.example/api")
    assert os.environ["NXTGAUGE_TARGET_URL"] == "postgresql:///mine" and os.environ["PATH"] == path
    assert "LD_PRELOAD" not in os.environ and "NXTGAUGE_LOG" not in os.environ
    taken = "NXTGAUGE_SOURCE_URL, PGSSLMODE, PREFECT_API_URL"
    assert said == f"from {here}: {taken}, NXTGAUGE_TARGET_URL (the environment has another)"


CODE = {
    "NXTGAUGE_PG_BIN": "/tmp/evil",
    "PREFECT_PORT": "vil",
    "PGSYSCONFDIR": "/tmp/evil",
    "PGSERVICEFILE": "/tmp/evil.conf",
    "PGGSSLIB": "evil",
    "PGSSLKEY": "../../tmp/evil:key",
    "NXTGAUGE_TARGET_URL": "postgresql://db.example/new?sslk%65y=..%2F..%2Ftmp%2Fevil%3Akey",
    "NXTGAUGE_STAGING_URL": "host=db.example sslkey='e vil:key'",
}


def test_what_names_programs_or_code_is_left_out_and_told(here):
    here.write_text("".join(f'{name}="{value}"\n' for name, value in {**CODE, "PGSSLMODE": "require"}.items()))
    before = dict(os.environ)
    said = environment.read()
    assert {name for name in os.environ if os.environ[name] != before.get(name)} == {"PGSSLMODE"}
    left = f"from {here}: PGSSLMODE; left out: {', '.join(sorted(CODE))} (no file of a folder says which"
    assert said.startswith(left) and "vil" not in said


@pytest.mark.parametrize("name", ["PREFECT_LOGGING_SETTINGS_PATH", "prefect_home", "PREFECT_PROFILES_PATH"])
def test_a_setting_that_prefect_would_read_by_itself_is_refused(here, name):
    here.write_text(f"PGHOST=h\n{name}=/tmp/evil.yml\n")
    with pytest.raises(ConfigError, match=f"names {name}, and no file .* set it in the environment") as caught:
        environment.read()
    assert "evil" not in str(caught.value)


def test_what_is_documented_and_names_no_program_is_taken(here):
    for name in ("NXTGAUGE_MASKING_KEY", "NXTGAUGE_REPORTS", "NXTGAUGE_MAPPING", "NXTGAUGE_PROFILE", "PGSERVICE"):
        assert name in environment.TAKEN
    assert {name for name in environment.TAKEN if not name.startswith(environment.OURS)} == set()


@pytest.mark.parametrize("mode", [0o620, 0o602])
def test_a_file_that_others_may_write_is_refused(here, mode):
    here.write_text(TEXT)
    here.chmod(mode)
    with pytest.raises(ConfigError, match=r"may be written by others \(mode 6.*run `chmod 600 .env`"):
        environment.read()
    assert "NXTGAUGE_SOURCE_URL" not in os.environ
    here.write_text("OTHER=of somebody else's\n")
    assert environment.read() is None


def test_so_is_one_of_another_user(here, monkeypatch):
    here.write_text(TEXT)
    owner = here.stat().st_uid
    if owner == 0:
        os.chown(here, 4711, -1)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    with pytest.raises(ConfigError, match=r"belongs to another user \(uid \d+\).*make a copy"):
        environment.read()


def test_without_the_file_nothing_is_said(here):
    assert environment.read() is None
    here.mkdir()  # some call their virtual environment so
    assert environment.read() is None


def test_a_file_that_cannot_be_read_is_an_error(here):
    here.write_bytes(b"NXTGAUGE_SOURCE_URL=\xff\xfe")
    with pytest.raises(ConfigError, match="UTF-8"):
        environment.read()
