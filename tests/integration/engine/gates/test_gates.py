"""Gates: what failed stays, whatever is retried; a waiver opens one, by name; what is published is what was judged."""

import json
import logging
import threading

import psycopg
import pytest

from checks.verdict import ERROR, FAIL, PASS, STALE
from config.errors import ConfigError, Interrupted, SourceError, VerificationFailed
from engine import operations, run
from engine.books import bookkeeping
from engine.gates import gates
from engine.session import connect
from engine.session.execution import Silent
from engine.session.stop import Stop
from engine.start.options import Options
from flows.cli import main as cli
from flows.runs import work
from tests.support.auditors import saying, trusting

SOURCE = """
    create table users (id uuid primary key, name text);
    insert into users select gen_random_uuid(), 'Canary Name ' || n from generate_series(1, 9) n;
    create table customer_profiles (id uuid primary key, user_id uuid not null, status text);
    insert into customer_profiles select gen_random_uuid(), id, 'wobbly' from users limit 3;
"""
CLOSED = {"content__users": FAIL, "law__roots": PASS}


def with_(settings, **changes):
    return settings.model_copy(update=changes)


def refused(settings, auditor=None, **options) -> VerificationFailed:
    with pytest.raises(VerificationFailed) as caught:
        run.migrate(settings, Options(auditor=auditor, **options))
    assert caught.value.exit_code == 6
    assert "Canary" not in str(caught.value) + json.dumps(caught.value.summary.to_dict())
    return caught.value


def waive(settings, run_id: str, check: str = "content/users", reason: str = "known since May", name: str = "Asha"):
    return operations.waive(settings, run_id, check, reason, name)


def states(target, run_id: str) -> dict[str, str]:
    """Gates of the run's latest build."""
    query = """select check_name, state from migration.gates g where run_id = %s
               and build_oid = (select max(build_oid) from migration.gates where run_id = g.run_id)"""
    return dict(target.execute(query, [run_id]).fetchall())


def is_published(target) -> bool:
    return target.execute("select to_regnamespace('nxtgauge') is not null").fetchone()[0]


class TestVerification:
    def test_a_passed_one_opens_the_gate_of_its_build(self, settings, target):
        auditor = saying(content__users=PASS, law__roots=PASS)
        summary = run.migrate(settings, Options(auditor=auditor))
        (case,) = auditor.cases
        assert (case.run_id, case.schema, case.archive) == (
            summary.run_id,
            "nxtgauge__build",
            "legacy_archive__build",
        )
        found = states(target, summary.run_id)
        assert found["verification"] == found["content/users"] == found["balance/users"] == "passed"
        assert set(found.values()) == {"passed"} and summary.gates == [] and summary.verdict["passed"]

    def test_the_auditor_can_read_the_source_as_the_run_does(self, settings, source):
        def auditor(case):
            source.execute("insert into users values (gen_random_uuid(), 'late')")
            with connect.source(settings.source) as conn:
                conn.execute("begin isolation level repeatable read, read only")
                conn.execute(f"set transaction snapshot '{case.snapshot}'")
                counts.append(conn.execute("select count(*) from public.users").fetchone()[0])
            return trusting(case)

        counts = []
        assert run.migrate(settings, Options(auditor=auditor)).state == "published" and counts == [9]

    def test_without_one_nothing_is_published(self, settings, target):
        error = refused(settings)
        assert "verification (error): no verification was made" in str(error)
        assert not is_published(target) and error.summary.state == "failed"

    def test_without_one_a_dry_run_ends_well(self, settings):
        assert run.migrate(settings, Options(dry_run=True)).state == "discarded"

    @pytest.mark.parametrize(
        ("auditor", "why"),
        [
            (saying(level="counts"), "level counts"),
            (saying(level="content"), "level content"),
            (saying(sample=10.0), "sample 10.0"),
            (lambda case: trusting(case) | {"schema": "nxtgauge"}, "it judged schema nxtgauge"),
            (lambda case: trusting(case) | {"checks": []}, "no critical check"),
            (lambda case: trusting(case) | {"passed": False}, "names no check"),
        ],
    )
    def test_a_part_of_one_is_none(self, settings, target, auditor, why):
        assert why in str(refused(settings, auditor)) and not is_published(target)

    @pytest.mark.parametrize("error", [SourceError("the source is gone"), KeyError("Canary"), Interrupted("stop")])
    def test_one_that_breaks_off_is_none(self, settings, target, error):
        def auditor(_):
            raise error

        with pytest.raises(type(error)):
            run.migrate(settings, Options(auditor=auditor))
        ((run_id,),) = target.execute("select run_id from migration.runs").fetchall()
        assert states(target, run_id)["verification"] == "error" and not is_published(target)
        detail = "select detail from migration.gates where check_name = 'verification'"
        assert target.execute(detail).fetchone()[0] == f"it broke off: {type(error).__name__}"
        assert run.migrate(settings, Options(auditor=trusting, run_id=run_id)).state == "published"

    def test_only_critical_checks_close_the_gate(self, settings):
        def auditor(case):
            found = saying(content__users=PASS, content__jobs=FAIL)(case)
            found["checks"][1]["severity"] = "warning"
            return found | {"passed": True}

        assert run.migrate(settings, Options(auditor=auditor)).state == "published"


