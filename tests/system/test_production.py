"""Production as its users have it, in a real browser: from an empty machine to a schema that a person has approved.

The legacy database and every connection string are full of canaries; none of them may reach the Prefect server. The
server keeps its own database in PostgreSQL, as production's does: with SQLite it may lose a notice.
"""

import http.server
import json
import signal
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import psycopg
import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.schedules import CronSchedule
from prefect.events.schemas.automations import AutomationCore
from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect.states import Cancelling, Pending, Scheduled
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import make_url

from engine.staging.programs import binary
from flows.service import automations
from tests.histories.databases import filling
from tests.support.patience import allowed
from tests.system import browser
from tests.system.machines import Home, await_approval, machine

CANARY = "zq7canary"
SQL = Path(__file__).with_name("canaries.sql")
RUN_SECONDS = 180
NOTICE_SECONDS = 90
CRASH_SECONDS = 150  # ninety without a heartbeat, and what the server takes to notice
# What the server answers about everything that it keeps. Filters are empty: all of it.
QUESTIONS = (
    "flows/filter", "flow_runs/filter", "task_runs/filter", "deployments/filter", "artifacts/filter", "logs/filter",
    "work_pools/filter", "variables/filter", "block_documents/filter", "automations/filter", "events/filter",
    "flow_run_states/?flow_run_id={run}", "flow_runs/{run}/input/filter",
)  # fmt: skip


@dataclass
class Place:
    """A machine with three databases, a server, deployments and a worker. environ: what the worker was started with.

    notices: what the service behind NXTGAUGE_NOTIFY_URL was sent. own: the server's database.
    """

    home: Home
    environ: dict[str, str]
    own: str
    ui: str
    said: list[str]
    notices: list[dict]

    @property
    def api(self) -> str:
        return f"{self.ui}/api"

    def run(self, *arguments: str) -> dict:
        done = self.home.run(*arguments, "--json", **self.environ)
        self.said.append(done.stderr)
        assert done.returncode == 0, done.stderr[-3000:]
        return json.loads(done.stdout)

    def runs(self) -> list[dict]:
        return self.run("status")["runs"]

    def await_notice(self, words: str) -> dict:
        return _await(lambda: next((one for one in self.notices if words in one["title"]), None), NOTICE_SECONDS)


def _secret(url: str) -> str:
    """The same database, by a connection string with a password in it."""
    known = conninfo_to_dict(url)
    return f"postgresql://{known['user']}:{CANARY}-password@/{known['dbname']}?host={known['host']}"


@pytest.fixture(scope="module")
def service() -> Iterator[tuple[str, list[dict]]]:
    """A service that takes notices: its address for Apprise, and what it was sent."""
    sent: list[dict] = []

    class Taking(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            sent.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args): ...

    found = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Taking)
    threading.Thread(target=found.serve_forever, daemon=True).start()
    yield f"json://127.0.0.1:{found.server_port}/{CANARY}-hook", sent
    found.shutdown()
    found.server_close()


@pytest.fixture(scope="module")
def place(module_database, service):
    urls = {name: module_database() for name in ("SOURCE", "TARGET", "STAGING")}
    filling.sample(urls["SOURCE"], rows=1_500)
    with psycopg.connect(urls["SOURCE"], autocommit=True) as conn:
        conn.execute(SQL.read_text())
        # Roles are read by value and so not masked; an address in one would be found, and no copy made.
        conn.execute("update roles set description = 'a role' where description like '%zq7canary%'")
    environ = {f"NXTGAUGE_{name}_URL": _secret(url) for name, url in urls.items()}
    environ |= {"NXTGAUGE_MASKING_KEY": f"{CANARY}-masking-key", "NXTGAUGE_METRICS_PORT": "0"}
    environ["NXTGAUGE_NOTIFY_URL"], notices = service
    with machine() as home:
        own = module_database()
        url = make_url(own).set(drivername="postgresql+asyncpg").render_as_string(hide_password=False)
        done = home.run("server", "start", "--json", **environ, PREFECT_SERVER_DATABASE_CONNECTION_URL=url)
        assert done.returncode == 0, done.stdout + done.stderr
        found = Place(home, environ, own, json.loads(done.stdout)["ui"], [done.stderr], notices)
        with temporary_settings({PREFECT_API_URL: found.api}):
            yield found
        home.run("server", "stop")


