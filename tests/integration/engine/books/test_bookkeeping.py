"""Schema migration: made once and only where it may be, one run at a time, and accounts that balance or say not."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from time import sleep

import psycopg
import pytest

from config.errors import ConfigError, PlanRefused, TargetBusy, TargetError
from config.postgres.connection import Connection, parse
from engine.books import bookkeeping, lease
from engine.gates import gates
from engine.session import connect

COMMON = {
    "rejects": "run_id legacy_table legacy_key target_table reason detail legacy_row",
    "id_map": "run_id legacy_table legacy_id target_table target_id why",
    "removed_links": "run_id user_role_profile_id legacy_table legacy_column url",
    "notes": "run_id legacy_table legacy_key target_table target_column note legacy_value",
    "balance": "run_id legacy_table source_rows loaded merged rejected archived balanced",
}
KEPT = {"gates", "waivers", "seals", "certificates", "pauses"}  # whatever becomes of the run


@pytest.fixture
def here(database) -> Connection:
    return parse(database(), "NXTGAUGE_TARGET_URL")


@pytest.fixture
def conn(here):
    with connect.target(here) as conn:
        yield conn


@pytest.fixture
def kept(conn):
    """A session on a target that has the bookkeeping."""
    bookkeeping.ensure(conn)
    return conn


def new_run(conn, **changes) -> bookkeeping.Run:
    values = {
        "profile": "demo",
        "source_schema": "public",
        "target_schema": "nxtgauge",
        "dry_run": False,
        "source_identity": {"database": "legacy"},
        "mapping_hash": "m",
        "plan_hash": "p",
        "code_version": "0.1.0",
    }
    return bookkeeping.create_run(conn, bookkeeping.NewRun(**values | changes))


@pytest.fixture
def others(conn, role) -> str:
    """A role to whom, as to everybody, default privileges give whatever is made."""
    name = role("others")
    for what in ("schemas", "tables", "sequences", "functions", "types"):
        conn.execute(f"alter default privileges grant all on {what} to public, {name}")
    return name


def granted(conn, schema: str) -> set[tuple]:
    """Who but the owner has what there."""
    query = """
        select 'schema', a.grantee, a.privilege_type from pg_namespace, aclexplode(nspacl) a
        where nspname = %(schema)s and a.grantee <> nspowner
        union
        select c.relname, a.grantee, a.privilege_type from pg_class c left join pg_attribute t on t.attrelid = c.oid,
               lateral (select * from aclexplode(c.relacl) union all select * from aclexplode(t.attacl)) a
        where c.relnamespace = %(schema)s::regnamespace and a.grantee <> c.relowner"""
    return set(conn.execute(query, {"schema": schema}).fetchall())


class TestEnsure:
    def test_what_other_tools_query_has_its_fixed_names(self, kept):
        query = """select attname from pg_attribute
                   where attrelid = to_regclass('migration.' || %s) and attnum > 0 order by attnum"""
        for name, columns in COMMON.items():
            assert [column for (column,) in kept.execute(query, [name])] == columns.split()

    def test_a_second_time_changes_nothing(self, kept):
        run = new_run(kept)
        bookkeeping.ensure(kept)
        assert bookkeeping.runs(kept) == [run]

    def test_two_at_once_make_it_once(self, here):
        def ensure(_):
            with connect.target(here) as conn:
                bookkeeping.ensure(conn)

        with ThreadPoolExecutor(4) as pool:
            assert list(pool.map(ensure, range(4))) == [None] * 4

    def test_nobody_else_may_read_it(self, conn, others):
        bookkeeping.ensure(conn)
        assert granted(conn, "migration") == set()
        query = "select has_schema_privilege('pg_monitor', 'migration', 'usage')"
        assert conn.execute(query).fetchone() == (False,)

    def test_what_is_granted_on_purpose_stays_and_what_an_upgrade_adds_is_closed(self, conn, others, monkeypatch):
        bookkeeping.ensure(conn)
        conn.execute(f"grant usage on schema migration to {others}; grant select on migration.balance to {others}")
        on_purpose = granted(conn, "migration")
        script = bookkeeping.SCRIPTS[-1].with_name("bookkeeping_of_a_newer_program.sql")
        monkeypatch.setattr(bookkeeping, "BOOKS", replace(bookkeeping.BOOKS, scripts=(*bookkeeping.SCRIPTS, script)))
        made = b"create table migration.added (n serial); insert into migration.version (version) values (99)"
        monkeypatch.setattr("pathlib.Path.read_bytes", lambda _: made)
        bookkeeping.ensure(conn)
        assert conn.execute("select to_regclass('migration.added')").fetchone() != (None,)
        assert granted(conn, "migration") == on_purpose

    def test_books_and_archives_that_an_older_version_left_open_are_closed_and_that_is_said(self, conn, others, caplog):
        for script in bookkeeping.SCRIPTS[: bookkeeping.CLOSED_FROM - 1]:
            conn.execute(script.read_bytes())
        conn.execute("create schema legacy_archive; create table legacy_archive.users (name text)")
        bookkeeping.register_schema(conn, "legacy_archive", "archive", "live", "nxtgauge", "old")
        conn.execute(f"""
            grant select (name) on legacy_archive.users to {others} with grant option;
            set role {others}; grant select (name) on legacy_archive.users to public; reset role""")
        bookkeeping.ensure(conn)
        assert granted(conn, "migration") | granted(conn, "legacy_archive") == set()
        told = [record.getMessage() for record in caplog.records if "closed now" in record.getMessage()]
        assert [text.split(";")[0] for text in told] == [
            f"schema {name} was open to PUBLIC, {others}" for name in ("migration", "legacy_archive")
        ]

    @pytest.mark.parametrize(
        "make", ["", "; create table migration.version (version int); insert into migration.version values (1)"]
    )
    def test_a_strangers_schema_is_refused_and_left_alone(self, conn, make):
        conn.execute("create schema migration" + make)
        with pytest.raises(PlanRefused, match="did not make; rename it"):
            bookkeeping.ensure(conn)
        assert len(bookkeeping.faults(conn)) == 1
        assert conn.execute("select to_regclass('migration.runs')").fetchone() == (None,)

    def test_a_newer_version_is_refused(self, kept):
        known = bookkeeping.BOOKS.version
        kept.execute("insert into migration.version (version) values (%s)", [known + 1])
        with pytest.raises(PlanRefused, match=f"version {known + 1}; this program knows version {known}"):
            bookkeeping.ensure(kept)

    def test_an_older_version_is_brought_to_this_one_with_all_that_it_holds(self, conn):
        conn.execute(bookkeeping.SCRIPTS[0].read_bytes())
        conn.execute("""
            insert into migration.runs
              (run_id, state, profile, source_schema, target_schema, dry_run, source_identity, mapping_hash, plan_hash,
               code_version)
            values ('old', 'failed', 'demo', 'public', 'nxtgauge', false, '{}', 'm', 'p', '0.1.0')""")
        (run,) = bookkeeping.runs(conn)
        assert bookkeeping.faults(conn) == [] and not gates.are_kept(conn)
        assert gates.waivers(conn, "old") == [] and bookkeeping.find_build(conn, "old") is None
        bookkeeping.ensure(conn)
        bookkeeping.ensure(conn)
        assert bookkeeping.runs(conn) == [run] and gates.are_kept(conn) and new_run(conn, approval=True).approval
        versions = list(range(1, bookkeeping.BOOKS.version + 1))
        assert conn.execute("select array_agg(version) from migration.version").fetchone() == (versions,)

    def test_a_role_that_may_not_create_is_told_so(self, here, conn, postgres_url):
        conn.execute("create role powerless login")
        try:
            with (
                connect.target(parse(here.conninfo + " user=powerless", "NXTGAUGE_TARGET_URL")) as other,
                pytest.raises(TargetError, match="grant the role the privilege"),
            ):
                bookkeeping.ensure(other)
        finally:
            conn.execute("drop role powerless")


class TestRuns:
    def test_a_run_from_its_creation_to_its_end(self, kept):
        run = new_run(kept)
        assert (run.state, run.finished_at, run.source_identity) == ("running", None, {"database": "legacy"})
        bookkeeping.set_snapshot(kept, run.run_id, "1:2:", {"database": "other"}, {"s": [5, True]})
        failed = bookkeeping.set_state(kept, run.run_id, "failed", "the source is unreachable")
        assert failed.finished_at and failed.error and failed.snapshot == "1:2:"
        again = bookkeeping.resume_run(kept, run.run_id, "staging")
        assert (again.state, again.finished_at, again.error) == ("running", None, None)
        assert again.created_at == run.created_at and again.started_at > run.started_at
        assert bookkeeping.run(kept, run.run_id).source_identity == {"database": "other"}

    @pytest.mark.parametrize("state", ["running", "built", *bookkeeping.ENDS])
    def test_every_state_can_be_written(self, kept, state):
        assert bookkeeping.set_state(kept, new_run(kept).run_id, state).state == state

    def test_an_unknown_state_or_run_is_an_error(self, kept):
        with pytest.raises(ConfigError, match="there is no run x"):
            bookkeeping.set_state(kept, "x", "failed")
        with pytest.raises(psycopg.errors.CheckViolation):
            bookkeeping.set_state(kept, new_run(kept).run_id, "done")

    def test_the_latest_run_comes_first(self, kept):
        first, second = new_run(kept), new_run(kept, target_schema="other")
        kept.execute(
            "update migration.runs set created_at = created_at - %s where run_id = %s", [timedelta(1), first.run_id]
        )
        assert [run.run_id for run in bookkeeping.runs(kept)] == [second.run_id, first.run_id]
        assert [run.run_id for run in bookkeeping.runs(kept, "nxtgauge")] == [first.run_id]

    def test_without_bookkeeping_there_are_none(self, conn):
        assert bookkeeping.runs(conn) == [] and bookkeeping.schemas(conn) == {}

    def test_steps_are_done_once(self, kept):
        run = new_run(kept)
        for step in ("build", "verify", "build"):
            bookkeeping.mark_done(kept, run.run_id, step)
        assert bookkeeping.done_steps(kept, run.run_id) == {"build", "verify"}
        assert bookkeeping.done_steps(kept, "other") == set()

    def test_a_cleared_run_leaves_no_trace_but_itself(self, kept):
        ids = [new_run(kept).run_id for _ in range(2)]
        for run_id in ids:
            fill(kept, run_id)
        bookkeeping.clear_run(kept, ids[0], "m2", "p2", "0.2.0")
        for table in bookkeeping.OF_A_RUN:
            left = kept.execute(f"select distinct run_id from migration.{table}").fetchall()
            assert left == [(ids[1],)], table
        assert len(bookkeeping.runs(kept)) == 2
        cleared = bookkeeping.run(kept, ids[0])
        assert (cleared.mapping_hash, cleared.plan_hash, cleared.code_version) == ("m2", "p2", "0.2.0")

    def test_every_table_of_a_run_is_cleared(self, kept):
        query = """select table_name from information_schema.columns c join information_schema.tables t
                   using (table_schema, table_name)
                   where table_schema = 'migration' and column_name = 'run_id' and table_type = 'BASE TABLE'"""
        assert {name for (name,) in kept.execute(query)} == {*bookkeeping.OF_A_RUN, "runs", "schemas", *KEPT}

    def test_every_table_that_tells_of_legacy_tables_is_known(self, kept):
        query = """select table_name from information_schema.columns c join information_schema.tables t
                   using (table_schema, table_name)
                   where table_schema = 'migration' and column_name = 'legacy_table' and table_type = 'BASE TABLE'"""
        assert {name for (name,) in kept.execute(query)} == {*bookkeeping.OF_A_TABLE}

    def test_a_row_is_rejected_once(self, kept):
        run = new_run(kept)
        reject(kept, run.run_id, "users", "1")
        with pytest.raises(psycopg.errors.UniqueViolation):
            reject(kept, run.run_id, "users", "1")


def fill(conn, run_id: str) -> None:
    """One row in every table of a run."""
    for statement in (
        "tables values (%s, 'users', 'copy')",
        "chunks (run_id, route, number, state, rows_read, seconds) values (%s, 'users', 1, 'done', 1, 0.1)",
        "steps values (%s, 'build')",
        "rounds (run_id, number, mark, found, seconds) values (%s, 0, '{}', '{}', 0.1)",
        "cutovers values (%s, 0, now(), 0.1, '[]', 1, 'failed', '')",
        "removed_links values (%s, 'p', 'developer_profiles', 'github_url', 'https://x')",
        "notes values (%s, 'users', '1', 'users', 'a', 'kept', 'b')",
        "moved values (%s, 'professionals', '1', '1', null)",
        "gone values (%s, 'users', '1')",
    ):
        conn.execute("insert into migration." + statement, [run_id])
    reject(conn, run_id, "users", "1")
    remap(conn, run_id, "users", "2", "merged")


def reject(conn, run_id, table, key):
    values = [run_id, table, key, table, "unknown_status", "status is unknown", '{"id": 1}']
    conn.execute("insert into migration.rejects values (%s, %s, %s, %s, %s, %s, %s)", values)


def remap(conn, run_id, table, key, why):
    query = "insert into migration.id_map values (%s, %s, %s, 'user_role_profiles', 'p', %s)"
    conn.execute(query, [run_id, table, key, why])


class TestBalance:
    def balance(self, conn, source_rows, loaded, archived):
        run_id = new_run(conn).run_id
        conn.execute(
            "insert into migration.tables (run_id, legacy_table, disposition, source_rows, loaded, archived) "
            "values (%s, 'professionals', 'reshape', %s, %s, %s)",
            [run_id, source_rows, loaded, archived],
        )
        for key in ("1", "2"):
            remap(conn, run_id, "professionals", key, "merged")
        remap(conn, run_id, "professionals", "3", "created")
        reject(conn, run_id, "professionals", "4")
        return conn.execute("select * from migration.balance where run_id = %s", [run_id]).fetchall(), run_id

    def test_the_sum_of_the_outcomes_balances(self, kept):
        found, run_id = self.balance(kept, 10, 5, 2)
        assert found == [(run_id, "professionals", 10, 5, 2, 1, 2, True)]

    @pytest.mark.parametrize("figures", [(11, 5, 2), (9, 5, 2), (10, 6, 2), (None, 5, 2), (10, None, 2), (10, 5, None)])
    def test_a_wrong_or_missing_figure_does_not(self, kept, figures):
        found, _ = self.balance(kept, *figures)
        assert [row[-1] for row in found] == [False]

    def test_outcomes_of_a_table_nobody_counted_do_not(self, kept):
        run_id = new_run(kept).run_id
        reject(kept, run_id, "users", "1")
        remap(kept, run_id, "services", "1", "merged")
        found = kept.execute(
            "select legacy_table, merged, rejected, balanced from migration.balance order by 1"
        ).fetchall()
        assert found == [("services", 1, 0, False), ("users", 0, 1, False)]

    def test_runs_are_counted_apart(self, kept):
        first, _ = self.balance(kept, 10, 5, 2)
        second, _ = self.balance(kept, 10, 5, 2)
        assert first[0][1:] == second[0][1:] and first[0][-1]


class TestSchemas:
    def test_ours_by_oid_and_name(self, kept):
        run_id = new_run(kept).run_id
        kept.execute("create schema mine")
        bookkeeping.register_schema(kept, "mine", "product", "build", "nxtgauge", run_id)
        schema = bookkeeping.schemas(kept)["mine"]
        bookkeeping.rename_schema(kept, schema, "Other Name", "live")
        assert bookkeeping.schemas(kept).keys() == {"Other Name"}
        assert bookkeeping.schemas(kept)["Other Name"].role == "live"
        kept.execute('alter schema "Other Name" rename to kept_by_the_dba; create schema "Other Name"')
        assert bookkeeping.schemas(kept) == {}

    def test_one_dropped_by_hand_and_made_again_is_not_ours(self, kept):
        kept.execute("create schema mine")
        bookkeeping.register_schema(kept, "mine", "product", "build", "nxtgauge", new_run(kept).run_id)
        kept.execute("drop schema mine; create schema mine")
        assert bookkeeping.schemas(kept) == {}


class TestLease:
    def test_one_run_at_a_time_and_the_other_is_told_who(self, here, kept):
        run = new_run(kept)
        with lease.hold(here) as held:
            held.require()
            session = f"session {held.conn.info.backend_pid}"
            with pytest.raises(TargetBusy) as caught, lease.hold(here):
                pass
        message = str(caught.value)
        assert f"run {run.run_id} into nxtgauge" in message and session in message
        assert caught.value.exit_code == 7
        with lease.hold(here):
            pass

    def test_it_is_given_back_before_its_session_ends(self, here, conn):
        assert lease.take(conn, bookkeeping.LOCK)
        with lease.giving_back(conn, bookkeeping.LOCK), pytest.raises(TargetBusy), lease.hold(here):
            pass
        with lease.hold(here):
            pass

    def test_a_session_that_is_about_to_end_is_waited_for(self, here, conn):
        def end_soon(pid: int) -> None:
            sleep(0.3)
            conn.execute("select pg_terminate_backend(%s)", [pid])

        with lease.hold(here) as held, ThreadPoolExecutor() as beside:
            ended = beside.submit(end_soon, held.conn.info.backend_pid)
            with lease.hold(here):
                ended.result()

    def test_it_needs_no_bookkeeping(self, here):
        with lease.hold(here), pytest.raises(TargetBusy, match="session"), lease.hold(here):
            pass

    def test_another_database_is_another_target(self, here, database):
        with lease.hold(here), lease.hold(parse(database(), "NXTGAUGE_TARGET_URL")):
            pass

    def test_it_ends_with_its_session(self, here, conn):
        with lease.hold(here) as held:
            conn.execute("select pg_terminate_backend(%s)", [held.conn.info.backend_pid])
            with pytest.raises(TargetError, match="holding the lease"):
                held.require()
            with lease.hold(here):
                pass


@pytest.mark.parametrize(
    ("sqlstate", "is_told"),
    [("22P02", False), ("23514", False), ("54001", False), ("XX000", False), ("53100", True), ("53200", True)]
    + [(state, True) for state in ("40P01", "55P03", "58030", "XX001")],
)
def test_a_server_that_could_not_ask_refuses_no_value(kept, sqlstate, is_told):
    """An input that is refused raises what its type likes; want of room or of a lock is none of the value."""
    raises = f"begin raise sqlstate '{sqlstate}'; end"
    kept.execute(f"create function public.fine(text) returns boolean language plpgsql as $$ {raises} $$")
    kept.execute("create domain public.asked as text check (public.fine(value))")
    query = "select migration.is_valid('a', 'public.asked')"
    if is_told:
        with pytest.raises(psycopg.Error) as caught:
            kept.execute(query)
        assert caught.value.sqlstate == sqlstate
    else:
        assert kept.execute(query).fetchone() == (False,)
