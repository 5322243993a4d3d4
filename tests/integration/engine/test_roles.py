"""The roles that the documents advise, no superusers, go the whole way: what their SQL grants is enough."""

import re

import psycopg
import pytest

from config import settings as configuration
from config.errors import PlanRefused
from engine import operations, run
from engine.start.options import Options
from tests.support.auditors import reconciling
from tests.support.places import PROJECT

DOCUMENT = PROJECT / "docs" / "operating.md"
SOURCE = """
    create extension citext;
    create sequence numbers;
    create function tidy(word text) returns text language sql immutable as $$ select lower(word) $$;
    create table users (id uuid primary key, nick citext unique, number int default nextval('numbers'),
        tidied text generated always as (tidy(nick::text)) stored);
    create table secrets (id int primary key, owner text);
    alter table secrets enable row level security;
    create policy own on secrets using (owner = current_user);
    create table tutor_profiles (id uuid primary key, user_id uuid, status text, word citext);
    revoke execute on function citextsend from public;
    insert into users (id, nick) values ('11111111-1111-4111-8111-111111111111', 'Asha');
    insert into secrets values (1, 'somebody');
    insert into tutor_profiles select id, id, 'approved', 'Word' from users;
"""


@pytest.fixture
def conn(database):
    """The session that makes and drops roles."""
    with psycopg.connect(database(), autocommit=True) as conn:
        yield conn


def advised(heading: str, database: str, role: str) -> str:
    """The SQL of a paragraph, its role and database called otherwise."""
    text = DOCUMENT.read_text().split(f"**The {heading} role**")[1]
    sql = re.search(r"```sql\n(.*?)```", text, re.DOTALL)[1]
    names = {"legacy": database, "product": database, "reader": role, "migrator": role}
    return re.sub(r"\b(legacy|product|reader|migrator)\b", lambda name: f'"{names[name[1]]}"', sql)


def test_they_can_plan_migrate_verify_and_roll_back(database, conn):
    source, target = database(), database()
    urls = []
    for place, url in (("source", source), ("target", target)):
        with psycopg.connect(url, autocommit=True) as owner:
            name = f"a_{place}_role"
            owner.execute(SOURCE if place == "source" else "")
            owner.execute(f"revoke all on database {owner.info.dbname} from public")
            owner.execute(advised(place, owner.info.dbname, name))
            assert owner.execute("select rolsuper from pg_roles where rolname = %s", [name]).fetchone() == (False,)
            urls.append(f"{url}&user={name}" if "?" in url else f"{url}?user={name}")
    try:
        given = configuration.load("demo", {"NXTGAUGE_SOURCE_URL": urls[0], "NXTGAUGE_TARGET_URL": urls[1]})
        run.migrate(given, Options(auditor=reconciling(given)))
        run.migrate(given, Options(auditor=reconciling(given)))
        with psycopg.connect(target) as there:
            assert there.execute("select nick::text, tidied from nxtgauge.users").fetchall() == [("Asha", "asha")]
            assert there.execute("select word::text from nxtgauge.tutor_profiles").fetchall() == [("Word",)]
            assert there.execute("select owner from nxtgauge.secrets").fetchall() == [("somebody",)]
        operations.rollback(given)
        with psycopg.connect(source, autocommit=True) as owner:
            owner.execute("alter role a_source_role nobypassrls")
        with pytest.raises(PlanRefused, match="secrets: has row-level security that hides rows"):
            run.migrate(given, Options(auditor=reconciling(given)))
    finally:
        for url in (source, target):
            with psycopg.connect(url, autocommit=True) as owner:
                for name in ("a_source_role", "a_target_role"):
                    owner.execute(f"drop owned by {name} cascade")
        for name in ("a_source_role", "a_target_role"):
            conn.execute(f"drop role {name}")
