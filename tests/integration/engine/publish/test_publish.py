"""Publish and rollback: atomic, with grants, never dropping or touching what is not ours."""

import psycopg
import pytest
from psycopg import sql

from config.connection import Connection, parse
from config.errors import PlanRefused, TargetError
from engine.books import bookkeeping
from engine.gates import summary
from engine.publish import publish, schemas
from engine.session import connect, servers
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


@pytest.fixture
def here(database) -> Connection:
    return parse(database(), "NXTGAUGE_TARGET_URL")


@pytest.fixture
def conn(here):
    with connect.target(here) as conn:
        bookkeeping.ensure(conn)
        yield conn


@pytest.fixture
def other(here):
    """Somebody else's session on the target."""
    with psycopg.connect(here.conninfo, autocommit=True) as conn:
        yield conn


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


def shown(conn, run_id: str) -> str:
    """The run's state as `status` lists it, and a report too."""
    (listed,) = {summary.status(conn, bookkeeping.run(conn, run_id), False)["state"]}
    assert summary.of(conn, run_id, missing_tables=[], changed_tables=[]).state == listed
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


class TestPublish:
    def test_the_first_puts_product_and_archive_in_place(self, conn):
        assert publish.preflight(conn, TARGET) == []
        run_id = build(conn)
        switch = publish.publish(conn, run_id, TARGET)
        assert standing(conn) == expected(live=run_id)
        assert (switch.live_run, switch.replaced_run, switch.dependants) == (run_id, None, ())
        assert state(conn, run_id) == "published"
        assert {schema.role for schema in bookkeeping.schemas(conn).values()} == {"live"}

    def test_the_second_keeps_the_first_and_the_third_drops_it(self, conn):
        first, second = published(conn, PRODUCT), published(conn, PRODUCT)
        assert standing(conn) == expected(live=second, previous=first)
        third = published(conn, PRODUCT)
        assert standing(conn) == expected(live=third, previous=second)
        assert len(bookkeeping.schemas(conn)) == 4

    def test_everything_follows_the_rename(self, conn):
        published(conn, PRODUCT)
        conn.execute(f"insert into {TARGET}.users (id, name, best_order) values (2, 'b', null)")
        assert conn.execute(f"select {TARGET}.count_greetings()").fetchone() == (0,)
        assert conn.execute(f"select count(*) from {TARGET}.greetings").fetchone() == (2,)
        assert conn.execute(f"select number from {TARGET}.users where id = 2").fetchone() == (2,)

    def test_names_that_need_quotes(self, conn):
        name = 'Nxt "Gauge"; drop table x; --'
        for _ in range(3):
            run_id = build(conn)
            for schema in (f"{TARGET}__build", "legacy_archive__build"):
                schemas.drop(conn, schema)
            publish.make_build(conn, run_id, name)
            table = sql.Identifier(name + "__build", 'T"a b')
            conn.execute(sql.SQL("create table {} (id serial)").format(table))
            pass_gates(conn, run_id, name)
            publish.publish(conn, run_id, name)
        publish.rollback(conn, name)
        assert name in bookkeeping.schemas(conn) and name + "__withdrawn" in bookkeeping.schemas(conn)

    def test_a_run_without_a_build_or_with_anothers_is_refused(self, conn):
        run_id = published(conn)
        with pytest.raises(PlanRefused, match="has no schema nxtgauge__build"):
            publish.publish(conn, run_id, TARGET)
        newer = build(conn)
        with pytest.raises(PlanRefused, match=f"is run {newer}'s, not run {run_id}'s"):
            publish.publish(conn, run_id, TARGET)
        assert standing(conn) == expected(live=run_id, build=newer)

    def test_what_others_added_is_told_and_stops_the_drop(self, conn):
        first = published(conn, PRODUCT)
        conn.execute(f"create table {TARGET}.notes (id serial); create view {TARGET}.v as select * from {TARGET}.users")
        switch = publish.publish(conn, build(conn), TARGET)
        assert switch.replaced_run == first
        assert switch.left_behind == ("table nxtgauge.notes", "view nxtgauge.v")
        third = build(conn)
        with pytest.raises(PlanRefused, match=r"others have added to it: table nxtgauge__previous.notes"):
            publish.publish(conn, third, TARGET)
        assert len(publish.preflight(conn, TARGET)) == 1
        conn.execute(f"drop view {TARGET}__previous.v; alter table {TARGET}__previous.notes set schema public")
        publish.publish(conn, third, TARGET)
        assert standing(conn)[TARGET] == third

    def test_a_failure_on_the_way_changes_nothing(self, conn, monkeypatch):
        first = published(conn)
        second = build(conn)
        before = standing(conn), bookkeeping.schemas(conn)
        monkeypatch.setattr(bookkeeping, "set_state", lambda *_: conn.execute("select 1/0"))
        with pytest.raises(TargetError, match="publishing nxtgauge: division by zero"):
            publish.publish(conn, second, TARGET)
        assert (standing(conn), bookkeeping.schemas(conn)) == before
        assert state(conn, first) == "published" and state(conn, second) == "running"


