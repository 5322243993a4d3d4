"""A target of an older server goes without what it does not know; the plan says so, and the auditor wants no more.

The servers here are of one version, so the older one is claimed.
"""

import re

import psycopg
import pytest

from checks.shape import things
from checks.shape.wanted import older
from config import settings as configuration
from engine.load import build, ddl
from engine.planning import planner, probe
from engine.reflect.catalog import reflect

LEGACY = """
    create table users (id uuid primary key);
    create table virtual (id int primary key, a int constraint a_there not null,
        b int generated always as (a * 2) virtual,
        c int constraint c_positive check (c > 0) not enforced, d int);
    alter table virtual add constraint d_there not null d not valid;
    create table loose (id int primary key, v int constraint v_loose references virtual (id) not enforced,
        a int, b int, constraint a_once unique nulls not distinct (a), constraint ab_once unique (a, b));
    create unique index b_once on loose (b) nulls not distinct;
    create table partly (id int primary key, a int, b int,
        constraint b_only foreign key (a, b) references loose (a, b) on delete set null (b));
    create table rooms (room int4range, at daterange, constraint rooms_once primary key (room, at without overlaps));
    create table stays (id int primary key, room int4range, at daterange,
        constraint stays_in foreign key (room, period at) references rooms (room, period at));
    create table tutor_profiles (id uuid primary key, user_id uuid, status text, kind text,
        shout text generated always as (kind || '!') virtual, constraint kind_once unique nulls not distinct (kind));
"""
NEW = re.compile(r"VIRTUAL|ENFORCED|OVERLAPS|PERIOD|NULLS NOT|SET NULL \(|CONSTRAINT \"?\w+\"? NOT NULL")
STORED = "generated anew, and stored: PostgreSQL 14 has no virtual columns"
FALLEN = [
    "constraint a_there: PostgreSQL 14 gives a not-null no name; the column takes no null all the same",
    "constraint b_only: PostgreSQL 14 sets all columns of a key, not only b",
    "constraint c_positive: PostgreSQL 14 has no constraints that are not enforced",
    "constraint d_there: PostgreSQL 14 has no not-null for new rows alone",
    "constraint rooms_once: PostgreSQL 14 has no keys over periods",
    "constraint stays_in: PostgreSQL 14 has no keys over periods",
    "constraint v_loose: PostgreSQL 14 has no constraints that are not enforced",
    "nulls not distinct of a_once: PostgreSQL 14 takes nulls for distinct",
    "nulls not distinct of b_once: PostgreSQL 14 takes nulls for distinct",
    "nulls not distinct of kind_once: PostgreSQL 14 takes nulls for distinct",
]


@pytest.fixture
def conn(database):
    with psycopg.connect(database(), autocommit=True) as found:
        if found.info.server_version < 180_000:
            pytest.skip("PostgreSQL 18 and later")
        found.execute(LEGACY)
        yield found


def planned(conn: psycopg.Connection, server: int):
    settings = configuration.load("demo", {"NXTGAUGE_SOURCE_URL": "postgresql:///x"})
    return planner.make(reflect(conn, "public"), settings, "2026-01-02 03:04+00", probe.Unread(), server)


def fallen(plan) -> list[str]:
    """What the plan lists of things that an older server lacks."""
    return sorted(line for table in plan.tables for line in table.dropped if "PostgreSQL" in line)


def shape_of(conn: psycopg.Connection, schema: str) -> tuple[things.Thing, ...]:
    with conn.transaction():
        return things.read(conn, schema)


def test_what_an_older_server_lacks_is_listed_and_not_wanted(conn):
    plan = planned(conn, 140_000)
    assert fallen(plan) == FALLEN
    ways = {f"{table.name}.{way.column}": way.note for table in plan.tables for way in table.ways}
    assert ways["virtual.b"] == ways["tutor_profiles.shout"] == STORED
    statements = [*build.before_load(plan)[0], *build.after_load(plan), *build.renames(plan)]
    assert [s.sql for s in statements if NEW.search(s.sql)] == []
    conn.execute("create schema product")
    ddl.replay(conn, ["product", "public"], statements)
    found = {thing.key: thing for thing in shape_of(conn, "product")}
    for thing in older.fitted(shape_of(conn, "public"), 140_000):
        if thing.of not in ("users", "tutor_profiles", None):
            assert found.pop(thing.key).says == thing.says
    left = [key for key in found if key[1] in ("virtual", "loose", "partly", "rooms", "stays")]
    assert {name for _, _, name in left} == {"created_at", "updated_at"}


def test_a_server_of_its_own_version_lacks_nothing(conn):
    plan, legacy = planned(conn, conn.info.server_version), shape_of(conn, "public")
    assert fallen(plan) == []
    assert tuple(older.fitted(legacy, conn.info.server_version)) == legacy
