"""Staging copies that are refused, or break off: nobody else's is touched, nothing of a failed one stays."""

import importlib

import pytest

from config.errors import ConfigError, PlanRefused, StagingError, TargetBusy, VerificationFailed
from engine import staging
from engine.books import lease
from engine.staging import books, structure
from tests.support.copies import AS_IT_IS, RELATIONS, ask, do, settings

making = importlib.import_module("engine.staging.refresh")  # the package has a function of that name


class TestWhatIsRefused:
    @pytest.fixture
    def source(self, database):
        url = database()
        do(url, "create table users (id integer primary key)", "insert into users values (1)")
        return url

    def test_the_source_is_no_staging_database(self, source):
        with pytest.raises(ConfigError, match="NXTGAUGE_STAGING_URL is the source database"):
            staging.refresh(settings(source, source), AS_IT_IS, None)

    def test_nor_is_the_target(self, source, database):
        target = database()
        with pytest.raises(ConfigError, match="NXTGAUGE_STAGING_URL is the target database"):
            staging.refresh(settings(source, target, target_url=target), AS_IT_IS, None)
        assert ask(target, "select to_regnamespace('nxtgauge_staging')") == [(None,)]

    def test_a_schema_that_holds_others_things_is_not_taken(self, source, database):
        copy = database()
        do(copy, "create table users (mine text)", "insert into users values ('x')")
        with pytest.raises(PlanRefused, match=r"holds table public\.users, and no copy of ours is in it"):
            staging.refresh(settings(source, copy), AS_IT_IS, None)
        assert ask(copy, "select mine from users") == [("x",)]

    @pytest.mark.parametrize("state", ["copied", "running"])
    def test_what_others_added_to_a_copy_is_not_dropped(self, source, database, state):
        copy = database()
        given = settings(source, copy)
        staging.refresh(given, AS_IT_IS, None)
        do(copy, "create table mine (a text)", f"update nxtgauge_staging.copies set state = '{state}'")
        with pytest.raises(PlanRefused, match=r"holds table public\.mine, that `stage` did not put there"):
            staging.refresh(given, AS_IT_IS, None)
        do(copy, "drop table mine", "create schema own", "create view own.seen as select id from public.users")
        with pytest.raises(PlanRefused, match=r"others depend on it: .*seen"):
            staging.refresh(given, AS_IT_IS, None)
        do(copy, "drop view own.seen")
        staging.refresh(given, AS_IT_IS, None)

    def test_what_others_add_at_the_last_moment(self, source, database, monkeypatch):
        copy = database()
        given, lock = settings(source, copy), making._lock
        staging.refresh(given, AS_IT_IS, None)

        def meanwhile(under_way):
            do(copy, "create table mine (a text)")
            lock(under_way)

        monkeypatch.setattr(making, "_lock", meanwhile)
        with pytest.raises(PlanRefused, match=r"holds table public\.mine, that `stage` did not put there"):
            staging.refresh(given, AS_IT_IS, None)
        assert ask(copy, "select count(*) from mine, users") == [(0,)]
        assert ask(copy, "select id from users") == [(1,)]

    def test_nor_what_replaced_a_copy_under_its_names(self, source, database):
        copy = database()
        given = settings(source, copy)
        staging.refresh(given, AS_IT_IS, None)
        do(copy, "drop table users", "create table users (mine text)")
        with pytest.raises(PlanRefused, match=r"holds table public\.users, that"):
            staging.refresh(given, AS_IT_IS, None)
        do(copy, "drop schema public cascade", "create schema public", "create table users (mine text)")
        with pytest.raises(PlanRefused, match="no copy of ours is in it"):
            staging.refresh(given, AS_IT_IS, None)

    def test_books_of_somebody_else_or_of_the_future(self, source, database):
        copy = database()
        do(copy, "create schema nxtgauge_staging")
        with pytest.raises(PlanRefused, match="that this tool did not make"):
            staging.refresh(settings(source, copy), AS_IT_IS, None)
        do(copy, "drop schema nxtgauge_staging")
        staging.refresh(settings(source, copy), AS_IT_IS, None)
        do(copy, "insert into nxtgauge_staging.version values (4)")
        with pytest.raises(PlanRefused, match="is version 4; this program knows version 3"):
            staging.refresh(settings(source, copy), AS_IT_IS, None)

    def test_all_that_is_wrong_with_the_source_at_once(self, source, database):
        do(
            source,
            "create table parent (a integer)",
            "create table heir () inherits (parent)",
            "create extension postgres_fdw",
            "create server s foreign data wrapper postgres_fdw",
            "create foreign table far (a integer) server s",
            "create schema other",
            "create table split (a integer) partition by list (a)",
            "create table other.leaf partition of split default",
        )
        with pytest.raises(PlanRefused) as refused:
            staging.refresh(settings(source, database()), AS_IT_IS, None)
        said = "\n".join(refused.value.faults)
        for word in ("parent: takes part", "heir: takes part", "far: is a foreign", "split: has partitions in other"):
            assert word in said

    def test_a_schema_that_is_not_there_or_has_the_name_of_the_books(self, source, database):
        with pytest.raises(PlanRefused, match="no schema 'gone'"):
            staging.refresh(settings(source, database(), source_schema="gone"), AS_IT_IS, None)
        do(source, "create schema nxtgauge_staging")
        with pytest.raises(PlanRefused, match="is called nxtgauge_staging"):
            staging.refresh(settings(source, database(), source_schema="nxtgauge_staging"), AS_IT_IS, None)

    def test_a_second_refresh_at_once(self, source, database):
        given = settings(source, database())
        with lease.hold(given.staging, books.PLACE), pytest.raises(TargetBusy, match="another refresh"):
            staging.refresh(given, AS_IT_IS, None)

    def test_a_type_of_another_schema_is_named(self, source, database):
        do(source, "create schema other", "create type other.mood as enum ('a')", "create table felt (how other.mood)")
        copy = database()
        with pytest.raises(PlanRefused, match=r"the copy lacks table felt; TABLE felt .*does not exist"):
            staging.refresh(settings(source, copy), AS_IT_IS, None)
        assert ask(copy, RELATIONS, ["public"]) == []
        assert [row[0] for row in ask(copy, "select state from nxtgauge_staging.copies")] == ["failed"]

    def test_an_extension_that_is_elsewhere_in_the_copy(self, source, database):
        do(source, "create extension citext", "create table named (name citext)")
        copy = database()
        do(copy, "create schema apps", "create extension citext schema apps")
        with pytest.raises(PlanRefused, match="extension citext is in schema apps of the staging database"):
            staging.refresh(settings(source, copy), AS_IT_IS, None)


