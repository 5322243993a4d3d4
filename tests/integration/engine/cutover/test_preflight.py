"""What would refuse the fence is told before, all of it at once, with the statement that mends it."""

import re
import subprocess

import psycopg
import pytest

from config import settings as configuration
from config.errors import PlanRefused
from config.postgres.connection import parse
from engine.cutover import fence, silence
from engine.session import connect
from engine.staging import programs
from tests.support import standbys
from tests.support.places import PROJECT

GRANT = re.compile(r"(?:GRANT|REVOKE) .*?(?=$|, or)")


def _settings(source: str, **more: str):
    return configuration.load("demo", {"NXTGAUGE_SOURCE_URL": source} | more)


def test_without_the_variable_it_says_what_to_do(people):
    (fault,) = fence.faults(_settings(people.url_of("fencer")))
    assert fault.startswith("NXTGAUGE_FENCE_URL is not set") and "stop the writers yourself" in fault


@pytest.mark.parametrize("how", ["revoke", "rename"])
def test_what_a_role_lacks_is_granted_by_what_is_said(people, look, settings, how, stop):
    """Whoever types all of it has a fence."""
    look.execute(people.fill("revoke {owner} from {fencer}; revoke all on database {database} from public, {fencer}"))
    look.execute(people.fill("grant connect on database {database} to {fencer}"))
    look.execute("revoke all on schema public from public; alter table visits detach partition elsewhere.visits_2")
    lacking = fence.faults(settings, how)
    told = "\n".join(lacking)
    assert "may not use schema public" in told and "may not lock 5 tables (" in told
    assert "visits_1" not in told  # a lock on its parent reaches it
    for fault in lacking:
        look.execute(GRANT.search(fault)[0])
    assert fence.faults(settings, how) == []
    with fence.locked(settings, stop, 5) as lock:
        lock.bind(how)
        lock.commit()


def test_the_script_makes_a_role_that_lacks_nothing(people, look, settings):
    look.execute(people.fill("revoke {owner} from {fencer}; revoke all on database {database} from public, {fencer}"))
    look.execute("revoke all on schema public from public; alter table visits detach partition elsewhere.visits_2")
    given = ["-v", f"role={people.names['fencer']}", "-v", "schema=public", "-f", PROJECT / "config/roles/fence.sql"]
    for _ in range(2):
        command = [programs.binary("psql"), "--no-psqlrc", "--quiet", people.url, *given]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    assert fence.faults(settings, "revoke") == fence.faults(settings, "rename") == []


def test_it_has_to_be_the_source_and_a_primary(people, database):
    other = database()
    (fault, *_) = fence.faults(_settings(people.url_of("fencer"), NXTGAUGE_FENCE_URL=other))
    assert "leads to another database" in fault and "NXTGAUGE_FENCE_URL" in fault
    (fault,) = fence.faults(_settings(people.url_of("fencer"), NXTGAUGE_FENCE_URL="host=127.0.0.1 port=1 password=x2y"))
    assert "NXTGAUGE_FENCE_URL" in fault and "x2y" not in fault
    (fault,) = fence.faults(_settings(people.url_of("fencer"), NXTGAUGE_FENCE_URL=people.url_of("fencer"),
                                      NXTGAUGE_SOURCE_SCHEMA="nowhere"))  # fmt: skip
    assert fault.startswith("there is no schema nowhere")


def test_what_a_rename_would_not_bind_is_named(people, look, settings):
    look.execute("alter table visits detach partition elsewhere.visits_2")
    look.execute("""
        create view elsewhere.people as select * from users;
        create view elsewhere.numbers as select count(*) from users;
        create view here as select * from users;
        create function elsewhere.add() returns void begin atomic insert into unmapped values (1); end;
        create table elsewhere.parents (id int primary key);
        create table kids (id int references elsewhere.parents on delete cascade);
        create table links (id int references elsewhere.parents)
    """)
    (fault,) = [text for text in fence.faults(settings, "rename") if "whatever the schema is called" in text]
    assert "view elsewhere.people" in fault and "function elsewhere.add" in fault and "public.kids" in fault
    assert "numbers" not in fault and "here" not in re.findall(r"\bview (\S+)", fault) and "links" not in fault


def test_the_name_of_a_retired_schema_has_to_be_free(people, look, settings):
    look.execute("create schema public__retired")
    assert "there is a schema public__retired already" in "\n".join(fence.faults(settings, "rename"))
    (fault,) = fence.faults(
        _settings(people.url, NXTGAUGE_FENCE_URL=people.url, NXTGAUGE_SOURCE_SCHEMA="é" * 28), "rename"
    )
    assert fault.startswith("there is no schema")


def test_superusers_who_are_here_are_named(people, settings):
    assert fence.faults(settings) == []
    with psycopg.connect(people.url, application_name="backoffice") as other:
        (fault,) = fence.faults(settings)
        assert f"{other.info.backend_pid} backoffice" in fault and "no REVOKE binds" in fault


def test_a_standby_locks_nobody_out_and_proves_nothing(stop):
    with standbys.pair() as (primary, standby):
        with psycopg.connect(primary, autocommit=True) as conn:
            conn.execute("create table users (id int primary key)")
        standbys.replayed(primary, standby)
        for source, fenced, variable in ((primary, standby, "FENCE"), (standby, primary, "SOURCE")):
            found = fence.faults(_settings(source, NXTGAUGE_FENCE_URL=fenced))
            assert any(f"NXTGAUGE_{variable}_URL leads to a standby" in fault for fault in found)
        here = parse(standby, "NXTGAUGE_SOURCE_URL")
        with pytest.raises(PlanRefused, match="the source is a standby"):
            silence.prove(lambda: connect.source(here), "public", ["users"], stop)


def test_no_superuser_is_lent_for_the_fence(people, look, settings):
    look.execute(people.fill("reset role; alter table unmapped owner to postgres"))
    (fault,) = [text for text in fence.faults(settings) if "can only be revoked by that role" in text]
    assert "postgres is a superuser: give what it owns there to another role" in fault and "GRANT" not in fault
