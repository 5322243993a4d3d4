"""The lock and the fence beside writers: no acknowledged write is lost, and whoever waits goes on or is told."""

import contextlib
import time

import psycopg
import pytest

from config.errors import Interrupted, MigrateError, PlanRefused, SourceError, TargetError
from engine.cutover import binding, fence
from engine.session import connect
from tests.integration.engine.cutover.writers import Writers

ACLS = """
    select c.oid::regclass::text, null, g.grantor::regrole::text, g.grantee::regrole::text, g.privilege_type,
           g.is_grantable
    from pg_class c, aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) g
    where c.relnamespace in ('public'::regnamespace, 'elsewhere'::regnamespace) and c.relkind in ('r', 'p')
    union all
    select attrelid::regclass::text, attname, g.grantor::regrole::text, g.grantee::regrole::text, g.privilege_type,
           g.is_grantable
    from pg_attribute, aclexplode(attacl) g where attacl is not null and attrelid >= 16384
    order by 1, 2 nulls first, 3, 4, 5, 6
"""

ONE_DATABASE = """
    alter table visits detach partition elsewhere.visits_2;
    create schema product; create table product.users (id int primary key, value int default 0);
    create schema compat; create view compat.users as select * from product.users
"""
ONE_DATABASE_GRANTS = """
    grant usage on schema product, compat to {app}; grant all on product.users, compat.users to {app};
    alter schema compat owner to {fencer}
"""


@pytest.mark.parametrize("end", ["commit", "rollback"])
def test_what_was_acknowledged_is_seen_and_who_waits_goes_on_or_is_told(settings, stop, writers, end):
    with fence.locked(settings, stop, 10) as lock:
        acknowledged = {number for number, at in dict(writers.acknowledged).items() if at < lock.had_at}
        with connect.source(settings.source) as reader:
            seen = {number for (number,) in reader.execute("select id from public.users")}
        assert acknowledged <= seen
        time.sleep(0.3)
        assert writers.errors == []
        written = set(writers.acknowledged) - seen
        assert written == set()
        lock.check()
        assert 9 < lock.left < 10 and lock.tries >= 1
        if end == "commit":
            lock.bind("revoke")
            lock.commit()
    if end == "commit":
        assert writers.wait_for_errors() == ["42501"] * 4
        with connect.source(settings.source) as reader:
            assert {number for (number,) in reader.execute("select id from public.users")} == seen
    else:
        writers.wait_for_more()
        assert writers.errors == []


def test_a_schema_that_is_renamed_is_not_found_by_who_waits_and_can_be_given_back(settings, stop, writers, look):
    look.execute("alter table visits detach partition elsewhere.visits_2")
    with fence.locked(settings, stop, 10) as lock:
        time.sleep(0.3)
        made = lock.bind("rename")
        lock.commit()
    assert len(writers.wait_for_errors()) == 4
    assert {*writers.errors} <= {"42P01", "3F000"}  # the table is not there, or its schema
    (count,) = look.execute("select count(*) from public__retired.users").fetchone()
    assert count == 50 + len(writers.acknowledged)
    with connect.fence(settings.fence) as conn:
        binding.unbind(conn, made)
    assert look.execute("select count(*) from public.users").fetchone() == (count,)


def test_the_writes_of_everybody_are_revoked_and_given_back_as_they_were(settings, stop, people, look):
    before = look.execute(ACLS).fetchall()
    with fence.locked(settings, stop, 10) as lock:
        made = lock.bind("revoke")
        lock.commit()
    left = [row for row in look.execute(ACLS) if row[4] in ("INSERT", "UPDATE", "DELETE", "TRUNCATE")]
    assert left == []
    for name in ("owner", "app", "clerk"):
        with psycopg.connect(people.url_of(name), autocommit=True) as conn:
            for statement in ("insert into users values (99)", "update users set value = 1", "truncate unmapped",
                              "insert into unmapped values (1)", "insert into visits values (1, 1)",
                              "insert into elsewhere.visits_2 values (2, 1)"):  # fmt: skip
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    conn.execute(statement)
            assert conn.execute("select count(*) from users").fetchone() == (50,)
    kept = binding.of_dict(made.to_dict())
    assert kept == made and any("set role" in text for text in kept.undo())
    look.execute(people.fill("grant {clerk} to {fencer}"))
    with connect.fence(settings.fence) as conn:
        binding.unbind(conn, kept)
    assert look.execute(ACLS).fetchall() == before


