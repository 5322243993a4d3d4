"""Publish: atomic, and never dropping or touching what is not ours."""

import pytest
from psycopg import sql

from config.errors import PlanRefused, TargetError
from config.postgres.connection import parse
from engine.books import bookkeeping
from engine.publish import publish, rollback, schemas
from engine.publish.rollback import Trial, Wish
from engine.session import connect, servers
from tests.integration.engine.publish.builds import PRODUCT, TARGET, build, expected, published, standing, state
from tests.support.auditors import pass_gates


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
        rollback.take(conn, Trial(name, Wish()))
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
        assert f'may not create schemas; GRANT CREATE ON DATABASE "{conn.info.dbname}" TO "{name}"' in faults[0]
        assert any("schema nxtgauge is owned by postgres" in fault for fault in faults)
