"""Gates: what failed stays, whatever is retried."""

import pytest

from checks.verdict import ERROR, FAIL, PASS, STALE
from config.errors import ConfigError, Interrupted, SourceError
from engine import operations, run
from engine.books import bookkeeping
from engine.session import connect
from engine.session.execution import Silent
from engine.session.stop import Stop
from engine.start.options import Options
from flows.local import report
from tests.integration.engine.gates import runs
from tests.integration.engine.gates.runs import CLOSED, is_published, refused, states, waive
from tests.support.auditors import saying, trusting

SOURCE = runs.SOURCE


def with_(settings, **changes):
    return settings.model_copy(update=changes)


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

    def test_the_latest_run_is_not_gone_on_with_once_a_gate_is_closed_for_good(self, settings):
        run_id = refused(settings, saying(**CLOSED)).summary.run_id
        summary = run.migrate(settings, Options(auditor=trusting, resume=True))
        assert summary.state == "published" and summary.run_id != run_id

    def test_no_resume_passes_a_failed_check(self, settings, target):
        run_id = refused(settings, saying(**CLOSED)).summary.run_id
        for auditor in (saying(content__users=PASS), trusting, saying(content__users=PASS)):
            error = refused(settings, auditor, run_id=run_id)
            assert "content/users (failed)" in str(error)
        assert states(target, run_id)["content/users"] == "failed" and not is_published(target)

    def test_no_mending_by_hand_passes_it_either(self, settings, target):
        run_id = refused(settings, saying(**CLOSED)).summary.run_id
        target.execute("update nxtgauge__build.users set name = 'mended'")
        error = refused(settings, saying(content__users=PASS), run_id=run_id, verify_anyway=True)
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
        monkeypatch.setattr(bookkeeping, "end", lambda *_: False)
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


class TestEarly:
    """What is closed before a verification ends the run there."""

    def test_all_closed_gates_are_told_at_once_without_a_verification(self, settings, target):
        class Unbalancing(Silent):
            def stage(self, name):
                if name == "judge":
                    target.execute("update migration.tables set loaded = 8 where legacy_table = 'users'")

        strict, auditor = with_(settings, default_tolerance=2), saying()
        error = refused(strict, auditor, watch=Unbalancing())
        run_id, text = error.summary.run_id, str(error)
        assert auditor.cases == [] and error.summary.verdict is None and error.summary.state == "failed"
        assert len(error.faults) == 2 and "balance/users (failed)" in text
        assert f"nxtgauge-migrate waive {run_id} tolerance/unknown_status --reason" in text
        assert "the build stays in schema nxtgauge__build until another run begins" in text
        assert f"`nxtgauge-migrate migrate --run {run_id} --verify-anyway` verifies it now" in text
        assert not is_published(target) and "verification" not in states(target, run_id)
        assert {row["table"] for row in report.of(error.summary.to_dict())["checks"]} == {None}

        told = refused(strict, auditor, run_id=run_id, verify_anyway=True)  # one more look, to learn the rest
        assert len(auditor.cases) == 1 and len(told.faults) == 2
        for check in ("balance/users", "tolerance/unknown_status"):
            waiver = waive(strict, run_id, check)
        assert waiver["closed_gates"] == []
        assert run.migrate(strict, Options(auditor=auditor, run_id=run_id)).state == "published"

    def test_what_a_verification_may_open_is_left_to_it(self, settings):
        run_id = refused(settings, saying(content__users=ERROR)).summary.run_id
        auditor = saying(content__users=PASS)
        assert run.migrate(settings, Options(auditor=auditor, run_id=run_id)).state == "published" and auditor.cases

    def test_a_rehearsal_is_verified_all_the_same(self, settings):
        auditor = saying(**CLOSED)
        error = refused(with_(settings, default_tolerance=2), auditor, dry_run=True)
        assert auditor.cases and len(error.faults) == 2


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