def test_nothing_is_believed_of_a_revoke(settings, stop, people, look, monkeypatch):
    """Of a table of somebody else's PostgreSQL revokes nothing, and only warns."""
    look.execute(people.fill("alter table unmapped owner to {clerk}; grant delete on unmapped to {fencer}"))
    monkeypatch.setattr(binding, "faults", lambda *_: [])
    refused = pytest.raises(PlanRefused, match=r"could not be revoked on public\.unmapped; make the role a member")
    with refused, fence.locked(settings, stop, 5) as lock:
        lock.bind("revoke")


def test_what_a_role_passed_on_is_given_back_by_the_owner_where_nobody_may_act_as_it(settings, stop, look):
    before = {row[:2] + row[3:5] for row in look.execute(ACLS)}
    with fence.locked(settings, stop, 10) as lock:
        made = lock.bind("revoke")
        lock.commit()
    with connect.fence(settings.fence) as conn:
        binding.unbind(conn, made)
    assert {row[:2] + row[3:5] for row in look.execute(ACLS)} == before


ODD = """
    create role "it's; a ""role" login; create role "Second" login;
    grant usage on schema public to "it's; a ""role", "Second";
    create table "semi;colon" (id int, "c, d" int, "it's" int); alter table "semi;colon" owner to {owner};
    set role {owner};
    grant insert, update ("c, d") on "semi;colon" to "it's; a ""role" with grant option;
    grant insert ("it's", "c, d") on "semi;colon" to public;
    set role "it's; a ""role";
    grant insert on "semi;colon" to "Second" with grant option; grant update ("c, d") on "semi;colon" to public;
    set role "Second";
    grant insert on "semi;colon" to {app};
    reset role
"""


def test_what_the_books_keep_can_be_typed_as_it_stands_whatever_things_are_called(settings, stop, people, look):
    """With all that others have passed on, to columns and to everybody, in one text whose statements ; divides."""
    look.execute(people.fill(ODD))
    before = look.execute(ACLS).fetchall()
    with fence.locked(settings, stop, 10) as lock:
        made = lock.bind("revoke")
        lock.commit()
    assert look.execute(ACLS).fetchall() != before
    look.execute("; ".join(made.undo()))
    assert look.execute(ACLS).fetchall() == before
    look.execute('drop owned by "it\'s; a ""role", "Second"; drop role "it\'s; a ""role", "Second"')


def test_a_block_that_fails_leaves_nothing(settings, stop, writers, look):
    before = look.execute(ACLS).fetchall()
    with pytest.raises(ZeroDivisionError), fence.locked(settings, stop, 10) as lock:
        lock.bind("revoke")
        raise ZeroDivisionError
    writers.wait_for_more()
    assert look.execute(ACLS).fetchall() == before and writers.errors == []


def test_no_more_than_the_budget_is_waited_for(settings, stop, writers):
    told = pytest.raises(SourceError, match="waited for 1 s, all that was allowed, and go on; nothing was changed")
    with told, fence.locked(settings, stop, 1) as lock:
        lock.bind("revoke")
        time.sleep(1.5)
        writers.wait_for_more()  # though the block has not ended
        lock.commit()
    with pytest.raises(SourceError, match="waited for 1 s"), fence.locked(settings, stop, 1) as lock:
        lock.conn.execute("select pg_sleep(60)")
    writers.wait_for_more()
    assert writers.errors == []


def test_the_commit_of_a_transaction_that_failed_is_none(settings, stop, look):
    before = look.execute(ACLS).fetchall()
    with pytest.raises(SourceError, match="its transaction had failed"), fence.locked(settings, stop, 5) as lock:
        lock.bind("revoke")
        with contextlib.suppress(psycopg.Error):
            lock.conn.execute("select 1/0")
        lock.commit()
    assert look.execute(ACLS).fetchall() == before


