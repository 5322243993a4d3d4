"""A part of `make matrix`: what ICU, libxml and contrib have a part in goes from the oldest server into the newest, and
what an older server lacks is refused or left out on the way back."""

import contextlib

import psycopg
import pytest

from config import settings as configuration
from config.errors import PlanRefused
from engine import staging
from engine.start import survey
from tests.matrix import pairs
from tests.support import servers

XML = """
    create type pair as (a int, b xml);
    create table users (id uuid primary key, papers xml, more xml[], p pair);
    create table empty (id int primary key, papers xml);
    insert into users values ('11111111-1111-4111-8111-000000000001', '<a/>');
"""
LANGUAGES, NEWER, NEWEST = (pairs.FOLDER / f"{name}.sql" for name in ("languages", "newer", "newest"))


@pytest.fixture(scope="module")
def running():
    with contextlib.ExitStack() as stack:
        try:
            yield {major: stack.enter_context(servers.running(major)) for major in (14, 18)}
        except servers.NotToBeHad as error:
            pytest.skip(str(error))


@pytest.mark.parametrize(("source", "target", "case"), [(14, 18, LANGUAGES), (18, 14, NEWER), (18, 14, NEWEST)])
def test_a_database_goes_from_one_version_into_another(running, source, target, case):
    (found,) = pairs.tried(running[source], running[target], 0, [case], None)
    assert not found.fault, found.fault


def test_xml_is_refused_for_a_server_that_was_built_without(running, database):
    """Which the embedded server was."""
    with pairs.databases(running[14], running[18]) as settings, psycopg.connect(settings.source.conninfo) as conn:
        conn.execute(XML)
        conn.commit()
        urls = {"NXTGAUGE_SOURCE_URL": settings.source.conninfo, "NXTGAUGE_TARGET_URL": database()}
        given = configuration.load("demo", urls | {"NXTGAUGE_STAGING_URL": database()})
        (fault,) = survey.survey(given).faults
        assert fault.startswith("users.papers, users.more, users.p: xml, and the target's server was built without")
        with pytest.raises(PlanRefused, match="and the staging database's server was built without libxml"):
            staging.refresh(given, staging.Wish(is_masked=False, reason="a test", name="pytest"), None)
