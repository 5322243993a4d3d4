"""What is published is what was judged."""

import threading

import psycopg
import pytest

from engine import run
from engine.session.execution import Silent
from engine.start.options import Options
from tests.integration.engine.gates import runs
from tests.integration.engine.gates.runs import is_published, refused, waive
from tests.support.auditors import trusting

SOURCE = runs.SOURCE


class TestSeal:
    """What is published is what was judged."""

    CHANGES = {
        "an update": ("update {}.users set name = name where name ~ '1'", "users"),
        "a delete": ("delete from {}.users where name ~ '1'", "users"),
        "an insert": ("insert into {}.users (id) "
                      "values (gen_random_uuid())", "users"),
        "one row for another": ("delete from {}.users where name ~ '1'; insert into {}.users (id) "
                                "values (gen_random_uuid())", "users"),
        "a lost constraint": ("alter table {}.user_role_profiles drop constraint user_role_profiles_pkey cascade",
                              "user_role_profiles"),
        "a default": ("alter table {}.users alter name set default 'x'", "users"),
        "a table": ("create table {}.more (id int)", "more"),
        "an index": ("create index on {}.users (name)", "users"),
    }  # fmt: skip

    @pytest.mark.parametrize("change", CHANGES)
    def test_a_build_that_is_changed_after_it_was_judged_is_not_published(self, settings, target, change):
        statement, table = self.CHANGES[change]

        def auditor(case):
            target.execute(statement.replace("{}", case.schema))
            return trusting(case)

        error = refused(settings, auditor)
        assert "build/unchanged (failed)" in str(error) and f"nxtgauge__build.{table}" in str(error)
        assert not is_published(target)

    def test_whoever_changed_it_has_to_answer_for_it(self, settings, target):
        def auditor(case):
            target.execute(f"update {case.schema}.users set name = 'x'")
            return trusting(case)

        run_id = refused(settings, auditor).summary.run_id
        assert "build/unchanged (failed)" in str(refused(settings, trusting, run_id=run_id))
        assert "build/unchanged (failed)" in str(refused(settings, trusting, run_id=run_id))
        waive(settings, run_id, "build/unchanged", "it was me", "Asha")
        assert run.migrate(settings, Options(auditor=trusting, run_id=run_id)).state == "published"

    def test_so_is_an_archive_or_a_sequence(self, settings, target, source):
        source.execute("create table extra (id bigserial primary key); insert into extra default values")
        source.execute("create table _sqlx_migrations (version bigint); insert into _sqlx_migrations values (1)")

        def auditor(case):
            target.execute(f"update {case.archive}._sqlx_migrations set version = 2")
            target.execute(f"select setval('{case.schema}.extra_id_seq', 7)")
            return trusting(case)

        message = str(refused(settings, auditor))
        assert "legacy_archive__build._sqlx_migrations, nxtgauge__build.extra_id_seq" in message

    def test_a_writer_that_is_still_at_it_is_waited_for_and_found(self, settings, target, environ):
        def auditor(case):
            other.execute(f"update {case.schema}.users set name = 'x'")
            return trusting(case)

        class Committing(Silent):
            def stage(self, name):
                if name == "publish":
                    threading.Timer(0.5, other.commit).start()

        with psycopg.connect(environ["NXTGAUGE_TARGET_URL"]) as other:
            assert "nxtgauge__build.users" in str(refused(settings, auditor, watch=Committing()))

    def test_vacuum_and_analyze_change_nothing(self, settings, target):
        def auditor(case):
            target.execute(f"vacuum (freeze, analyze) {case.schema}.users")
            return trusting(case)

        assert run.migrate(settings, Options(auditor=auditor)).state == "published"

    def test_an_old_transaction_of_others_is_in_nobodys_way(self, settings, environ):
        with psycopg.connect(environ["NXTGAUGE_TARGET_URL"]) as other:
            other.execute("select pg_current_xact_id()")
            assert run.migrate(settings, Options(auditor=trusting)).state == "published"
