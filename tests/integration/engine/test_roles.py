"""The roles of config/roles, no superusers, go the whole way, and `plan` names each privilege that one lacks."""

import re
import subprocess

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from config import settings as configuration
from config.errors import PlanRefused
from config.postgres.quoting import quoted
from engine import operations, run, staging
from engine.staging import programs
from engine.start import survey
from engine.start.options import Options
from flows.observe.metrics import BooksCollector
from tests.support.auditors import reconciling
from tests.support.places import PROJECT

ROLES = {"source": "a reader", "target": "a migrator", "staging": "a stager"}
SCHEMA = "the legacy"
SOURCE = """
    create schema "the legacy"; set search_path = "the legacy", public;
    create extension citext schema public;
    create sequence numbers;
    create function tidy(word text) returns text language sql immutable as $$ select lower(word) $$;
    create table users (id uuid primary key, nick public.citext unique, number int default nextval('numbers'),
        tidied text generated always as (tidy(nick::text)) stored);
    create table secrets (id int primary key generated always as identity, owner text);
    alter table secrets enable row level security;
    create policy own on secrets using (owner = current_user);
    create table tutor_profiles (id uuid primary key, user_id uuid, status text, word public.citext);
    create table visits (id int, day date) partition by range (day);
    create table visits_old partition of visits for values from (minvalue) to ('2020-01-01');
    create view everything as select * from users;
    revoke execute on function public.citextsend from public;
    insert into users (id, nick) values ('11111111-1111-4111-8111-111111111111', 'Asha');
    insert into secrets (owner) values ('somebody');
    insert into tutor_profiles select id, id, 'approved', 'Word' from users;
    insert into visits values (1, '2019-01-01');
"""
GRANT = re.compile(r"(?:GRANT|ALTER ROLE) [^;]*?(?: TO \"[^\"]+\"| BYPASSRLS)")
# What the scripts have given the role in this database, each as the statement that takes it away.
GIVEN = """
    select format('revoke %%s on database %%I from %%I', a.privilege_type, d.datname, %(role)s::text)
    from pg_database d, aclexplode(d.datacl) a
    where d.datname = current_database() and a.grantee = (select oid from pg_roles where rolname = %(role)s)
        and a.privilege_type <> 'CONNECT'
    union all
    select format('revoke %%s on schema %%I from %%I', a.privilege_type, n.nspname, %(role)s::text)
    from pg_namespace n, aclexplode(n.nspacl) a where a.grantee = (select oid from pg_roles where rolname = %(role)s)
    union all
    select format('revoke %%s on %%s from %%I', a.privilege_type, c.oid::regclass, %(role)s::text)
    from pg_class c, aclexplode(c.relacl) a where a.grantee = (select oid from pg_roles where rolname = %(role)s)
    union all
    select format('alter role %%I nobypassrls', rolname) from pg_roles where rolname = %(role)s and rolbypassrls
"""


@pytest.fixture(scope="module")
def urls(module_database):
    """Databases that PUBLIC may do nothing in, by side; the roles are made as the scripts' heads say."""
    found = {side: module_database() for side in ROLES}
    for side, url in found.items():
        with psycopg.connect(url, autocommit=True) as owner:
            owner.execute(SOURCE if side == "source" else "")
            owner.execute(
                f"revoke all on database {owner.info.dbname} from public; revoke all on schema public from public"
            )
        made(side, url)
    yield found
    for side, url in found.items():
        with psycopg.connect(url, autocommit=True) as owner:
            owner.execute(f"drop owned by {quoted(ROLES[side])} cascade; drop role {quoted(ROLES[side])}")


def made(side: str, url: str) -> None:
    script = PROJECT / "config" / "roles" / f"{side}.sql"
    given = ["-v", f"role={ROLES[side]}", *([] if side == "target" else ["-v", f"schema={SCHEMA}"])]
    command = [programs.binary("psql"), "--no-psqlrc", "--quiet", url, *given, "-f", script]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0 and not done.stderr, done.stderr


@pytest.fixture(scope="module")
def settings(urls):
    given = {f"NXTGAUGE_{side.upper()}_URL": make_conninfo(url, user=ROLES[side]) for side, url in urls.items()}
    return configuration.load("demo", given | {"NXTGAUGE_SOURCE_SCHEMA": SCHEMA})


