"""A legacy database in use: an application's role that writes to it, its owner, and one that may fence it."""

import secrets

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from config import settings as configuration
from engine.session.stop import Stop
from tests.integration.engine.cutover.writers import Writers

DDL = """
    create table users (id int primary key, value int default 0);
    create table orders (id int generated always as identity primary key, user_id int references users);
    create table unmapped (id int, note text);
    create table visits (day int, id int) partition by list (day);
    create table visits_1 partition of visits for values in (1);
    create table elsewhere.visits_2 partition of visits for values in (2);
    create table "Odd ""table %" (id int, "a %s" int);
    insert into users select n from generate_series(1, 50) as n;
"""
# Who may do what: the owner's tables, an application, one that may write single columns and pass it on.
ROLES = """
    create schema elsewhere;
    grant {owner} to {fencer};
    grant create on database {database} to {fencer}, {owner};
    alter schema public owner to {owner};
    alter schema elsewhere owner to {owner};
    set role {owner};
    grant usage on schema public, elsewhere to {app}, {clerk};
"""
GRANTS = """
    grant select, insert, update, delete on users, orders, visits, "Odd ""table %" to {app};
    grant select, insert on elsewhere.visits_2 to {app};
    grant select on unmapped to public;
    grant insert on unmapped to public;
    grant select, insert, update (value) on users to {clerk} with grant option;
    set role {clerk};
    grant insert, update (value) on users to {app};
    reset role;
"""


class People:
    """Roles of one database. url: of a superuser."""

    def __init__(self, url: str, tag: str):
        self.url = url
        self.names = {name: f"{name} {tag}" for name in ("owner", "app", "clerk", "fencer")}

    def url_of(self, name: str) -> str:
        return make_conninfo(self.url, user=self.names[name])

    def fill(self, text: str) -> sql.Composed:
        known = {name: sql.Identifier(role) for name, role in self.names.items()}
        database = sql.Identifier(psycopg.conninfo.conninfo_to_dict(self.url)["dbname"])
        return sql.SQL(text).format(**known, database=database)


@pytest.fixture
def people(url):
    found = People(url, secrets.token_hex(4))
    with psycopg.connect(url, autocommit=True) as conn:
        for role in found.names.values():
            conn.execute(sql.SQL("create role {} login").format(sql.Identifier(role)))
        conn.execute(found.fill(ROLES))
        conn.execute(DDL.encode())
        conn.execute(found.fill(GRANTS))
    yield found
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() "
            "and pid <> pg_backend_pid()"
        )
        names = sql.SQL(", ").join(map(sql.Identifier, found.names.values()))
        conn.execute(sql.SQL("drop owned by {0} cascade; drop role {0}").format(names))


@pytest.fixture
def settings(people):
    return configuration.load(
        "demo",
        {
            "NXTGAUGE_SOURCE_URL": people.url_of("fencer"),
            "NXTGAUGE_FENCE_URL": people.url_of("fencer"),
            "NXTGAUGE_TARGET_URL": people.url_of("fencer"),
        },
    )


@pytest.fixture
def stop():
    return Stop()


@pytest.fixture
def look(people):
    """A superuser's session that looks on."""
    with psycopg.connect(people.url, autocommit=True, application_name="nxtgauge-migrate looks on") as conn:
        yield conn


@pytest.fixture
def writers(people):
    """Four sessions of the application that write as fast as they may."""
    with Writers(people.url_of("app"), 4) as found:
        yield found