@pytest.mark.skipif(bool(browser.missing()), reason=browser.missing() or "the browser is there")
class TestInTheBrowser:
    def test_a_rehearsal_is_started_from_its_form_watched_and_its_report_read(self, place, window):
        _open_form(window, place, "rehearse")
        window.wait_for("masked on the way")
        window.click("refresh (Optional)", "switch")
        window.screenshot("rehearse-form")
        _submit(window)
        window.wait_for("Completed", RUN_SECONDS)
        window.screenshot("rehearse-run")
        window.open(_report_of(window))
        text = window.wait_for("What became of every row")
        window.screenshot("rehearse-report")
        assert "REHEARSAL PASSED" in text and "What to do next" in text
        (run,) = place.runs()
        assert (run["state"], run["dry_run"]) == ("passed", True)

    def test_a_migration_waits_until_it_is_approved_on_its_form(self, place, window):
        _open_form(window, place, "migrate")
        window.wait_for("Pause before the publish")
        window.click("Select profile")
        window.click("demo", "option")
        window.click("approve (Optional)", "switch")
        window.screenshot("migrate-form")
        _submit(window)
        window.wait_for("Paused", RUN_SECONDS)
        assert place.runs()[0]["state"] == "awaiting"
        window.screenshot("migrate-paused")
        window.open(window.run("location.href"))  # as whoever approves comes to it: by the link in a notice
        window.wait_for("Paused")
        window.click("Open menu")
        window.click("Resume", "menuitem")
        window.wait_for("Read the report")
        window.click("Select Decision")
        window.click("approve", "option")
        window.fill("Name", "Asha Rao")
        window.screenshot("migrate-approval")
        page = window.link("Read the report")
        _send(window)
        window.wait_for("Completed", RUN_SECONDS)
        window.screenshot("migrate-published")
        run = place.runs()[0]
        assert (run["state"], run["dry_run"]) == ("published", False)
        assert "WAITS FOR APPROVAL" in _opened(window, page)
        with psycopg.connect(place.environ["NXTGAUGE_TARGET_URL"]) as conn:
            detail = conn.execute("select detail from migration.gates where check_name = 'approval'").fetchone()[0]
            assert (
                detail == "approved by Asha Rao" and conn.execute("select count(*) from nxtgauge.users").fetchone()[0]
            )


def _opened(window, address: str) -> str:
    window.open(address)
    return window.wait_for("What to do next")


def _open_form(window, place: Place, name: str) -> None:
    """The form of a deployment's custom run, by the way that a person goes."""
    window.open(f"{place.ui}/v2/deployments")
    window.do(lambda page: page.get_by_role("link", name=name, exact=True).first.click())
    window.wait_for("Entrypoint")
    window.click("Run")
    window.click("Custom run", "menuitem")


def _send(window) -> None:
    """Sends the form of a paused run, as a person does: Prefect's page may redraw itself under the mouse, and a click
    is lost."""
    for _ in range(5):
        window.click("Resume")
        until = time.monotonic() + 10
        while time.monotonic() < until:
            if "Provide input to resume" not in window.text():
                return
            time.sleep(0.2)
    raise AssertionError("the form does not go away")


def _submit(window) -> None:
    window.click("Submit")
    window.click("View run")


def _report_of(window) -> str:
    """The report's address: the run's page, its artifacts, the report's card, its latest version."""
    window.click("Artifacts", "tab")
    cards = lambda page: page.get_by_role("tabpanel", name="Artifacts").get_by_role("link")  # noqa: E731
    window.do(lambda page: cards(page).filter(has_text="markdown").first.click())
    window.wait_for("Created")
    window.screenshot("rehearse-versions")
    return window.do(lambda page: page.locator("a[href*='/artifacts/artifact/']").first.evaluate("a => a.href"))