class TestStrangers:
    @pytest.mark.parametrize("kind", [TARGET, "legacy_archive"])
    @pytest.mark.parametrize("suffix", ["", "__build", "__previous", "__withdrawn"])
    def test_a_schema_that_is_not_ours_is_refused_and_left_alone(self, conn, kind, suffix):
        name = kind + suffix
        run_id = None if suffix == "__build" else build(conn)
        conn.execute(f"create schema {name}; create table {name}.theirs (id int)")
        faults = publish.preflight(conn, TARGET)
        assert len(faults) == 1 and f"schema {name} exists and was not made by this tool" in faults[0]
        assert ("NXTGAUGE_TARGET_SCHEMA" in faults[0]) == (kind == TARGET)
        with pytest.raises(PlanRefused, match="was not made by this tool"):
            publish.publish(conn, run_id, TARGET) if run_id else publish.make_build(conn, "x", TARGET)
        assert conn.execute("select to_regclass(%s) is not null", [f"{name}.theirs"]).fetchone() == (True,)
        assert conn.execute("select count(*) from migration.schemas").fetchone() == (2 if run_id else 0,)

    def test_none_is_dropped_for_having_the_name_of_ours(self, conn):
        published(conn)
        conn.execute(f"alter schema {TARGET} rename to kept_by_the_dba; create schema {TARGET}")
        for name in (TARGET, "kept_by_the_dba", "public", "no_such_schema"):
            with pytest.raises(PlanRefused, match="was not made by this tool"):
                schemas.drop(conn, name)

    def test_the_bookkeeping_of_others_is_a_fault(self, here):
        with connect.target(here) as conn:
            conn.execute("create schema migration")
            assert "rename it" in publish.preflight(conn, TARGET)[0]

    def test_a_database_takes_one_target_schema(self, conn):
        published(conn)
        faults = publish.preflight(conn, "other")
        assert len(faults) == 1 and "legacy_archive belongs to target schema nxtgauge" in faults[0]

    def test_the_source_may_not_stand_where_the_target_will(self, conn, other):
        server = servers.info(other)
        for name in (TARGET, TARGET + "__previous", "legacy_archive__build", "migration"):
            faults = publish.preflight(conn, TARGET, source=server, source_schema=name)
            assert any("the source's schema " + name in fault for fault in faults)
        assert publish.preflight(conn, TARGET, source=server, source_schema="public") == []
        elsewhere = servers.ServerInfo(**server.identity() | {"database_oid": 1})
        assert publish.preflight(conn, TARGET, source=elsewhere, source_schema=TARGET) == []

    def test_a_role_that_may_not_is_told_before_anything_is_built(self, here, conn, role):
        published(conn)
        name = role("modest_role")
        conn.execute(f"alter role {name} login; grant usage on schema migration to {name}")
        conn.execute(f"grant select on all tables in schema migration to {name}")
        with connect.target(parse(here.conninfo + f" user={name}", "NXTGAUGE_TARGET_URL")) as modest:
            faults = publish.preflight(modest, TARGET)
        assert "grant it CREATE on the database" in faults[0]
        assert any("schema nxtgauge is owned by postgres" in fault for fault in faults)


