"""Staging copies, whole and as they are: nothing is lost on the way, nothing of anybody else's is touched."""

import dataclasses
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from config.errors import ConfigError
from engine import staging
from engine.gates import certificate
from engine.reflect import catalog
from engine.session.execution import Silent
from engine.staging import rows, structure
from flows.demo.seed import seed
from tests.support.copies import AS_IT_IS, RELATIONS, ask, do, settings

HERE = Path(__file__).parent
NASTY, ROWS = HERE.parent / "nasty.sql", HERE / "rows.sql"
SUM = "select count(*), sum(hashtextextended(t::text, 0)) from {} t"
ABROAD = ("foreign key abroad_id_fkey of abroad, into schema elsewhere", "view outward")


def contents(url: str, schema: str) -> dict[str, tuple]:
    """Rows and their hashes of each table."""
    with psycopg.connect(url) as conn:
        conn.execute("select set_config('search_path', quote_ident(%s), false)", [schema])
        tables = [name for (name,) in conn.execute(RELATIONS, [schema])]
        return {name: conn.execute(sql.SQL(SUM).format(sql.Identifier(name))).fetchone() for name in tables}


def reflected(url: str, schema: str) -> catalog.Catalog:
    with psycopg.connect(url, autocommit=True) as conn:
        return catalog.reflect(conn, schema)


def positions(found: catalog.Catalog) -> dict[str, tuple]:
    return {sequence.name: (sequence.last_value, sequence.is_called) for sequence in found.sequences}


def nasty(url: str, schema: str) -> str:
    name = sql.Identifier(schema)
    with psycopg.connect(url) as conn:
        conn.execute(sql.SQL("create schema if not exists {}").format(name))
        conn.execute(sql.SQL("set search_path = {}").format(name))
        conn.execute(NASTY.read_text())
        conn.execute(ROWS.read_text())
    return url


@pytest.mark.parametrize("schema", ["public", 'x"; drop table users; -- $a*.'])
def test_a_nasty_schema_is_copied_as_it_is(database, schema):
    source, copy = nasty(database(), schema), database()
    told = staging.refresh(settings(source, copy, source_schema=schema), AS_IT_IS, None)
    assert contents(copy, schema) == contents(source, schema)
    there, here = reflected(source, schema), reflected(copy, schema)
    for part in (field.name for field in dataclasses.fields(catalog.Catalog) if field.compare):
        for found, wanted in zip(_known(getattr(here, part)), _known(getattr(there, part)), strict=True):
            assert found == wanted
    assert positions(here) == positions(there)
    assert told["remarks"] == [f"not copied: {thing}" for thing in ABROAD]
    rows = {table["table"]: (table["source_rows"], table["rows"]) for table in told["tables"]}
    assert rows == {name: (count, count) for name, (count, _) in contents(source, schema).items()}
    assert ask(copy, "select table_name, source_rows, rows from nxtgauge_staging.tables order by 1") == sorted(
        (name, *counts) for name, counts in rows.items()
    )


def _known(part):
    """Without what lies in another schema, which a copy of one schema cannot have."""
    if not isinstance(part, tuple):
        return [part]
    kept = [thing for thing in part if getattr(thing, "name", "") != "outward"]
    return [_at_home(thing) if isinstance(thing, catalog.LegacyTable) else thing for thing in kept]


def _at_home(table: catalog.LegacyTable) -> catalog.LegacyTable:
    """A dump does not say how many dimensions an array was declared with, which means nothing to the server."""
    constraints = tuple(c for c in table.shape.constraints if not c.ref_schema)
    columns = tuple(dataclasses.replace(c, dimensions=min(c.dimensions, 1)) for c in table.shape.columns)
    return dataclasses.replace(table, shape=dataclasses.replace(table.shape, constraints=constraints, columns=columns))


def test_rows_without_a_key_keep_their_order(database):
    source, copy = nasty(database(), "public"), database()
    given = settings(source, copy).model_copy(update={"stream_chunk_bytes": 64 * 1024, "workers": 4})
    staging.refresh(given, AS_IT_IS, None)
    found = reflected(source, "public")
    assert len(rows.parts(found.table("keyless"), "public", 8192)) == 1 < found.table("keyless").pages
    assert len(rows.parts(found.table("order"), "public", 8192)) == found.table("order").pages > 1
    query = "select value, kind::text from keyless order by ctid"
    assert ask(copy, query) == ask(source, query)


