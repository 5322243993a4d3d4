"""Builds made by hand, whose only user is called like their run: whose rows stand where is told by their names."""

from psycopg import sql

from engine.books import bookkeeping
from engine.gates import summary
from engine.publish import publish, rollback
from engine.publish.rollback import Trial, Wish
from tests.support.auditors import pass_gates

TARGET = "nxtgauge"

# All kinds of objects, depending on each other across kinds and in circles.
PRODUCT = """
    create type {build}.mood as enum ('good', 'bad');
    create domain {build}.positive as int check (value > 0);
    create type {build}.pair as (a int, b {build}.mood);
    create type {build}.span as range (subtype = int8);
    create sequence {build}.free;
    create table {build}.users (id int primary key, name text, mood {build}.mood, best_order int, pairs {build}.pair[],
                                number bigint default nextval('{build}.free'));
    create table {build}.orders (id int generated always as identity primary key, user_id int references {build}.users,
                                 amount {build}.positive, serial serial);
    alter table {build}.users add foreign key (best_order) references {build}.orders;
    create function {build}.greet(u {build}.users) returns text language sql begin atomic select u.name; end;
    create view {build}.greetings as select {build}.greet(u) as text from {build}.users u;
    create materialized view {build}.all_greetings as select * from {build}.greetings;
    create view {build}.again as select * from {build}.all_greetings;
    create function {build}.count_greetings() returns bigint language sql
        begin atomic select count(*) from {build}.again; end;
    create table {build}.parts (id int) partition by list (id);
    create table {build}.parts_1 partition of {build}.parts for values in (1);
    create statistics {build}.st on id, name from {build}.users;
    create index on {build}.users (lower(name));
    create text search dictionary {build}.plain (template = simple);
    create text search configuration {build}.words (copy = simple);
    alter text search configuration {build}.words alter mapping replace simple with {build}.plain;
    create index on {build}.users using gin (to_tsvector('{build}.words', name));
    create procedure {build}.nothing() language sql as '';
    create aggregate {build}.total(int) (sfunc = int4pl, stype = int);
    insert into {build}.users (id, name) values (1, {run});
"""


def build(conn, ddl: str = "create table {build}.users (name text); insert into {build}.users values ({run})") -> str:
    """A run whose build is ready; its id, which is also what its only user is called."""
    new = bookkeeping.NewRun(
        profile="demo",
        source_schema="public",
        target_schema=TARGET,
        dry_run=False,
        source_identity={},
        mapping_hash="",
        plan_hash="",
        code_version="",
    )
    run_id = bookkeeping.create_run(conn, new).run_id
    publish.make_build(conn, run_id, TARGET)
    names = {"build": sql.Identifier(TARGET + "__build"), "run": sql.Literal(run_id)}
    conn.execute(sql.SQL(ddl).format(**names))
    conn.execute("create table legacy_archive__build.professionals as select %s::text as name", [run_id])
    pass_gates(conn, run_id, TARGET)
    return run_id


def published(conn, ddl: str | None = None, **options) -> str:
    run_id = build(conn, ddl) if ddl else build(conn)
    publish.publish(conn, run_id, TARGET, **options)
    return run_id


def take(conn, **asked) -> rollback.Taken:
    return rollback.take(conn, Trial(TARGET, Wish(**asked)))


def shown(conn, run_id: str) -> str:
    """The run's state as `status` lists it, and a report too; the list says of one that is kept aside that it is."""
    listed = summary.status(conn, bookkeeping.run(conn, run_id), [])["state"]
    told = summary.of(conn, run_id, missing_tables=[], changed_tables=[]).state
    assert told == listed or (told, listed) == ("rolled_back", "withdrawn")
    return listed


def standing(conn) -> dict[str, str]:
    """Schema → the run whose rows it holds, of all schemas there are but the system's and the public ones."""
    query = """select nspname from pg_namespace
               where nspname not like 'pg_%%' and nspname not in ('information_schema', 'public', 'migration')"""
    found = {}
    for (name,) in conn.execute(query).fetchall():
        table = "professionals" if name.startswith("legacy_archive") else "users"
        found[name] = conn.execute(sql.SQL("select name from {}").format(sql.Identifier(name, table))).fetchone()[0]
    return found


def expected(**runs: str) -> dict[str, str]:
    """live=…, previous=…, withdrawn=… → what standing() then gives."""
    suffixes = {"live": "", "build": "__build", "previous": "__previous", "withdrawn": "__withdrawn"}
    return {kind + suffixes[role]: run for role, run in runs.items() for kind in (TARGET, "legacy_archive")}


def state(conn, run_id: str) -> str:
    return bookkeeping.run(conn, run_id).state