@pytest.mark.parametrize("has_committed", [True, False])
def test_a_commit_whose_answer_is_lost_is_asked_for(settings, stop, look, has_committed, monkeypatch):
    """The session is ended just before its commit, or just after it."""
    with fence.locked(settings, stop, 5) as lock:
        lock.bind("revoke")
        execute = lock.conn.execute

        def lost(query, *values):
            if has_committed and query == "commit":
                execute(query)
            look.execute("select pg_terminate_backend(%s)", [lock.conn.info.backend_pid])
            return execute("select" if has_committed else query, *values)

        monkeypatch.setattr(lock.conn, "execute", lost)
        if has_committed:
            lock.commit()
            assert lock.is_committed
        else:
            with pytest.raises(SourceError, match=r"session ended|connection lost"):
                lock.commit()
    left = [row for row in look.execute(ACLS) if row[4] == "INSERT"]
    assert bool(left) != has_committed


def test_a_request_to_stop_ends_the_asking(settings, stop, people):
    with psycopg.connect(people.url_of("app")) as other:
        other.execute("insert into users values (77)")
        stop.set()
        with pytest.raises(Interrupted), fence.locked(settings, stop, 5):
            pass


def test_only_some_tables_may_be_meant(settings, stop, people):
    with psycopg.connect(people.url_of("app")) as other:
        other.execute("insert into users values (77)")
        with fence.locked(settings, stop, 5, tables=["orders", "visits"]) as lock:
            assert [table.name for table in lock.tables] == ["orders", "visits", "visits_1", "visits_2"]
        none = pytest.raises(MigrateError, match="has no tables to lock")
        with none, fence.locked(settings, stop, 5, tables=["nowhere"]):
            pass


def test_who_would_not_be_bound_is_named_and_nothing_is_changed(settings, stop, people, look):
    refused = pytest.raises(PlanRefused, match=r"is a superuser, whom no REVOKE binds, and is here .*application")
    superuser = psycopg.connect(people.url, application_name="a superuser's application")
    with superuser, refused, fence.locked(settings, stop, 5) as lock:
        lock.bind("revoke")
    look.execute(people.fill("grant pg_write_all_data to {app}"))
    with pytest.raises(PlanRefused, match="as pg_write_all_data"), fence.locked(settings, stop, 5) as lock:
        lock.bind("revoke")
    refused = pytest.raises(PlanRefused, match=r"elsewhere\.visits_2 would be written to as before")
    with refused, fence.locked(settings, stop, 5) as lock:
        lock.bind("rename")


def test_in_one_database_all_of_it_is_one_transaction(settings, stop, people, look):
    """Writers that wait go on in the new schema, without an error, where a view takes the place of what they know; all
    but COPY, which takes no view."""
    look.execute(ONE_DATABASE)
    look.execute(people.fill(ONE_DATABASE_GRANTS))
    with Writers(people.url_of("app"), 3) as writers, connect.target(settings.target) as conn:
        conn.execute("begin")
        with fence.locked(settings, stop, 10, session=conn) as lock:
            time.sleep(0.3)
            lock.bind("rename")
            conn.execute("alter schema compat rename to public")
            lock.commit()
        assert conn.execute("select 1").fetchone() == (1,)
        writers.wait_for_more()
    assert writers.errors == []
    kept, new = ({number for (number,) in look.execute(f"select id from {name}.users where id >= 1000")}
                 for name in ("public__retired", "product"))  # fmt: skip
    assert kept and new and kept | new == {*writers.acknowledged}


def test_a_transaction_that_was_given_goes_on_where_the_lock_is_not_had(settings, stop, people, look):
    with psycopg.connect(people.url_of("app")) as other, connect.target(settings.target) as conn:
        other.execute("insert into users values (7100)")
        conn.execute("begin; create temporary table mine (id int) on commit drop")
        refused = pytest.raises(TargetError, match="could not be locked out")
        with refused, fence.locked(settings, stop, 10, wait=1, session=conn):
            pass
        assert conn.execute("select count(*) from pg_temp.mine").fetchone() == (0,)
        assert conn.execute("show lock_timeout").fetchone() == ("30s",)
        other.rollback()
        with pytest.raises(ZeroDivisionError), fence.locked(settings, stop, 10, session=conn):
            raise ZeroDivisionError
        assert conn.info.transaction_status.name == "IDLE"