class TestClosed:
    def test_it_is_told_with_what_was_found_and_how_to_waive_it(self, settings, target):
        error = refused(settings, saying(**CLOSED))
        run_id = error.summary.run_id
        line = f'nxtgauge-migrate waive {run_id} content/users --reason "…" --by NAME'
        assert "content/users (failed): 1 of 12 rows differs in name" in str(error) and line in str(error)
        assert "law/roots" not in str(error) and len(error.faults) == 1
        assert not is_published(target)
        (gate,) = error.summary.gates
        assert (gate["check_name"], gate["state"], gate["waived_by"]) == ("content/users", "failed", None)
        assert error.summary.state == "failed" and error.summary.tables and error.summary.timings["verify"] >= 0
        assert bookkeeping.run(target, run_id).error == str(error)

    def test_a_name_that_a_shell_would_misread_is_quoted(self, settings):
        error = refused(settings, saying(**{"content__a; drop": FAIL}))
        assert "'content/a; drop' --reason" in str(error)

    def test_no_resume_passes_a_failed_check(self, settings, target):
        run_id = refused(settings, saying(**CLOSED)).summary.run_id
        for auditor in (saying(content__users=PASS), trusting, saying(content__users=PASS)):
            error = refused(settings, auditor, run_id=run_id)
            assert "content/users (failed)" in str(error)
        assert states(target, run_id)["content/users"] == "failed" and not is_published(target)

    def test_no_mending_by_hand_passes_it_either(self, settings, target):
        run_id = refused(settings, saying(**CLOSED)).summary.run_id
        target.execute("update nxtgauge__build.users set name = 'mended'")
        error = refused(settings, saying(content__users=PASS), run_id=run_id)
        assert "content/users (failed)" in str(error)
        assert "build/unchanged (failed): since it was verified, somebody has changed nxtgauge__build.users" in str(
            error
        )

    @pytest.mark.parametrize("status", [ERROR, STALE])
    def test_an_error_closes_it_and_may_be_judged_again(self, settings, target, status):
        run_id = refused(settings, saying(content__users=status)).summary.run_id
        assert states(target, run_id)["content/users"] == "error"
        assert run.migrate(settings, Options(auditor=saying(content__users=PASS), run_id=run_id)).state == "published"

    def test_an_error_after_a_failure_does_not_hide_it(self, settings, target):
        run_id = refused(settings, saying(**CLOSED)).summary.run_id
        refused(settings, saying(content__users=ERROR), run_id=run_id)
        assert states(target, run_id)["content/users"] == "failed"

    def test_a_build_that_is_begun_anew_has_its_gates_before_it_again(self, settings, target, source):
        run_id = refused(settings, saying(**CLOSED)).summary.run_id
        waive(settings, run_id)
        source.execute("update users set name = 'mended at the source'")
        error = refused(settings, saying(**CLOSED), run_id=run_id)
        assert "content/users (failed)" in str(error)
        (waiver,) = error.summary.waivers
        assert waiver["name"] == "Asha" and not waiver["is_current"]
        assert run.migrate(settings, Options(auditor=trusting)).state == "published"  # another run
        kept = target.execute("select count(distinct build_oid) from migration.gates where run_id = %s", [run_id])
        assert kept.fetchone() == (2,)

    def test_a_dry_run_is_refused_and_leaves_no_build_to_waive(self, settings, target):
        error = refused(settings, saying(**CLOSED), dry_run=True)
        assert "content/users (failed)" in str(error) and "waive" not in str(error)
        assert target.execute("select to_regnamespace('nxtgauge__build')").fetchone() == (None,)
        with pytest.raises(ConfigError, match="has no build"):
            waive(settings, error.summary.run_id)

    def test_it_stands_even_if_the_run_dies_at_once(self, settings, target, monkeypatch):
        def die(*_):
            raise SystemExit  # what a kill leaves behind: no ending is written

        monkeypatch.setattr(run, "_mark_built", die)
        monkeypatch.setattr(bookkeeping, "set_state", lambda *_: None)
        with pytest.raises(SystemExit):
            run.migrate(settings, Options(auditor=saying(**CLOSED)))
        monkeypatch.undo()
        (found,) = operations.status(settings)
        assert found["state"] == "died" and [g["check_name"] for g in found["closed_gates"]] == ["content/users"]
        assert "content/users (failed)" in str(refused(settings, trusting, run_id=found["run_id"]))

    def test_a_stop_between_judgement_and_publish_keeps_what_was_judged(self, settings, target, monkeypatch):
        class Stopping(Silent):
            def stage(self, name):
                if name == "publish":
                    run.STOP.set()

        monkeypatch.setattr(run, "STOP", Stop())
        with pytest.raises(Interrupted):
            run.migrate(settings, Options(auditor=saying(**CLOSED), watch=Stopping()))
        monkeypatch.setattr(run, "STOP", Stop())
        ((run_id,),) = target.execute("select run_id from migration.runs").fetchall()
        assert "content/users (failed)" in str(refused(settings, trusting, run_id=run_id))