def _started(name: str, state=None, **parameters):
    """A run of the deployment, as the UI's button starts one; its id. state: another than scheduled for now."""
    with get_client(sync_client=True) as client:
        deployment = client.read_deployment_by_name(f"{name}/{name}")
        return client.create_flow_run_from_deployment(deployment.id, parameters=parameters, state=state).id


def _state(run_id):
    with get_client(sync_client=True) as client:
        return client.read_flow_run(run_id).state


def _await(what, seconds: float, step: float = 0.5):
    until = time.monotonic() + allowed(seconds)
    while not (found := what()):
        assert time.monotonic() < until, "waited in vain"
        time.sleep(step)
    return found


def _ended(run_id, seconds: float = RUN_SECONDS):
    return _await(lambda: (state := _state(run_id)) and state.is_final() and state, seconds)


def test_a_run_that_was_killed_with_its_worker_is_marked_and_the_next_one_resumes_it(place):
    killed = _started("migrate", profile="demo")
    _await(lambda: _under_way(place), RUN_SECONDS, step=0.05)
    worker = psutil.Process(place.run("server", "status")["worker"])
    for process in (worker, *worker.children(recursive=True)):
        process.send_signal(signal.SIGKILL)
    since = datetime.now(UTC)
    run_id = _await(lambda: [run for run in place.runs() if run["state"] == "died"], 30)[0]["run_id"]
    state = _ended(killed, CRASH_SECONDS)
    assert state.is_crashed() and "no heartbeat" in state.message, (state, datetime.now(UTC) - since)
    place.run("server", "start")
    state = _ended(_started("migrate", profile="demo"))
    assert state.is_completed(), state
    assert place.await_notice("crashed")["message"].endswith(str(killed))
    assert next(run for run in place.runs() if run["run_id"] == run_id)["state"] == "published"


UNDER_WAY = """
    select exists (select from migration.runs r join migration.chunks using (run_id) where r.state = 'running')
"""


def _under_way(place: Place) -> bool:
    """Whether a run that is not over has moved rows."""
    with psycopg.connect(place.environ["NXTGAUGE_TARGET_URL"]) as conn:
        if not conn.execute("select to_regclass('migration.chunks') is not null").fetchone()[0]:
            return False
        return conn.execute(UNDER_WAY).fetchone()[0]


def test_a_run_that_its_gates_refuse_is_told_of_as_that(place):
    state = _ended(_started("migrate", profile="production", dry_run=True))  # it tolerates no reject
    assert state.is_failed() and state.name == "GateClosed", state
    place.await_notice("may not publish")


def test_a_run_that_is_cancelled_while_it_waits_for_approval_lets_go_of_the_target(place):
    run_id = _started("migrate", profile="demo", approve=True)
    waiting = await_approval(place.environ["NXTGAUGE_TARGET_URL"], RUN_SECONDS)
    assert [run["run_id"] for run in place.runs() if run["state"] == "awaiting"] == [waiting]
    place.await_notice("waits for approval")
    with get_client(sync_client=True) as client:
        client.set_flow_run_state(run_id, Cancelling())
    assert _ended(run_id).is_cancelled()
    _await(lambda: place.runs()[0]["state"] == "interrupted", 60)


def test_a_run_that_a_worker_took_and_never_began_is_marked(place, monkeypatch):
    with get_client(sync_client=True) as client:
        notify_id = client.read_deployment_by_name("notify/notify").id
        (kept,) = client.read_automations_by_name("nxtgauge: a run crashed")
        client.create_automation(AutomationCore(**kept.model_dump(exclude={"id"})))  # as of two deploys at once
        monkeypatch.setattr(automations, "PENDING_SECONDS", 10)
        automations.apply(notify_id)
        run_id = _started("verify", state=Scheduled(scheduled_time=datetime.now(UTC) + timedelta(days=9)))
        client.set_flow_run_state(run_id, Pending(), force=True)
        state = _ended(run_id, 90)
        monkeypatch.undo()
        automations.apply(notify_id)
        assert len(client.read_automations_by_name(kept.name)) == 1
    assert state.is_crashed() and "did not begin" in state.message, state