class TestDependants:
    DDL = """
        create schema reporting;
        create view reporting.names as select name from {live}.users;
        create view reporting.names_of_names as select * from reporting.names;
        create table reporting.notes (user_id int references {live}.users, mood {live}.mood);
        alter table reporting.notes add n bigint default nextval('{live}.free');
        create function reporting.first() returns text language sql begin atomic select name from {live}.users; end;
        create publication everything for table {live}.orders;
    """

    def test_they_are_listed_and_refused(self, conn):
        first = published(conn, PRODUCT)
        conn.execute(self.DDL.format(live=TARGET))
        second = build(conn, PRODUCT)
        with pytest.raises(PlanRefused) as caught:
            publish.publish(conn, second, TARGET)
        assert conn.execute(f"select name from {TARGET}.users").fetchone() == (first,)
        (fault,) = caught.value.faults
        for name in (
            "view reporting.names",
            "table reporting.notes",
            "constraint notes_user_id_fkey on table reporting.notes",
            "default value for column n of table reporting.notes",
            "function reporting.first()",
            "publication everything",
        ):
            assert name in fault, name
        assert "names_of_names" not in fault and "allow_dependants" in fault
        assert publish.preflight(conn, TARGET) == [fault]
        assert publish.preflight(conn, TARGET, allow_dependants=True) == []

    def test_allowed_they_stay_on_what_was_replaced_until_it_is_to_be_dropped(self, conn):
        first = published(conn)
        conn.execute(f"create schema reporting; create view reporting.names as select name from {TARGET}.users")
        run_id = build(conn)
        switch = publish.publish(conn, run_id, TARGET, allow_dependants=True)
        assert switch.dependants == ("view reporting.names",)
        assert conn.execute("select name from reporting.names").fetchone() == (first,)
        third = build(conn)
        with pytest.raises(PlanRefused, match="nxtgauge__previous is to be dropped and others depend on it: view"):
            publish.publish(conn, third, TARGET, allow_dependants=True)
        conn.execute("drop view reporting.names")
        publish.publish(conn, third, TARGET)

    def test_an_extension_in_the_live_schema_is_a_fault(self, conn):
        published(conn)
        available = "select from pg_available_extensions where name = 'citext'"
        if conn.execute(available).fetchone() is None:
            pytest.skip("this server has no citext")
        conn.execute(f"create extension citext schema {TARGET}")
        faults = publish.preflight(conn, TARGET)
        assert any("extension citext lives in schema nxtgauge" in fault for fault in faults)


class TestLocks:
    def test_a_writer_under_way_stops_the_publish_and_is_named(self, conn, other):
        first, second = published(conn), build(conn)
        with other.transaction():
            other.execute(f"insert into {TARGET}.users values ('late')")
            with pytest.raises(TargetError) as caught:
                publish.publish(conn, second, TARGET, lock_seconds=0.2)
        message = str(caught.value)
        assert f"session {other.info.backend_pid} of postgres" in message and "nothing was changed" in message
        assert caught.value.retryable
        assert standing(conn) == expected(live=first, build=second)
        publish.publish(conn, second, TARGET, lock_seconds=0.2)

    def test_a_reader_of_the_live_schema_is_in_nobodys_way(self, conn, other):
        first, second = published(conn), build(conn)
        with other.transaction():
            other.execute(f"select * from {TARGET}.users")
            publish.publish(conn, second, TARGET, lock_seconds=0.2)
            assert other.execute(f"select name from {TARGET}.users").fetchone() == (second,)
        assert standing(conn)[TARGET + "__previous"] == first

    def test_a_reader_of_what_is_to_be_dropped_is(self, conn, other):
        first, second, third = published(conn), published(conn), build(conn)
        with other.transaction():
            other.execute(f"select * from {TARGET}__previous.users")
            with pytest.raises(TargetError, match=f"session {other.info.backend_pid}"):
                publish.publish(conn, third, TARGET, lock_seconds=0.2)
        assert standing(conn) == expected(live=second, previous=first, build=third)

    def test_the_session_waits_for_locks_as_before(self, conn):
        published(conn, lock_seconds=1.5)
        assert conn.execute("show lock_timeout").fetchone() == (f"{connect.LOCK_SECONDS}s",)


