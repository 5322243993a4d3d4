"""A source that is a standby, which takes back what is being read: a copy and a verification begin anew, and say so."""

import logging
from collections.abc import Callable, Iterator

import psycopg
import pytest

from config import settings as configuration
from config.errors import PlanRefused
from config.settings import Settings
from engine.run import migrate
from engine.start import survey
from engine.start.options import Options
from flows.runs import work
from tests.support import standbys
from tests.support.auditors import trusting
from tests.support.watches import Striking

SOURCE = """
    create table users (id uuid primary key, email text);
    create table tutor_profiles (id uuid primary key, user_id uuid, status text);
    insert into users select gen_random_uuid(), concat('n', n, '@example.org') from generate_series(1, 50) n;
    insert into tutor_profiles select gen_random_uuid(), id, 'approved' from users;
    create schema scratch;
    create table scratch.touched as select n from generate_series(1, 2000) as n;
    create schema unlogged;
    create unlogged table unlogged.users (id uuid primary key);
    create table unlogged.days (id int) partition by range (id);
    create unlogged table unlogged.days_1 partition of unlogged.days for values from (1) to (9);
"""
REMEDY = "hot_standby_feedback = on there, or read from its primary; it begins anew in 1 s, by itself"


@pytest.fixture(scope="module")
def pair() -> Iterator[tuple[str, str]]:
    """URLs of a legacy database and of its standby, which waits for nobody who reads."""
    with standbys.pair("max_standby_streaming_delay = 0") as found:
        with psycopg.connect(found[0], autocommit=True) as conn:
            conn.execute(SOURCE)
        standbys.replayed(*found)
        yield found


@pytest.fixture
def settings(pair, database) -> Settings:
    sides = {"SOURCE": pair[1], "TARGET": database(), "STAGING": database()}
    return configuration.load("demo", {f"NXTGAUGE_{side}_URL": url for side, url in sides.items()})


@pytest.fixture
def conflict(pair) -> Callable[[], None]:
    """A vacuum of what every snapshot on the standby still sees."""

    def strike() -> None:
        with psycopg.connect(pair[0], autocommit=True) as conn:
            conn.execute("update scratch.touched set n = n + 1")
            conn.execute("vacuum scratch.touched")
            conn.execute("insert into scratch.touched values (0)")  # whose commit sends what the vacuum has logged
        standbys.replayed(*pair)

    return strike


@pytest.mark.parametrize("stage", ["define", "prove"])
def test_a_copy_is_made_anew(settings, conflict, stage):
    watch = Striking(stage, conflict)
    assert work.stage(settings, watch=watch)["state"] == "proven"
    (told,) = watch.waits
    assert REMEDY in told or "the session that held the snapshot has ended" in told


class Judging(Striking):
    """Strikes once some checks are made."""

    def steps(self, done: int, total: int, what: str, share: float | None = None) -> None:
        if what == "checks" and done > 3:
            self.stage("some checks")


def test_a_verification_begins_anew(settings, conflict, caplog):
    migrate(settings, Options(auditor=trusting))
    with caplog.at_level(logging.WARNING):
        found = work.verify(settings, level="content", watch=Judging("some checks", conflict))
    assert found["passed"] and caplog.text.count(REMEDY) == 1


def test_what_a_standby_has_no_rows_of_is_refused_before_anything_is_done(settings):
    settings = settings.model_copy(update={"source_schema": "unlogged"})
    for command in (lambda: migrate(settings, Options()), lambda: work.stage(settings)):
        with pytest.raises(PlanRefused) as caught:
            command()
        assert [fault.partition(":")[0] for fault in caught.value.faults] == ["days", "users"]
        assert "ALTER TABLE unlogged.days_1 SET LOGGED" in caught.value.faults[0]
    assert [fault.table for fault in survey.survey(settings).plan.faults] == ["days", "users"]