class TestPolicies:
    def test_tolerance_is_judged_anew_for_its_remedy_is_the_profile(self, settings):
        strict = with_(settings, default_tolerance=2)
        error = refused(strict, trusting)
        assert "tolerance/unknown_status (failed): 3 rows are rejected for unknown_status, tolerated are 2" in str(
            error
        )
        assert "tolerated are 2" in str(refused(strict, trusting, run_id=error.summary.run_id))
        assert run.migrate(settings, Options(auditor=trusting, run_id=error.summary.run_id)).state == "published"

    def test_tolerance_can_be_waived(self, settings):
        strict = with_(settings, default_tolerance=2)
        run_id = refused(strict, trusting).summary.run_id
        waive(strict, run_id, "tolerance/unknown_status")
        assert run.migrate(strict, Options(auditor=trusting, run_id=run_id)).state == "published"

    def test_a_changed_source_is_settled_by_the_profile_or_by_another_run(self, settings, source):
        class Changing(Silent):
            def stage(self, name):
                if name == "judge":
                    source.execute("insert into users values (gen_random_uuid(), 'Canary')")

        strict = with_(settings, allow_changed_source=False)
        error = refused(strict, trusting, watch=Changing())
        run_id = error.summary.run_id
        assert "source/changed (failed): the source has changed meanwhile in users" in str(error)
        assert "waive" not in str(error) and error.summary.changed_tables == ["users"]
        with pytest.raises(ConfigError, match="allow_changed_source"):
            waive(strict, run_id, "source/changed")
        assert run.migrate(strict, Options(auditor=trusting, run_id=run_id)).state == "published"

    def test_a_run_that_does_not_balance_stays_closed(self, settings, target):
        class Unbalancing(Silent):
            def stage(self, name):
                if name == "judge":
                    target.execute("update migration.tables set loaded = 8 where legacy_table = 'users'")

        error = refused(settings, trusting, watch=Unbalancing())
        assert "balance/users (failed): users: 9 rows are not 8 loaded + 0 merged" in str(error)
        target.execute("update migration.tables set loaded = 9 where legacy_table = 'users'")
        assert "balance/users (failed)" in str(refused(settings, trusting, run_id=error.summary.run_id))


