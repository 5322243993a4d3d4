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


def test_without_the_file_nothing_is_said(here):
    assert environment.read() is None
    here.mkdir()  # some call their virtual environment so
    assert environment.read() is None


def test_a_file_that_cannot_be_read_is_an_error(here):
    here.write_bytes(b"NXTGAUGE_SOURCE_URL=\xff\xfe")
    with pytest.raises(ConfigError, match="UTF-8"):
        environment.read()