class TestRollback:
    def test_the_previous_comes_back_and_the_live_is_kept(self, conn):
        first, second = published(conn, PRODUCT), published(conn, PRODUCT)
        assert (shown(conn, first), shown(conn, second)) == ("superseded", "published")
        switch = publish.rollback(conn, TARGET)
        assert (switch.live_run, switch.replaced_run) == (first, second)
        assert standing(conn) == expected(live=first, withdrawn=second)
        assert (state(conn, first), state(conn, second)) == ("published", "rolled_back")
        assert (shown(conn, first), shown(conn, second)) == ("published", "rolled_back")

    def test_twice_sets_the_first_aside_and_thrice_is_refused(self, conn):
        first = published(conn)
        published(conn)
        publish.rollback(conn, TARGET)
        switch = publish.rollback(conn, TARGET)
        assert (switch.live_run, switch.replaced_run) == (None, first)
        assert standing(conn) == expected(withdrawn=first)
        with pytest.raises(PlanRefused, match="nothing to roll back"):
            publish.rollback(conn, TARGET)
        again = published(conn)
        assert standing(conn) == expected(live=again, withdrawn=first)

    def test_publishing_goes_on_after_it(self, conn):
        first = published(conn)
        second = published(conn)
        publish.rollback(conn, TARGET)
        third = published(conn)
        assert standing(conn) == expected(live=third, previous=first, withdrawn=second)
        publish.rollback(conn, TARGET)
        assert standing(conn) == expected(live=first, withdrawn=third)

    def test_a_strangers_schema_is_never_taken_back_or_dropped(self, conn):
        published(conn)
        conn.execute(f"create schema {TARGET}__withdrawn")
        with pytest.raises(PlanRefused, match="__withdrawn exists and was not made"):
            publish.rollback(conn, TARGET)
        conn.execute(f"drop schema {TARGET}__withdrawn; create schema {TARGET}__previous")
        with pytest.raises(PlanRefused, match="__previous exists and was not made"):
            publish.rollback(conn, TARGET)

    def test_nothing_published_is_nothing_to_roll_back(self, conn):
        with pytest.raises(PlanRefused, match="nothing to roll back"):
            publish.rollback(conn, TARGET)
        conn.execute(f"create schema {TARGET}")
        with pytest.raises(PlanRefused, match="nothing to roll back"):
            publish.rollback(conn, TARGET)

    def test_what_still_uses_the_withdrawn_is_told_and_does_not_stop_it(self, conn):
        published(conn)
        conn.execute(f"create schema reporting; create view reporting.names as select name from {TARGET}.users")
        assert publish.rollback(conn, TARGET).dependants == ("view reporting.names",)


class TestDrop:
    def test_a_build_is_dropped_whole_whatever_depends_on_what(self, conn):
        build(conn, PRODUCT)
        schemas.drop(conn, TARGET + "__build")
        schemas.drop(conn, "legacy_archive__build")
        assert standing(conn) == {} and bookkeeping.schemas(conn) == {}
        assert conn.execute("select count(*) from migration.schemas").fetchone() == (0,)

    def test_making_a_build_drops_the_one_that_failed(self, conn):
        build(conn, PRODUCT)
        run_id = build(conn)
        assert standing(conn) == expected(build=run_id)

    def test_what_depends_from_outside_stops_it_and_nothing_is_dropped(self, conn):
        build(conn, PRODUCT)
        conn.execute(f"create view public.names as select name from {TARGET}__build.users")
        tables = "select count(*) from pg_class where relnamespace = 'nxtgauge__build'::regnamespace"
        before = conn.execute(tables).fetchone()
        with pytest.raises(PlanRefused, match=r"others depend on it: view public.names; drop that first"):
            schemas.drop(conn, TARGET + "__build")
        assert conn.execute(tables).fetchone() == before

    def test_kinds_it_does_not_know_are_named(self, conn):
        build(conn, "create operator {build}.=== (leftarg = int, rightarg = int, function = int4pl)")
        with pytest.raises(PlanRefused, match=r"holds operator nxtgauge__build.==="):
            schemas.drop(conn, TARGET + "__build")