def test_a_legacy_database_is_copied_in_chunks_and_refreshed(database):
    source, copy = database(), database()
    seed(source, rows=3_000)
    given = settings(source, copy).model_copy(update={"stream_chunk_bytes": 64 * 1024})
    first = staging.refresh(given, AS_IT_IS, None)
    do(source, "insert into runtime_configs (key, value) values ('new', '1')")
    second = staging.refresh(given, AS_IT_IS, None)
    assert contents(copy, "public") == contents(source, "public")
    assert positions(reflected(copy, "public")) == positions(reflected(source, "public"))
    assert (second["source"], second["staging"]) == (given.source.redacted, given.staging.redacted)
    kept = ask(copy, "select copy_id, state, is_masked, reason, name, percent from nxtgauge_staging.copies order by 1")
    assert kept == [(told["copy_id"], "copied", False, "a test", "pytest", None) for told in (first, second)]
    assert ask(copy, "select distinct kind, why from nxtgauge_staging.columns") == [("keep", "copied unmasked: a test")]
    staging.require(given)


def test_a_database_without_our_books_is_somebodys_own_copy(database):
    own = database()
    empty = settings(database(), own)
    with pytest.raises(ConfigError, match=r"holds no copy.*`nxtgauge-migrate stage` makes one"):
        staging.require(empty)
    do(own, "create table users (id int)")
    staging.require(empty)


def test_the_source_must_not_be_newer_than_pg_dump_nor_than_the_copy(database):
    from engine.session import servers
    from engine.staging import faults

    with psycopg.connect(database()) as conn:
        now = servers.info(conn)
    newer = dataclasses.replace(now, version_number=990000, version="99.0")
    assert any("our pg_dump reads servers up to" in fault for fault in faults.of_servers(newer, newer))
    assert any("older than the source's 99.0" in fault for fault in faults.of_servers(newer, now))
    assert faults.of_servers(now, now) == []


def test_a_password_is_no_argument(monkeypatch):
    from config.postgres.connection import parse
    from engine.staging import programs

    place, environment = programs._place(parse("postgresql://me:pa55@host/db?sslmode=require", "X"))
    assert "pa55" not in " ".join(place) and environment["PGPASSWORD"] == "pa55"
    with pytest.raises(ConfigError, match="sslpassword, which pg_dump takes by no safe way"):
        programs._place(parse("postgresql://me@host/db?sslpassword=x", "X"))


def test_a_source_of_another_encoding(database):
    copy = database()
    parts = psycopg.conninfo.conninfo_to_dict(copy)
    name = parts["dbname"] + "_latin"
    source = psycopg.conninfo.make_conninfo("", **parts | {"dbname": name})
    do(copy, f"create database {name} encoding latin1 lc_collate 'C' lc_ctype 'C' template template0")
    try:
        do(
            source + " client_encoding=utf8",
            'create table users (id integer primary key, "Größe" text)',
            """insert into users values (1, 'Zoë')""",
            'create index "Ünique" on users ("Größe")',
        )
        staging.refresh(settings(source, copy), AS_IT_IS, None)
        assert ask(copy, 'select "Größe" from users') == [("Zoë",)]
        assert ask(copy, "select indexname from pg_indexes where indexname like '%nique'") == [("Ünique",)]
    finally:
        do(copy, f"drop database {name} with (force)")


def test_one_moment_is_copied_and_nobody_alters_a_table_meanwhile(database, monkeypatch):
    source, copy = database(), database()
    do(source, "create table users (id integer primary key, a text)", "insert into users values (1, 'x')")
    dump = structure.dump

    def meanwhile(*arguments):
        do(source, "insert into users values (2, 'y')", "create table late (id integer)")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            do(source, "set lock_timeout = '50ms'", "alter table users add column b text")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            do(source, "set lock_timeout = '50ms'", "truncate users")
        return dump(*arguments)

    monkeypatch.setattr(structure, "dump", meanwhile)
    staging.refresh(settings(source, copy), AS_IT_IS, None)
    assert ask(copy, "select * from users") == [(1, "x")]
    assert ask(copy, "select to_regclass('late')") == [(None,)]


def test_roles_that_may_just_read_and_just_write(database):
    source, copy = database(), database()
    reader, owner = f"reader_{source[-6:]}", f"owner_{source[-6:]}"
    do(
        source,
        "create table users (id serial primary key, full_name text)",
        "insert into users (full_name) values ('a'), ('b')",
        "alter table users enable row level security",
        "alter table users force row level security",
        "create policy none on users using (false)",
        f"create role {reader} bypassrls",
        f"create role {owner}",
        f"grant usage on schema public to {reader}",
        f"grant select on users, users_id_seq to {reader}",
    )
    name = sql.Identifier(psycopg.conninfo.conninfo_to_dict(copy)["dbname"]).as_string()
    do(copy, f"alter database {name} owner to {owner}", f"alter schema public owner to {owner}")
    try:
        given = settings(_as(source, reader), _as(copy, owner))
        for _ in range(2):
            told = staging.refresh(given, AS_IT_IS, None)
        assert ask(copy, "select full_name from users order by 1") == [("a",), ("b",)]
        assert ask(copy, "select last_value from users_id_seq") == [(2,)]
        assert any("row-level security of users" in remark for remark in told["remarks"])
    finally:
        do(copy, f"alter database {name} owner to current_user", f"drop owned by {owner}", f"drop role {owner}")
        do(source, f"drop owned by {reader}", f"drop role {reader}")


