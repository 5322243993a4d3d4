"""What a cut-over would do, told from real books and a real source, without touching either."""

import psycopg
import pytest
from pydantic import SecretStr

from config import mapping
from config import settings as configuration
from config.errors import ConfigError
from engine.books import bookkeeping
from engine.changes import rounds
from engine.changes.marks import Mark
from engine.cutover import foreseen
from engine.gates import certificate
from engine.session import connect
from tests.integration.engine.publish import builds
from tests.support.reports import rehearsed


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
    rounds.add(conn, run_id, Mark("1:1:", "7", 1), {"behind": 8}, 1.5)
    url = settings.source_url.get_secret_value()
    with (
        psycopg.connect(url, application_name="shop"),
        psycopg.connect(url, application_name="shop"),
        psycopg.connect(url, application_name="") as nameless,
    ):
        found = foreseen.foreseen(settings)
        role = nameless.info.user
    assert (found.run_id, found.build, found.target_schema) == (run_id, "nxtgauge__build", "nxtgauge")
    assert (found.last_round["behind"], found.last_round["pause"], found.is_one_database) == (8, 1.5, False)
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


def test_a_rehearsal_of_the_cut_over_is_required_or_missed_and_a_longer_pause_is_told(settings, conn):
    run_id = builds.build(conn)
    strict = settings.model_copy(update={"require_certificate": True})

    def look(given, budget=10.0):
        return foreseen.foreseen(given, fence="operator", budget=budget)

    missing, again = look(strict).faults
    assert "this cut-over was not rehearsed: profile demo requires" in missing
    assert again == "`nxtgauge-migrate rehearse --cutover --refresh` rehearses it"
    found = look(settings)
    assert found.faults == () and found.rehearsed is None and "was not rehearsed" in found.remarks[0]
    parts = certificate.stated_of_program(mapping.load().digest, settings) | {"source_schema": "ab", "source": {}}
    certificate.issue(conn, run_id, parts)
    assert look(strict).faults, "a rehearsal without its cut-over does not count"
    certificate.issue(conn, run_id, parts | {"cutover": rehearsed(pause_seconds=12.0)["cutover"]})
    found = look(strict)
    assert found.faults == () and found.rehearsed["cutover"]["pause_seconds"] == 12.0
    (remark,) = found.remarks
    assert "the pause was 12.0 s, and the budget is 10 s" in remark and look(strict, 12.0).remarks == ()
    conn.execute('update migration.certificates set parts = parts || \'{"code_version": "9.9"}\'')
    assert f"not as rehearsed by run {run_id}: the program was 9.9" in look(strict).faults[0]
    assert look(settings).faults == () and "the program was 9.9" in look(settings).remarks[0]
