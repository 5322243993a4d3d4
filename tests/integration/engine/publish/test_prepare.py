"""Keys of a build that are kept before it is published, while something may still be written to it."""

import pytest

from config.errors import PlanRefused, VerificationFailed
from engine.books import bookkeeping
from engine.changes import feed, kept
from engine.publish import publish, written
from engine.publish.publish import Switch
from tests.integration.engine.publish.builds import TARGET, build, take
from tests.support.auditors import pass_gates

DDL = """
    create table {build}.users (name text primary key, filling text);
    insert into {build}.users values ({run});
    insert into {build}.users select n, repeat('x', 400) from generate_series(1, 3000) as n;
    create table {build}.still (b numeric, a int, number int, primary key (a, b));
    insert into {build}.still select n, n, n from generate_series(1, 5000) as n;
    create table {build}.parts (id int primary key) partition by range (id);
    create table {build}.parts_1 partition of {build}.parts for values from (0) to (5000);
    create table {build}.parts_2 partition of {build}.parts default;
    insert into {build}.parts select generate_series(1, 9000);
    create table {build}.keyless (id int); insert into {build}.keyless values (1);
    alter table {build}.users set (autovacuum_enabled = off)
"""
USERS, STILL, PARTS = (f"{TARGET}__build.{name}" for name in ("users", "still", "parts"))
CHANGES = {
    "nothing": "",
    "an insert": f"insert into {USERS} values ('late')",
    "an update": f"update {USERS} set filling = 'y' where name = '7'",
    "another key": f"update {USERS} set name = 'seven' where name = '7'",
    "a delete": f"delete from {USERS} where name in ('8', '2999')",
    "one row for another": f"delete from {USERS} where name = '8'; insert into {USERS} values ('eight')",
    "the same row anew": f"delete from {USERS} where name = '8'; insert into {USERS} values ('8')",
    "all of it": f"update {USERS} set filling = ''",
    "the end goes": f"delete from {USERS} where ctid > '(80,0)'; vacuum {USERS}; insert into {USERS} values ('late')",
    "new files": f"delete from {USERS} where name = '8'; vacuum full {USERS}",
    "emptied": f"truncate {USERS}; insert into {USERS} values ('late')",
    "another name": f"alter table {STILL} rename to quiet; insert into {TARGET}__build.quiet values (0, 0)",
    "names that are swapped": f"alter table {STILL} rename to x; alter table {USERS} rename to still; "
    f"alter table {TARGET}__build.x rename to users",
    "another column": f"alter table {STILL} drop constraint still_pkey, add primary key (number)",
    "no key": f"alter table {STILL} drop constraint still_pkey",
    "a key at last": f"alter table {TARGET}__build.keyless add primary key (id)",
    "a partition": f"delete from {PARTS} where id in (1, 8000); insert into {PARTS} values (0)",
    "a table": f"create table {TARGET}__build.more (id int primary key); insert into {TARGET}__build.more values (1)",
    "no table": f"drop table {STILL}",
}


def published(conn, change: str) -> Switch:
    """What is published after a change between the preparation and the seal."""
    run_id = build(conn, DDL)
    publish.prepare(conn, run_id, TARGET)
    for statement in filter(None, change.split("; ")):
        conn.execute(statement)
    pass_gates(conn, run_id, TARGET)
    return publish.publish(conn, run_id, TARGET)


def keys_of(conn) -> dict[str, list[str]]:
    query = """select table_name, array_agg(key order by key) from migration.keys cross join unnest(keys) as key
               where schema_oid = %s group by table_name"""
    return dict(conn.execute(query, [live(conn).schema_oid]).fetchall())


def live(conn):
    return bookkeeping.schemas(conn)[TARGET]


@pytest.mark.parametrize("change", CHANGES)
def test_what_is_kept_in_the_end_is_what_a_publish_keeps_by_itself(conn, change):
    published(conn, CHANGES[change])
    keys, mark = keys_of(conn), kept.read(conn, live(conn).schema_oid).mark
    names = kept.tables(conn, live(conn))
    assert {*mark.tables} == {*names} and mark.database_oid is None
    assert not feed.compare(conn, TARGET, names, mark).changed and not written.read(conn, live(conn)).tables
    with conn.transaction():
        kept.keep(conn, live(conn))
    assert keys_of(conn) == keys
    assert "parts" in keys
    assert kept.read(conn, live(conn).schema_oid).mark.tables == mark.tables


@pytest.mark.parametrize(("change", "most"), [("nothing", 0), ("an update", 2), ("a delete", 2), ("another name", 1)])
def test_only_ranges_of_pages_that_were_written_to_are_read_again(conn, change, most):
    conn.execute("""
        create table public.kept (number int);
        create function public.note() returns trigger language plpgsql
            as $$ begin insert into public.kept values (new.number); return null; end $$;
        create trigger note after insert on migration.keys for each row execute function public.note();
    """)
    published(conn, CHANGES[change])
    ((rows,), (all_of_them,)) = conn.execute("""
        select count(*) from public.kept union all select count(*) from migration.keys
    """).fetchall()  # fmt: skip
    assert all_of_them > 10 and rows <= all_of_them + most


def test_a_change_after_the_seal_is_found_as_ever(conn):
    run_id = build(conn, DDL)
    publish.prepare(conn, run_id, TARGET)
    conn.execute(f"update {USERS} set filling = filling where name = '7'")
    with pytest.raises(VerificationFailed, match=r"somebody has changed nxtgauge__build\.users"):
        publish.publish(conn, run_id, TARGET)


def test_what_is_written_to_it_later_is_told_by_a_rollback(conn):
    published(conn, CHANGES["a delete"])
    conn.execute(f"delete from {TARGET}.users where name = '9'; insert into {TARGET}.users values ('8'), ('new')")
    conn.execute(f"update {TARGET}.users set filling = 'z' where name = '10'")
    [table] = take(conn, to_nothing=True, lose=True).written["tables"]
    assert (table["table"], table["inserted"], table["updated"], table["deleted"]) == ("users", 2, 1, 1)


def test_what_would_refuse_the_publish_refuses_the_preparation(conn):
    first = published(conn, "").live_run
    conn.execute(f"create schema reporting; create view reporting.names as select name from {TARGET}.users")
    run_id = build(conn, DDL)
    with pytest.raises(PlanRefused, match=r"view reporting\.names"):
        publish.prepare(conn, run_id, TARGET)
    publish.prepare(conn, run_id, TARGET, allow_dependants=True)
    with pytest.raises(PlanRefused, match=f"not run {first}'s"):
        publish.prepare(conn, first, TARGET)


def test_a_build_that_is_dropped_takes_its_keys_along(conn):
    publish.prepare(conn, build(conn, DDL), TARGET)
    publish.make_build(conn, build(conn), TARGET)
    assert conn.execute("select count(*) from migration.keys").fetchone() == (0,)