def _as(url: str, role: str) -> str:
    return psycopg.conninfo.make_conninfo(url, options=f"-c role={role}")


def test_extensions_in_the_copys_schema_stay_and_stand_in_no_refreshs_way(database):
    """Neither as something of others', nor by what of others' uses them."""
    source, copy = database(), database()
    do(source, "create extension citext", "create table users (name citext)", "insert into users values ('a')")
    do(copy, "create extension hstore", "create extension citext")
    do(copy, "create schema elsewhere", "create table elsewhere.others (name public.citext, facts public.hstore)")
    for _ in range(2):
        staging.refresh(settings(source, copy), AS_IT_IS, None)
    assert ask(copy, "select name from users") == [("a",)]
    assert ask(copy, "select count(*) from pg_extension where extname in ('citext', 'hstore')") == [(2,)]
    assert ask(copy, "select * from elsewhere.others") == []


def test_an_extension_that_only_a_function_names(database):
    source, copy = database(), database()
    do(
        source,
        "create schema apps",
        "create extension unaccent schema apps",
        """create function plain(name text) returns text language plpgsql immutable
           as $$ begin return apps.unaccent(name); end $$""",
        "create table users (id integer primary key, name text, plain text generated always as (plain(name)) stored)",
        "insert into users (id, name) values (1, 'Zoë')",
        "create index on users (plain(name))",
    )
    staging.refresh(settings(source, copy), AS_IT_IS, None)
    assert ask(copy, "select plain from users") == [("Zoe",)]


def test_what_is_certified_of_a_copy_is_certified_of_its_source(database):
    """A dump spells some expressions anew: the cast of an array becomes a cast of each element."""
    source, copy = database(), database()
    do(
        source,
        """create table users (id integer primary key, kind varchar(9) check (kind in ('a', 'it''s', null)),
           size char(2) default 'x'::varchar check (size not in ('s', 'm')), grown numeric(4, 1),
           loud text generated always as (case when kind in ('a', 'b') then upper(kind) end) stored,
           check (grown in (1, 2.5) or kind like any (array['a%', 'b%'])))""",
        "create index on users (lower(kind)) where kind in ('a', 'b') and size = any (array['s', 'm'])",
        "create domain short as varchar(3) check (value in ('a', 'b'))",
    )
    staging.refresh(settings(source, copy), AS_IT_IS, None)
    there, here = reflected(source, "public"), reflected(copy, "public")
    assert there.table("users").shape != here.table("users").shape
    assert certificate._table(here.table("users")) == certificate._table(there.table("users"))
    assert certificate._mark(here.types) == certificate._mark(there.types)


def test_nobody_but_the_owner_has_anything_of_a_copy(database):
    """While it is filled too; whatever default privileges give, and whatever a function would read in its name."""
    source, copy = database(), database()
    do(
        source,
        "create extension citext",
        "create table users (id integer primary key, email citext)",
        "insert into users values (1, 'a@x.example')",
        "create view seen as select * from users",
        "create materialized view stored as select * from users",
        "create sequence numbers",
        "create function read() returns bigint language sql security definer as 'select count(*) from public.users'",
        "revoke all on function read() from public",
    )
    kinds = ("tables", "sequences", "functions")
    do(
        copy,
        "create role curious",
        *(f"alter default privileges grant all on {kind} to curious, public" for kind in kinds),
    )
    held: list[tuple] = []

    class Watching(Silent):
        def stage(self, name: str) -> None:
            if name == "rows":
                held.extend(ask(copy, GRANTED))

    try:
        staging.refresh(settings(source, copy), AS_IT_IS, None, Watching())
        assert held == ask(copy, GRANTED) == []
        assert ask(copy, "select has_function_privilege('curious', 'citextin(cstring)', 'execute')") == [(True,)]
    finally:
        do(copy, "drop owned by curious", "drop role curious")


GRANTED = """
    select c.relname::text, a.grantee from pg_class c, aclexplode(c.relacl) a
    where c.relnamespace = 'public'::regnamespace and a.grantee <> c.relowner
    union all
    select p.proname::text, a.grantee from pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
    where p.pronamespace = 'public'::regnamespace and a.grantee <> p.proowner
        and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')
"""