class TestGrants:
    SCHEMA = """select n.nspowner::regrole, a.grantee::regrole, a.privilege_type, a.is_grantable
                from pg_namespace n, aclexplode(n.nspacl) a where n.nspname = %s"""
    OWNERS = "select relname, relowner from pg_class where relnamespace = %s::regnamespace and relkind <> 'S'"
    DEFAULTS = """select d.defaclrole, d.defaclobjtype, a.grantee, a.privilege_type, a.is_grantable
                  from pg_default_acl d, aclexplode(d.defaclacl) a where defaclnamespace = %s::regnamespace"""
    GRANTS = """
        select c.relname || coalesce('.' || t.attname, ''), a.grantee::regrole::text, a.privilege_type, a.is_grantable
        from pg_class c left join pg_attribute t on t.attrelid = c.oid and t.attacl is not null,
             lateral (select * from aclexplode(c.relacl) union select * from aclexplode(t.attacl)) a
        where c.relnamespace = %s::regnamespace and a.grantee <> c.relowner"""

    def rows(self, conn, query: str, schema: str = TARGET) -> set[tuple]:
        return set(conn.execute(query, [schema]).fetchall())

    def grants(self, conn, schema: str = TARGET) -> set[tuple]:
        return self.rows(conn, self.GRANTS, schema)

    def test_the_new_one_has_what_the_old_one_had(self, conn, role):
        app, reader, owner = role("App"), role("reader"), role("the owner")
        published(conn, PRODUCT)
        conn.execute(
            """
            grant usage on schema nxtgauge to "App" with grant option; grant usage on schema nxtgauge to public;
            grant select, insert on nxtgauge.users to "App"; grant select on nxtgauge.users to reader with grant option;
            grant update (name), select (mood) on nxtgauge.users to reader;
            grant usage on sequence nxtgauge.free, nxtgauge.orders_id_seq to "App";
            grant select on nxtgauge.orders to public;
            alter default privileges in schema nxtgauge grant select on tables to reader;
            alter default privileges in schema nxtgauge grant usage on sequences to public;
            alter default privileges in schema nxtgauge grant execute on functions to "App" with grant option;
            alter table nxtgauge.orders owner to "the owner"; alter schema nxtgauge owner to "the owner";
            """
        )
        assert {app, reader, owner} == {"App", "reader", "the owner"}
        before = self.grants(conn)
        schema, owners, defaults = (self.rows(conn, query) for query in (self.SCHEMA, self.OWNERS, self.DEFAULTS))
        published(conn, PRODUCT + "create table {build}.newcomer (id serial primary key);")
        after = self.grants(conn)
        assert {tuple(entry) for name, *entry in after if name == "newcomer"} == {("reader", "SELECT", False)}
        assert {tuple(entry) for name, *entry in after if name == "newcomer_id_seq"} == {("-", "USAGE", False)}
        assert before and {entry for entry in after if not entry[0].startswith("newcomer")} == before
        assert self.rows(conn, self.SCHEMA) == schema and self.rows(conn, self.DEFAULTS) == defaults
        assert owners < self.rows(conn, self.OWNERS)

    def test_what_the_old_one_did_not_grant_is_not_granted(self, conn, role):
        reader = role("reader")
        published(conn)
        conn.execute(f"alter default privileges grant select on tables to {reader}")
        try:
            published(conn)
            assert reader not in {grantee for _, grantee, *_ in self.grants(conn)}
        finally:
            conn.execute(f"alter default privileges revoke select on tables from {reader}")

    def test_default_privileges_open_nothing_while_it_is_built_nor_afterwards(self, conn, role):
        reader = role("reader")
        for what in ("schemas", "tables", "sequences"):
            conn.execute(f"alter default privileges grant all on {what} to public, {reader}")
        run_id = build(conn, PRODUCT)
        for place in ("__build", ""):
            for name in (TARGET, "legacy_archive"):
                named = self.rows(conn, self.SCHEMA, name + place)
                assert {grantee for owner, grantee, *_ in named} <= {owner for owner, *_ in named}
            if place:
                publish.publish(conn, run_id, TARGET)
        assert self.grants(conn) | self.grants(conn, "legacy_archive") == set()

    def test_a_function_and_a_type_keep_who_may_use_them(self, conn, role):
        app = role("App")
        ddl = """create function {build}.f(a {build}.mood) returns int language sql as 'select 1';
                 create function {build}.g() returns int language sql as 'select 1'"""
        ddl = "create type {build}.mood as enum ('well'); " + ddl
        published(conn, ddl)
        conn.execute(
            f"""revoke execute on function {TARGET}.f from public; revoke usage on type {TARGET}.mood from public;
                grant execute on function {TARGET}.f to "{app}" """
        )
        published(conn, ddl)
        query = """select proname, a.grantee::regrole::text from pg_proc, aclexplode(coalesce(proacl,
                     acldefault('f', proowner))) a where pronamespace = %s::regnamespace and a.grantee <> proowner
                   union select typname, 'any' from pg_type, aclexplode(typacl) a
                   where typname = 'mood' and typnamespace = %s::regnamespace and a.grantee <> typowner"""
        assert set(conn.execute(query, [TARGET, TARGET])) == {("f", f'"{app}"'), ("g", "-")}

    def test_an_owner_keeps_what_an_owner_has(self, conn, role):
        """Default privileges may have granted the new table to the role that is to own it."""
        owner = role("owner")
        published(conn)
        conn.execute(
            f"alter table {TARGET}.users owner to {owner}; alter default privileges grant select on tables to {owner}"
        )
        try:
            published(conn)
            query = """select relowner::regrole::text, has_table_privilege(%s, oid, 'select')
                       from pg_class where oid = %s::regclass"""
            assert conn.execute(query, [owner, TARGET + ".users"]).fetchone() == (owner, True)
        finally:
            conn.execute(f"alter default privileges revoke select on tables from {owner}")

    def test_what_is_gone_from_the_new_one_is_passed_over(self, conn, role):
        reader = role("reader")
        published(conn, PRODUCT)
        conn.execute(f"grant select on {TARGET}.orders to {reader}; grant select (mood) on {TARGET}.users to {reader}")
        run_id = published(conn)
        assert standing(conn)[TARGET] == run_id

    def test_the_archive_keeps_its_readers_and_is_closed_to_the_public(self, conn, role):
        auditor = role("auditor")
        published(conn)
        conn.execute(
            f"grant usage on schema legacy_archive to {auditor}, public; "
            f"grant select on legacy_archive.professionals to {auditor}"
        )
        published(conn)
        acl = conn.execute("select nspacl::text from pg_namespace where nspname = 'legacy_archive'").fetchone()[0]
        assert f"{auditor}=U" in acl and "{=U" not in acl and ",=U" not in acl
        assert self.grants(conn, "legacy_archive") == {("professionals", auditor, "SELECT", False)}

    def test_a_role_that_is_no_superuser_can_publish_and_roll_back(self, here, conn, role):
        mover, app = role("mover"), role("app")
        conn.execute(f"alter role {mover} login; grant create on database {conn.info.dbname} to {mover}")
        conn.execute("drop schema migration cascade")
        with connect.target(parse(here.conninfo + f" user={mover}", "NXTGAUGE_TARGET_URL")) as moving:
            bookkeeping.ensure(moving)
            first = published(moving, PRODUCT)
            conn.execute(
                f"grant usage on schema {TARGET} to {app}; grant select on all tables in schema {TARGET} to {app}"
            )
            second = published(moving, PRODUCT)
            assert ("users", app, "SELECT", False) in self.grants(moving)
            third = published(moving, PRODUCT)
            publish.rollback(moving, TARGET)
            assert standing(moving) == expected(live=second, withdrawn=third) and first
