"""Rollback, and schemas that are dropped: what is kept, what comes back, and what stops it."""

import pytest

from config.errors import ConfigError, PlanRefused
from engine.books import bookkeeping
from engine.publish import schemas
from tests.integration.engine.publish.builds import (
    PRODUCT,
    TARGET,
    build,
    expected,
    published,
    shown,
    standing,
    state,
    take,
)


class TestRollback:
    def test_the_previous_comes_back_and_the_live_is_kept(self, conn):
        first, second = published(conn, PRODUCT), published(conn, PRODUCT)
        assert (shown(conn, first), shown(conn, second)) == ("superseded", "published")
        switch = take(conn)
        assert (switch.live_run, switch.replaced_run) == (first, second)
        assert standing(conn) == expected(live=first, withdrawn=second)
        assert (state(conn, first), state(conn, second)) == ("published", "rolled_back")
        assert (shown(conn, first), shown(conn, second)) == ("published", "withdrawn")

    def test_twice_sets_the_first_aside_and_thrice_is_refused(self, conn):
        first = published(conn)
        published(conn)
        take(conn)
        with pytest.raises(PlanRefused, match="nothing stands ready to come back"):
            take(conn)
        switch = take(conn, to_nothing=True)
        assert (switch.live_run, switch.replaced_run) == (None, first)
        assert standing(conn) == expected(withdrawn=first)
        with pytest.raises(PlanRefused, match="nothing to roll back"):
            take(conn)
        again = published(conn)
        assert standing(conn) == expected(live=again, withdrawn=first)

    def test_publishing_goes_on_after_it(self, conn):
        first = published(conn)
        second = published(conn)
        take(conn)
        third = published(conn)
        assert standing(conn) == expected(live=third, previous=first, withdrawn=second)
        take(conn)
        assert standing(conn) == expected(live=first, withdrawn=third)

    def test_a_strangers_schema_is_never_taken_back_or_dropped(self, conn):
        published(conn)
        conn.execute(f"create schema {TARGET}__withdrawn")
        with pytest.raises(PlanRefused, match="__withdrawn exists and was not made"):
            take(conn, to_nothing=True)
        conn.execute(f"drop schema {TARGET}__withdrawn; create schema {TARGET}__previous")
        with pytest.raises(PlanRefused, match="__previous exists and was not made"):
            take(conn, to_nothing=True)

    def test_nothing_published_is_nothing_to_roll_back(self, conn):
        with pytest.raises(PlanRefused, match="nothing to roll back"):
            take(conn)
        conn.execute(f"create schema {TARGET}")
        with pytest.raises(PlanRefused, match="nothing to roll back"):
            take(conn)

    def test_what_still_uses_the_withdrawn_is_told_and_does_not_stop_it(self, conn):
        published(conn)
        conn.execute(f"create schema reporting; create view reporting.names as select name from {TARGET}.users")
        assert take(conn, to_nothing=True).dependants == ("view reporting.names",)


class TestUndo:
    def test_what_was_set_aside_comes_back_again_and_again(self, conn):
        first, second = published(conn, PRODUCT), published(conn, PRODUCT)
        for _ in range(2):
            take(conn)
            assert standing(conn) == expected(live=first, withdrawn=second)
            switch = take(conn, undo=True)
            assert (switch.live_run, switch.replaced_run) == (second, first)
            assert standing(conn) == expected(live=second, previous=first)
            assert (shown(conn, first), shown(conn, second)) == ("superseded", "published")
        with pytest.raises(PlanRefused, match="nothing to undo"):
            take(conn, undo=True)

    def test_of_nothing_too_and_publishing_goes_on(self, conn):
        first = published(conn)
        take(conn, to_nothing=True)
        switch = take(conn, undo=True, run_id=first)
        assert (switch.live_run, switch.replaced_run, switch.written) == (first, None, None)
        assert standing(conn) == expected(live=first)
        second = published(conn)
        assert standing(conn) == expected(live=second, previous=first)

    def test_only_of_the_last_switch_and_of_the_run_that_is_named(self, conn):
        first, second = published(conn), published(conn)
        take(conn)
        with pytest.raises(PlanRefused, match=f"is run {second}'s, not run {first}'s"):
            take(conn, undo=True, run_id=first)
        third = published(conn)
        with pytest.raises(PlanRefused, match=f"run {third} was published after run {second} was rolled back"):
            take(conn, undo=True)
        assert standing(conn) == expected(live=third, previous=first, withdrawn=second)

    def test_what_is_asked_has_to_fit_together(self, conn):
        for asked in ({"undo": True, "to_nothing": True}, {"export": "x", "lose": True}):
            with pytest.raises(ConfigError, match="leave"):
                take(conn, **asked)
        published(conn), published(conn)
        with pytest.raises(PlanRefused, match="leave --to-nothing out"):
            take(conn, to_nothing=True)


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
