"""`doctor`: every finding at once, each with what to do, on a server that lacks something on each side."""

import psycopg
import pytest
from psycopg import sql

from config import settings as configuration
from flows.local import doctor

ROLE = "doctor_reader"


@pytest.fixture
def poor(database):
    """URLs of a source of which one table may not be read and of a target in which nothing may be made."""
    source, target = database(), database()
    with psycopg.connect(source, autocommit=True) as conn:
        conn.execute(sql.SQL("create role {} login").format(sql.Identifier(ROLE)))
        conn.execute("create table users (id int); create table roles (id int); grant select on users to public")
        conn.execute(f"revoke temporary, create on database {conn.info.dbname} from public")
    with psycopg.connect(target, autocommit=True) as conn:
        conn.execute(f"revoke temporary, create on database {conn.info.dbname} from public")
    yield [psycopg.conninfo.make_conninfo(url, user=ROLE) for url in (source, target)]
    with psycopg.connect(source, autocommit=True) as conn:
        conn.execute(sql.SQL("drop owned by {0}; drop role {0}").format(sql.Identifier(ROLE)))


def _examined(*urls: str) -> tuple[dict[str, doctor.Finding], int]:
    names = ("NXTGAUGE_SOURCE_URL", "NXTGAUGE_TARGET_URL", "NXTGAUGE_STAGING_URL")
    found = doctor.examine(configuration.load("staging", dict(zip(names, urls, strict=False))))
    assert all("\n" not in finding.found for finding in found)
    return {finding.name: finding for finding in found}, doctor.exit_code(found)


def test_each_lack_is_told_with_its_remedy(poor):
    found, code = _examined(*poor, "host=127.0.0.1 port=1 user=bob password=hunter2")
    assert code == 3
    assert "may not read 1 tables (roles)" in found["source privileges"].found
    assert found["source privileges"].remedy == f'GRANT SELECT ON ALL TABLES IN SCHEMA "public" TO "{ROLE}"'
    assert found["target privileges"].remedy.startswith("GRANT ")
    assert (found["staging"].state, found["staging"].exit_code) == ("wrong", 5)
    assert found["staging"].remedy and "hunter2" not in doctor.text(list(found.values()))
    assert found["target clock"].state == "ok" and "SQL cannot tell" in found["target room"].remedy


def test_a_fence_that_is_named_is_looked_at(poor, database):
    source, target = poor[0], database()
    names = ("NXTGAUGE_SOURCE_URL", "NXTGAUGE_FENCE_URL", "NXTGAUGE_TARGET_URL")
    given = dict(zip(names, (source, source, target), strict=True))
    lacking = [one for one in doctor.examine(configuration.load("staging", given)) if one.name == "fence"]
    assert {one.state for one in lacking} == {"wrong"} and all(one.remedy for one in lacking)
    assert any(one.remedy.startswith("GRANT ") and "users" in one.remedy for one in lacking)
    found = doctor.examine(
        configuration.load(
            "staging", given | dict.fromkeys(names[:2], psycopg.conninfo.make_conninfo(source, user="postgres"))
        )
    )
    assert [one.state for one in found if one.name == "fence"] == ["ok"]


def test_where_all_is_well_it_says_so(database):
    found, code = _examined(database(), database())
    assert code == 0 and {finding.state for finding in found.values()} == {"ok"}