class TestWaiver:
    def test_it_opens_one_gate_of_one_build_and_is_told_for_ever(self, settings, target):
        run_id = refused(settings, saying(content__users=FAIL, law__roots=FAIL)).summary.run_id
        waiver = waive(settings, run_id, reason=" known \n since May ", name=" Asha  R. ")
        assert (waiver["reason"], waiver["name"], waiver["is_current"]) == ("known since May", "Asha R.", True)
        error = refused(settings, saying(content__users=FAIL, law__roots=FAIL), run_id=run_id)
        assert "law/roots" in str(error) and "content/users" not in str(error)
        waive(settings, run_id, "law/roots")
        (found,) = operations.status(settings)
        assert found["closed_gates"] == [] and len(found["waivers"]) == 2
        auditor = saying(content__users=FAIL, law__roots=FAIL)
        summary = run.migrate(settings, Options(auditor=auditor, run_id=run_id))
        assert summary.state == "published" and len(auditor.cases) == 1
        assert {g["check_name"]: g["waived_by"] for g in summary.gates} == {
            "content/users": "Asha R.",
            "law/roots": "Asha",
        }
        assert [w["is_current"] for w in summary.waivers] == [True, True]
        assert json.loads(json.dumps(summary.to_dict()))["waivers"][0]["reason"] == "known since May"
        run.migrate(settings, Options(auditor=trusting))
        run.migrate(settings, Options(auditor=trusting))  # the waived one has left __previous
        kept = gates.waivers(target, run_id)
        assert [(w["check_name"], w["is_current"]) for w in kept] == [("content/users", False), ("law/roots", False)]

    @pytest.mark.parametrize(
        ("values", "why"),
        [
            ({"run_id": "20200101-000000-beef"}, "there is no run 20200101-000000-beef"),
            ({"check": "content/jobs"}, "has no gate content/jobs; closed are: content/users"),
            ({"check": "law/roots"}, "is open; closed are: content/users"),
            ({"check": "verification"}, "a verification that was not made cannot be waived"),
            ({"reason": " \n "}, "--reason is blank"),
            ({"name": ""}, "--by is blank"),
        ],
    )
    def test_what_cannot_be_waived_is_refused(self, settings, target, values, why):
        run_id = refused(settings, saying(**CLOSED)).summary.run_id
        with pytest.raises(ConfigError, match=why):
            waive(settings, **{"run_id": run_id} | values)
        assert gates.waivers(target, run_id) == []

    def test_twice_is_once(self, settings):
        run_id = refused(settings, saying(**CLOSED)).summary.run_id
        waive(settings, run_id)
        with pytest.raises(ConfigError, match="waived already, by Asha"):
            waive(settings, run_id, name="Bela")

    def test_what_is_published_has_nothing_to_waive(self, settings):
        run_id = run.migrate(settings, Options(auditor=trusting)).run_id
        with pytest.raises(ConfigError, match="is published and has no build"):
            waive(settings, run_id)

    def test_where_nothing_was_ever_run_there_is_nothing_to_waive(self, settings, target):
        with pytest.raises(ConfigError, match="there is no run x"):
            waive(settings, "x")
        assert target.execute("select to_regnamespace('migration')").fetchone() == (None,)

    def test_a_verification_not_made_is_not_waived_by_waiving_all_else(self, settings, target):
        run_id = refused(settings, saying(level="counts", **CLOSED)).summary.run_id
        waive(settings, run_id)
        assert "verification (error)" in str(refused(settings, run_id=run_id))
        assert not is_published(target)


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
        other = psycopg.connect(environ["NXTGAUGE_TARGET_URL"])

        def auditor(case):
            other.execute(f"update {case.schema}.users set name = 'x'")
            return trusting(case)

        class Committing(Silent):
            def stage(self, name):
                if name == "publish":
                    threading.Timer(0.5, other.commit).start()

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


class TestCommands:
    @pytest.fixture(autouse=True)
    def surroundings(self, monkeypatch, environ, tmp_path):
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
        monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
        monkeypatch.chdir(tmp_path)
        handlers = logging.getLogger().handlers[:]
        yield
        logging.getLogger().handlers[:] = handlers

    def test_closed_gates_are_listed_and_waived_by_name(self, settings, capsys):
        run_id = refused(settings, saying(**CLOSED, content__roles=ERROR)).summary.run_id
        again = f"nxtgauge-migrate migrate --run {run_id}"
        waiver = f'nxtgauge-migrate waive {run_id} content/roles --reason "…" --by NAME'
        assert cli.main(["status"]) == 0
        told = capsys.readouterr().out
        assert f"run {run_id}: content/users is closed: 1 of 12 rows differs in name" in told and waiver in told
        assert cli.main(["waive", run_id, "content/users", "--reason", "known", "--by", "Asha"]) == 0
        first, *rest = capsys.readouterr().out.splitlines()
        assert first.startswith("content/users was waived by Asha") and rest[-1] == f"then: {again}"
        assert rest[0].startswith("closed yet: 1;") and rest[1].startswith("content/roles is closed: ")
        assert rest[2:4] == [f"    `{again}` judges it again, once what broke it is mended", f"    {waiver}"]
        assert cli.main(["waive", run_id, "content/roles", "--reason", "known", "--by", "Asha", "--json"]) == 0
        found = json.loads(capsys.readouterr().out)
        given = {"check_name": "content/roles", "reason": "known", "name": "Asha", "is_current": True}
        assert given.items() <= found.items() and found["closed_gates"] == []
        assert cli.main(["status"]) == 0
        told = capsys.readouterr().out
        assert "content/users was waived by Asha" in told and "is closed" not in told

    @pytest.mark.parametrize("missing", ["--reason", "--by"])
    def test_a_waiver_without_reason_or_name_is_a_usage_error(self, capsys, missing):
        given = {"--reason": "known", "--by": "Asha"}
        given.pop(missing)
        assert cli.main(["waive", "x", "y", *(text for pair in given.items() for text in pair)]) == 2
        assert missing in capsys.readouterr().err

    def test_a_refused_run_ends_with_6_and_leaves_its_reports(self, capsys, monkeypatch, tmp_path):
        monkeypatch.setattr(work, "auditor", lambda _: saying(**CLOSED))
        assert cli.main(["--profile", "demo", "migrate", "--json"]) == 6
        error = json.loads(capsys.readouterr().out)["error"]
        assert "content/users (failed)" in error["faults"][0] and error["reports"]
        assert all((tmp_path / path).is_file() for path in error["reports"])
