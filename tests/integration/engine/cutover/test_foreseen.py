"""What a cut-over would do, told from real books and a real source, without touching either."""

import psycopg
import pytest
from pydantic import SecretStr

from config import settings as configuration
from config.errors import ConfigError
from engine.books import bookkeeping
from engine.changes import rounds
from engine.changes.marks import Mark
from engine.cutover import foreseen
from engine.session import connect
from tests.integration.engine.publish import builds


@pytest.fixture
def settings(database):
    environ = {"NXTGAUGE_SOURCE_URL": database(), "NXTGAUGE_TARGET_URL": database()}
    return configuration.load("demo", environ)


@pytest.fixture
def conn(settings):
    with connect.target(settings.target) as conn:
        bookkeeping.ensure(conn)
        yield conn


def test_it_names_the_build_its_last_round_and_who_is_connected_but_not_itself(settings, conn):
    run_id = builds.build(conn)
    rounds.add(conn, run_id, Mark("1:1:", "7", 1), {"behind": 8, "pause": 0.5}, 1.5)
    url = settings.source_url.get_secret_value()
    with (
        psycopg.connect(url, application_name="shop"),
        psycopg.connect(url, application_name="shop"),
        psycopg.connect(url, application_name="") as nameless,
    ):
        found = foreseen.foreseen(settings)
        role = nameless.info.user
    assert (found.run_id, found.build, found.target_schema) == (run_id, "nxtgauge__build", "nxtgauge")
    assert (found.last_round["behind"], found.last_round["pause"], found.is_one_database) == (8, 0.5, False)
    assert [(one.application, one.role, one.sessions) for one in found.connected] == [
        ("shop", role, 2), ("without a name", role, 1),
    ]  # fmt: skip


def test_who_may_not_see_others_sessions_sees_their_names_all_the_same(settings, conn, role):
    builds.build(conn)
    url = settings.source_url.get_secret_value()
    reader = role("reader")
    conn.execute(f"alter role {reader} login")
    as_reader = psycopg.conninfo.make_conninfo(url, user=reader)
    with psycopg.connect(url, application_name="shop"):
        found = foreseen.foreseen(settings.model_copy(update={"source_url": SecretStr(as_reader)}))
    assert [one.application for one in found.connected] == ["shop"]


def test_one_database_is_known_by_itself(settings, conn):
    builds.build(conn)
    both = settings.model_copy(update={"source_url": settings.target_url})
    assert foreseen.foreseen(both).is_one_database


def test_without_a_build_or_with_anothers_it_says_so(settings, conn):
    with pytest.raises(ConfigError, match="nxtgauge-migrate sync"):
        foreseen.foreseen(settings)
    run_id = builds.build(conn)
    with pytest.raises(ConfigError, match=f"is run {run_id}'s, not run r0's"):
        foreseen.foreseen(settings, "r0")
    with pytest.raises(ConfigError, match="there is no build of schema other"):
        foreseen.open_build(settings.model_copy(update={"target_schema": "other"}))
    assert foreseen.open_build(settings, run_id).run_id == run_id
