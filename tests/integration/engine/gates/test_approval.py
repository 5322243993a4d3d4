"""Approval before publish: who is asked, when, what counts, and what is kept of it; resumption without an id."""

import time

import pytest

from checks.verdict import FAIL
from config.errors import ConfigError, Interrupted, PlanRefused, VerificationFailed
from engine import operations, run
from engine.gates import gates
from engine.gates.approval import Decision
from engine.publish.rollback import Wish
from engine.session.stop import Stop
from engine.start.options import Options
from flows.cli import main as cli
from flows.local import report
from tests.support.auditors import saying, trusting

SOURCE = """
    create table users (id uuid primary key, name text);
    insert into users select gen_random_uuid(), 'Canary Name ' || n from generate_series(1, 9) n;
"""
YES, NO = Decision(True, "Asha Rao", "seen"), Decision(False, "Asha Rao", "not on a Friday")


@pytest.fixture(autouse=True)
def afresh(monkeypatch):
    """Forgets a request to stop, as the next process does."""

    def forget() -> None:
        monkeypatch.setattr(run, "STOP", Stop())

    forget()
    return forget


class Desk:
    """A form: what it answers, and what is done the moment somebody is asked or the wait is over."""

    def __init__(self, answer=None, asked=lambda request: None, closed=lambda outcome: None):
        self._answer, self._asked, self._closed = answer, asked, closed
        self.requests, self.outcomes = [], []

    def ask(self, request):
        self.requests.append(request)
        self._asked(request)

    def answer(self):
        return self._answer

    def close(self, outcome):
        self.outcomes.append(outcome)
        self._closed(outcome)


def migrate(settings, desk=None, auditor=trusting, **options):
    desk = {"desk": desk} if desk else {}
    return run.migrate(settings, Options(auditor=auditor, approve=True, **desk, **options))


def refused(settings, desk=None, **options) -> VerificationFailed:
    with pytest.raises(VerificationFailed) as caught:
        migrate(settings, desk, **options)
    return caught.value


def gate(target) -> tuple[str, str]:
    return target.execute("select state, detail from migration.gates where check_name = 'approval'").fetchone()


def is_published(target) -> bool:
    return target.execute("select to_regnamespace('nxtgauge') is not null").fetchone()[0]


class TestDecision:
    def test_a_yes_in_the_books_publishes(self, settings, target):
        desk = Desk(asked=lambda request: operations.decide(settings, request.run_id, YES))
        summary = migrate(settings, desk)
        assert summary.state == "published" and is_published(target)
        assert gate(target) == ("passed", "approved by Asha Rao: seen") and desk.outcomes == [gate(target)[1]]
        assert summary.timings["approval"] >= 0
        (check,) = [c for c in report.of(summary.to_dict())["checks"] if c["name"] == "approval"]
        assert (check["status"], check["detail"], check["closes"]) == ("PASS", gate(target)[1], False)

    def test_a_yes_on_the_form_publishes_with_its_words_as_one_line_and_outlasts_the_question(self, settings, target):
        summary = migrate(settings, Desk(Decision(True, "Asha\nRao\0", "a\n\nb")))
        assert is_published(target) and gate(target) == ("passed", "approved by Asha Rao : a b")
        oid = target.execute("select build_oid from migration.gates where check_name = 'approval'").fetchone()[0]
        gates.record(target, summary.run_id, oid, [gates.Gate("approval", "approval", gates.AWAITING, "awaits")])
        assert gate(target)[0] == "passed"

    def test_a_no_does_not_and_stays_and_is_not_waived(self, settings, target):
        error = refused(settings, Desk(NO))
        assert "approval (failed): rejected by Asha Rao: not on a Friday" in str(error) and "waive" not in str(error)
        assert "`nxtgauge-migrate migrate` begins a new run, which asks anew" in str(error)
        assert not is_published(target) and error.exit_code == 6
        again = Desk(YES)
        refused(settings, again, run_id=error.summary.run_id)
        assert again.requests == [] and not is_published(target)
        with pytest.raises(ConfigError, match="an approval is given, not waived"):
            operations.waive(settings, error.summary.run_id, "approval", "why", "me")

    def test_the_first_one_counts(self, settings, target):
        desk = Desk(NO, asked=lambda request: operations.decide(settings, request.run_id, YES))
        assert migrate(settings, desk).state == "published"
        assert gate(target)[0] == "passed"

    def test_nobody_in_time_rejects_and_a_resumed_run_asks_again(self, settings, target):
        hasty = settings.model_copy(update={"approval_seconds": 1})
        error = refused(hasty, Desk())
        assert "nobody decided until" in str(error) and gate(target)[0] == "error" and not is_published(target)
        with pytest.raises(ConfigError, match="awaits no approval any more: nobody decided"):
            operations.decide(settings, error.summary.run_id, YES)
        assert migrate(settings, Desk(YES), run_id=error.summary.run_id).state == "published"

    def test_the_profile_may_ask_for_it(self, settings, target):
        run.migrate(settings.model_copy(update={"require_approval": True}), Options(auditor=trusting, desk=Desk(YES)))
        assert gate(target)[0] == "passed"