def as_owner(url: str, *statements: str) -> list[tuple]:
    with psycopg.connect(url, autocommit=True) as owner:
        cursors = [owner.execute(statement) for statement in statements]
        return cursors[-1].fetchall() if cursors and cursors[-1].description else []


def lacking(settings) -> set[str]:
    """The statements that `plan` names; each fault has to have one."""
    faults = survey.survey(settings).faults
    assert all(GRANT.search(fault) for fault in faults), faults
    return {statement for fault in faults for statement in GRANT.findall(fault)[:1]}


def test_each_privilege_that_is_lacking_is_named_with_the_statement_that_grants_it(urls, settings):
    assert lacking(settings) == set()
    taken = [(side, one) for side in ("source", "target") for one in given(urls[side], ROLES[side])]
    taken = [
        (side, one) for side, one in taken if not re.search("tutor_profiles|visits", one)
    ]  # a table is like another
    assert len(taken) == 9
    for side, statement in taken:
        as_owner(urls[side], statement)
        (grant,) = lacking(settings)
        as_owner(urls[side], grant)
        assert "BYPASSRLS" in grant or statement.split()[1] in grant
    assert lacking(settings) == set()


def test_all_that_is_lacking_is_named_at_once(urls, settings):
    taken = {side: given(urls[side], ROLES[side]) for side in ("source", "target")}
    for side, statements in taken.items():
        as_owner(urls[side], *statements)
    for grant in lacking(settings):
        as_owner(urls["target" if ROLES["target"] in grant else "source"], grant)
    assert lacking(settings) == set()


def given(url: str, role: str) -> list[str]:
    with psycopg.connect(url) as owner:
        return [statement for (statement,) in owner.execute(GIVEN, {"role": role})]


def test_they_go_the_whole_way(urls, settings):
    judge = reconciling(settings)
    first = run.migrate(settings, Options(auditor=judge))
    again = run.migrate(settings, Options(auditor=judge))
    assert {check.status for check in judge.found.checks} == {"PASS"}
    target = urls["target"]
    assert as_owner(target, "select nick::text, tidied from nxtgauge.users") == [("Asha", "asha")]
    assert as_owner(target, "select word::text from nxtgauge.tutor_profiles") == [("Word",)]
    assert as_owner(target, "select owner from nxtgauge.secrets") == [("somebody",)]
    operations.rollback(settings)
    states = {one["run_id"]: one["state"] for one in operations.status(settings)}
    assert (states[first.run_id], states[again.run_id]) == ("published", "withdrawn")
    assert operations.told(settings, again.run_id).run_id == again.run_id != first.run_id
    (up, *_) = BooksCollector(settings).collect()
    assert up.samples[0].value == 1


def test_a_copy_is_made_and_rehearsed_from_and_what_that_lacks_is_named(urls, settings):
    wish = staging.Wish(is_masked=False, reason="a test", name="pytest")
    for side in ("source", "staging"):
        taken = [
            one
            for one in given(urls[side], ROLES[side])
            if not re.search(r'(legacy|\.visits|numbers|_seq)"? from', one)
        ]
        as_owner(urls[side], *taken)
    with pytest.raises(PlanRefused) as refused:
        staging.refresh(settings, wish, None)
    grants = {statement for fault in refused.value.faults for statement in GRANT.findall(fault)[:1]}
    assert len(grants) == len(refused.value.faults) == 5
    for grant in grants:
        as_owner(urls["staging" if ROLES["staging"] in grant else "source"], grant)
    as_owner(urls["source"], """revoke select on "the legacy".visits_old from "a reader" """)
    with pytest.raises(
        PlanRefused, match=re.escape('by themselves, as `stage` does; GRANT SELECT ON TABLE "the legacy".visits_old')
    ):
        staging.refresh(settings, wish, None)
    as_owner(urls["source"], """grant select on "the legacy".visits_old to "a reader" """)
    staging.refresh(settings, wish, None)
    rehearsal = settings.on_staging()
    assert run.migrate(rehearsal, Options(auditor=reconciling(rehearsal), dry_run=True)).state == "discarded"