def test_what_people_have_changed_outlives_a_deploy(place):
    name = "nxtgauge: a run failed"
    mine, more = CronSchedule(cron="0 3 29 2 *", timezone="UTC"), CronSchedule(cron="5 5 29 2 *", timezone="UTC")
    with get_client(sync_client=True) as client:
        rehearse, migrate = (client.read_deployment_by_name(f"{each}/{each}") for each in ("rehearse", "migrate"))
        client.update_deployment_schedule(rehearse.id, rehearse.schedules[0].id, schedule=mine, active=True)
        client.create_deployment_schedules(migrate.id, [(more, False)])
        (notice,) = client.read_automations_by_name(name)
        client.pause_automation(notice.id)
        place.run("deploy")
        rehearse, migrate, verify = (client.read_deployment(client.read_deployment_by_name(f"{each}/{each}").id)
                                     for each in ("rehearse", "migrate", "verify"))  # fmt: skip
        told = [[(one.schedule.cron, one.active) for one in each.schedules] for each in (rehearse, migrate, verify)]
        (notice,) = client.read_automations_by_name(name)
        client.resume_automation(notice.id)
    assert told == [[("0 3 29 2 *", True)], [("5 5 29 2 *", False)], [("0 5 * * *", False)]]
    assert notice.enabled is False


def test_a_rollback_is_of_the_run_that_is_named(place):
    states = {run["state"]: run["run_id"] for run in place.runs()}
    live, is_first = states["published"], "superseded" not in states  # without a browser nothing stood before
    wrong = _ended(_started("rollback", run_id="another", profile="demo"))
    assert wrong.is_failed() and f"is run {live}'s, not run another's" in wrong.message
    place.await_notice("rollback")
    state = _ended(_started("rollback", run_id=live, profile="demo", to_nothing=is_first))
    assert state.is_completed(), state


def test_a_flow_run_is_called_what_it_is_about_and_an_event_has_one_notice(place):
    with get_client(sync_client=True) as client:
        named = {run.name for run in client.read_flow_runs() if run.state.is_final()}
    assert {run["run_id"] for run in place.runs()} <= named
    said = [(one["title"], one["message"]) for one in place.notices]
    assert said and len(said) == len(set(said))


def test_the_server_knows_no_url_no_password_and_no_value(place):
    """In what it answers, in its own database, in what was logged anywhere, and in every file that was written."""
    assert place.runs(), "nothing was run that could have left a trace"
    answers = {question: _asked(place, question) for question in QUESTIONS}
    assert "rehearse" in answers["deployments/filter"] and "report" in answers["artifacts/filter"]
    held = [question for question, answer in answers.items() if CANARY in answer or "postgresql://" in answer]
    held += [f"log {number}" for number, text in enumerate(place.said) if CANARY in text]
    place.home.run("server", "stop")
    kept = subprocess.check_output([binary("pg_dump"), "--inserts", place.own], text=True)
    assert "rehearse" in kept
    held += ["the server's database"] if CANARY in kept else []
    files = [path for path in place.home.folder.rglob("*") if path.is_file() and not path.is_symlink()]
    assert any(path.name == "report.html" for path in files)
    held += [str(path.relative_to(place.home.folder)) for path in files if CANARY.encode() in path.read_bytes()]
    assert not held, held


def _asked(place: Place, question: str) -> str:
    with get_client(sync_client=True) as client:
        run = client.read_flow_runs(limit=1)[0].id
    address = f"{place.api}/{question.format(run=run)}"
    body = None if "?" in question else json.dumps({"prefix": ""} if "input" in question else {}).encode()
    request = urllib.request.Request(address, data=body, headers={"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return answer.read().decode()