class TestWaiting:
    def test_the_run_is_told_as_awaiting_and_its_report_says_so(self, settings):
        shown = []

        def look(request):
            shown.extend((report.of(request.summary.to_dict()), operations.status(settings)[0]))

        migrate(settings, Desk(YES, asked=look))
        made, status = shown
        assert made["headline"]["word"] == "WAITS FOR APPROVAL" and made["headline"]["tone"] == "attention"
        commands = [command for step in made["next_steps"] for command in step["commands"]]
        assert f"nxtgauge-migrate approve {made['run_id']}" in commands
        assert status["state"] == "awaiting" and "awaits approval until" in str(status["closed_gates"])

    def test_neither_snapshot_nor_session_is_held_on_the_source(self, settings, source):
        counts = []

        def look(_request):
            query = """select count(*) from pg_stat_activity where datname = current_database()
                       and pid <> pg_backend_pid() and backend_type = 'client backend'"""
            for _ in range(100):  # a session that was closed takes a moment to be gone
                counts.append(source.execute(query).fetchone()[0])
                if not counts[-1]:
                    return
                time.sleep(0.05)

        migrate(settings, Desk(YES, asked=look))
        assert counts[-1] == 0

    def test_what_changes_meanwhile_in_the_source_is_judged(self, settings, source, target):
        strict = settings.model_copy(update={"allow_changed_source": False})
        late = Desk(YES, asked=lambda _: source.execute("insert into users values (gen_random_uuid(), 'late')"))
        assert "source/changed" in str(refused(strict, late)) and not is_published(target)

    def test_nobody_is_asked_about_a_rehearsal(self, settings):
        desk = Desk(YES)
        assert migrate(settings, desk, dry_run=True).state == "discarded" and desk.requests == []

    def test_a_stop_ends_the_wait_and_whoever_resumes_it_asks_again(self, settings, target, afresh):
        with pytest.raises(Interrupted, match="resumes it") as caught:
            migrate(settings, Desk(asked=lambda _: run.STOP.set()))
        afresh()
        assert gate(target)[0] == "awaiting" and not is_published(target)
        desk = Desk(YES)  # once asked about, it is not published without an answer
        resumed = run.migrate(settings, Options(auditor=trusting, resume=True, desk=desk))
        assert resumed.state == "published" and resumed.run_id in str(caught.value) and len(desk.requests) == 1

    def test_an_approved_build_is_not_asked_about_again(self, settings, target, afresh):
        with pytest.raises(Interrupted):
            migrate(settings, Desk(YES, closed=lambda _: run.STOP.set()))
        afresh()
        desk = Desk(NO)
        assert migrate(settings, desk, resume=True).state == "published" and desk.requests == []


class TestNoWayAround:
    def test_a_run_that_was_rejected_and_begins_anew_is_asked_about_anew(self, settings, source, target):
        error = refused(settings, Desk(NO))
        source.execute("insert into users values (gen_random_uuid(), 'late')")
        again = Desk(NO)
        with pytest.raises(VerificationFailed):
            run.migrate(settings, Options(auditor=trusting, run_id=error.summary.run_id, desk=again))
        assert len(again.requests) == 1 and not is_published(target)

    def test_what_was_wanted_at_first_holds_for_a_later_attempt(self, settings, target, afresh):
        def stopped(_case):
            run.STOP.set()
            run.STOP.check()

        with pytest.raises(Interrupted):
            migrate(settings, auditor=stopped)
        afresh()
        with pytest.raises(VerificationFailed):
            run.migrate(settings, Options(auditor=trusting, resume=True, desk=Desk(NO)))
        assert not is_published(target)

    def test_a_process_that_died_while_it_waited_is_resumed_with_what_was_decided(self, settings, target, afresh):
        with pytest.raises(Interrupted) as caught:
            migrate(settings, Desk(asked=lambda _: run.STOP.set()))
        afresh()
        target.execute("update migration.runs set state = 'built', error = null")  # as a kill leaves it
        (died,) = operations.status(settings)
        assert died["state"] == "died" and died["run_id"] in str(caught.value)
        operations.decide(settings, died["run_id"], YES)
        summary = run.migrate(settings, Options(auditor=trusting, resume=True, desk=Desk(NO)))
        assert (summary.run_id, summary.state) == (died["run_id"], "published")


class TestCommand:
    def test_it_says_what_was_decided(self, settings, environ, target, monkeypatch, capsys):
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        codes = []

        def approve(request):
            codes.append(cli.main(["approve", request.run_id, "--by", "Asha\n Rao", "--comment", "seen"]))

        migrate(settings, Desk(asked=approve))
        assert codes == [0] and "approved by Asha Rao: seen" in capsys.readouterr().out
        assert cli.main(["approve", "none"]) == 2

    def test_only_a_named_person_decides_and_only_what_is_open(self, settings):
        desk = Desk(YES)
        failed = refused(settings, desk, auditor=saying(content__users=FAIL))
        assert "content/users" in str(failed) and desk.requests == []  # nobody is asked about one with a closed gate
        for name, words in ((" ", "--by is blank"), ("Asha", "awaits no approval")):
            with pytest.raises(ConfigError, match=words):
                operations.decide(settings, failed.summary.run_id, Decision(True, name))


class TestResume:
    def test_one_that_its_gates_refused_does_not(self, settings):
        failed = refused(settings, auditor=saying(content__users=FAIL)).summary.run_id
        assert run.migrate(settings, Options(auditor=trusting, resume=True)).run_id != failed

    def test_nothing_to_resume_is_a_new_run(self, settings):
        first = run.migrate(settings, Options(auditor=trusting, resume=True))
        assert run.migrate(settings, Options(auditor=trusting, resume=True)).run_id != first.run_id


class TestRollback:
    def test_only_the_run_that_is_named(self, settings, target):
        assert operations.rolled_run(settings, Wish()) is None
        first, second = (run.migrate(settings, Options(auditor=trusting)).run_id for _ in range(2))
        assert operations.rolled_run(settings, Wish()) == second
        with pytest.raises(PlanRefused, match=f"is run {second}'s, not run {first}'s"):
            operations.rollback(settings, Wish(first))
        operations.rollback(settings, Wish(second))
        assert operations.rolled_run(settings, Wish()) == first