class TestCopiesThatBreakOff:
    @pytest.fixture
    def given(self, database):
        source = database()
        do(source, "create table users (id integer primary key)", "insert into users values (1)")
        return settings(source, database())

    def test_it_is_emptied_and_made_anew(self, given, monkeypatch):
        def broken(*_):
            raise StagingError("the disk is full")

        with monkeypatch.context() as patched:
            patched.setattr(structure, "set_positions", broken)
            with pytest.raises(StagingError, match="the disk is full"):
                staging.refresh(given, AS_IT_IS, None)
        copy = given.staging.conninfo
        assert ask(copy, "select state, error from nxtgauge_staging.copies") == [("failed", "the disk is full")]
        assert ask(copy, RELATIONS, ["public"]) == []
        with pytest.raises(ConfigError, match="is failed, not proven"):
            staging.require(given)
        staging.refresh(given, AS_IT_IS, None)
        assert ask(copy, "select id from users") == [(1,)]
        staging.require(given)

    def test_one_whose_process_died_is_refreshed_over(self, given, monkeypatch):
        class Died(BaseException):
            """Like kill -9: nobody writes down how it ended."""

        def died(*_, **__):
            raise Died

        monkeypatch.setattr(books, "withdraw", died)
        with monkeypatch.context() as patched:
            patched.setattr(structure, "set_positions", died)
            with pytest.raises(Died):
                staging.refresh(given, AS_IT_IS, None)
        copy = given.staging.conninfo
        assert ask(copy, "select id from users") == [(1,)]
        with pytest.raises(ConfigError, match="is running, not proven"):
            staging.require(given)
        staging.refresh(given, AS_IT_IS, None)
        assert sorted(ask(copy, "select state, error from nxtgauge_staging.copies"), key=str) == [
            ("copied", None), ("failed", "the process ended"),
        ]  # fmt: skip

    def test_rows_that_the_source_itself_should_not_have_are_named_without_a_value(self, given):
        do(
            given.source.conninfo,
            "create table child (id integer primary key, user_id integer references users (id))",
            "alter table child disable trigger all",
            "insert into child values (1, 424242)",
            "alter table child enable trigger all",
        )
        with pytest.raises(PlanRefused) as refused:
            staging.refresh(given, AS_IT_IS, None)
        assert "the copy lacks constraint child_user_id_fkey of child" in str(refused.value)
        assert "violates foreign key constraint" in str(refused.value)
        assert "424242" not in str(refused.value)

    def test_one_that_others_depend_on_keeps_no_rows(self, given):
        copy = given.staging.conninfo

        def proof(_):
            do(copy, "create schema other", "create view other.seen as select * from public.users")
            return {"passed": False, "faults": ["users.id: is somebody's"]}

        do(
            given.source.conninfo,
            "alter table users add column about text",
            "create materialized view m as table users",
        )
        with pytest.raises(
            VerificationFailed, match=r"its tables are still in .*, without rows: view other\.seen"
        ) as told:
            staging.refresh(given, staging.Wish(), proof)
        assert ask(copy, "select count(*) from users") == [(0,)]
        assert ask(copy, "select relispopulated from pg_class where relname = 'm'") == [(False,)]
        assert ask(copy, "select state, error from nxtgauge_staging.copies") == [("failed", str(told.value))]

    def test_one_that_cannot_be_emptied_is_said_to_be_there(self, given, monkeypatch):
        copy = given.staging.conninfo

        def broken(*_):
            do(copy, "create schema other", "create table other.heir (id integer references public.users)")
            raise StagingError("the disk is full")

        monkeypatch.setattr(structure, "set_positions", broken)
        with pytest.raises(StagingError, match="the rows of the failed copy are still in schema public") as told:
            staging.refresh(given, AS_IT_IS, None)
        assert ask(copy, "select id from users") == [(1,)]
        assert ask(copy, "select state, error from nxtgauge_staging.copies") == [("failed", str(told.value))]

    def test_one_whose_database_is_lost_is_said_to_be_there_perhaps(self, given, monkeypatch):
        def broken(*_):
            do(given.staging.conninfo, "drop schema nxtgauge_staging cascade")
            raise StagingError("the disk is full")

        monkeypatch.setattr(structure, "set_positions", broken)
        with pytest.raises(
            StagingError, match="disk is full\nthe rows of the failed copy may still be in schema public"
        ):
            staging.refresh(given, AS_IT_IS, None)
