"""What is published is what was judged."""

import threading

import psycopg

from engine import run
from engine.session.execution import Silent
from engine.start.options import Options
from tests.integration.engine.gates import runs
from tests.integration.engine.gates.runs import is_published, refused, waive
from tests.support.auditors import trusting

# Table → what somebody does to it once the build was judged.
CHANGES = {
    "constraint_lost": "alter table {} drop constraint constraint_lost_pkey",
    "defaulted": "alter table {} alter name set default 'x'",
    "deleted": "delete from {} where name ~ '1'",
    "exchanged": "delete from {} where name ~ '1'; insert into {} (id) values (gen_random_uuid())",
    "indexed": "create index on {} (name)",
    "inserted": "insert into {} (id) values (gen_random_uuid())",
    "updated": "update {} set name = name where name ~ '1'",
}
SOURCE = runs.SOURCE + "".join(
    f"create table {name} (like users including all); insert into {name} select * from users;" for name in CHANGES
)


class TestSeal:
    """What is published is what was judged."""

    def test_a_build_that_is_changed_after_it_was_judged_is_not_published(self, settings, target):
        def auditor(case):
            for name, statement in CHANGES.items():
                target.execute(statement.replace("{}", f"{case.schema}.{name}"))
            target.execute(f"create table {case.schema}.more (id int)")
            return trusting(case)

        changed = ", ".join(f"nxtgauge__build.{name}" for name in sorted([*CHANGES, "more"]))
        assert f"has changed {changed}; find out" in str(refused(settings, auditor))
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
