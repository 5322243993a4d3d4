"""Stages and chunks as Prefect tasks, on a real Prefect server: order, failure, retry, and what the server is told."""

import threading
import time

import pytest
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterFlowRunId
from prefect.logging.handlers import APILogHandler
from prefect.runtime import flow_run, task_run
from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect.task_runners import ThreadPoolTaskRunner

from config.errors import Interrupted, PlanRefused, SourceError
from engine.chunks.work import Chunk
from flows.local.prefect_server import ServerError
from flows.runs import calls
from flows.runs.tasks import PrefectWorkers


class ConnectionLost(SourceError):
    retryable = True


@pytest.fixture(scope="module", autouse=True)
def api(home):
    url = home.result("server", "start", "--bare")["configured"]
    with temporary_settings({PREFECT_API_URL: url}):
        yield url
        APILogHandler().flush()  # the server is about to go


RUNS: list[str] = []  # ids of the flow runs, the last one last


def _through(work) -> dict:
    """Runs work(workers) as the body of a flow."""

    @flow(name="test", persist_result=False)
    def body():
        RUNS.append(flow_run.get_id())
        with ThreadPoolTaskRunner(max_workers=2) as runner:
            return calls.final_state(lambda _watch: {"value": work(PrefectWorkers(runner, 2))})

    return calls.run(body)


def _last_run():
    with get_client(sync_client=True) as client:
        return client.read_flow_run(RUNS[-1])


def test_map_keeps_the_order_and_runs_several_at_once():
    together = threading.Barrier(2, timeout=20)

    def wait(item):
        together.wait()
        return {"item": item}

    assert _through(lambda workers: workers.map("wait", wait, range(4)))["value"] == [{"item": n} for n in range(4)]


def test_chunks_of_few_rows_share_tasks_and_all_others_have_their_own():
    def move(chunk: Chunk) -> tuple[str, str]:
        return chunk.route, task_run.get_name()

    chunks = [Chunk(f"route{n}", 0, rows=rows) for n, rows in enumerate([10, 9_000, 20, 0, 30, 40])]
    done = _through(lambda workers: workers.map("load", move, chunks))["value"]
    assert [route for route, _ in done] == [chunk.route for chunk in chunks]
    assert [name for _, name in done if "small" not in name] == ["load: route1 0", "load: route3 0"]
    assert {name for _, name in done if "small" in name} <= {f"load: small tables, {n} of 2" for n in (1, 2)}


def test_call_gives_back_what_the_stage_returns():
    plan = object()
    assert _through(lambda workers: workers.call("plan", lambda *given: (plan, given), 1, 2))["value"] == (plan, (1, 2))


def test_the_first_error_stops_the_others_and_arrives_as_it_was():
    begun = []

    def fail(item):
        begun.append(item)
        time.sleep(0.1)
        if item == 1:
            raise ValueError("the row says sw0rdfish")

    with pytest.raises(ValueError, match="sw0rdfish"):
        _through(lambda workers: workers.map("fail", fail, range(20)))
    assert len(begun) < 5
    run = _last_run()
    assert run.state.is_failed() and "sw0rdfish" not in run.state.message


def test_a_flow_run_is_named_by_what_it_is_about_and_its_bar_ends_with_the_whole():
    @flow(name="test", flow_run_name=calls.first_name, persist_result=False)
    def body():
        RUNS.append(flow_run.get_id())

        def work(watch):
            assert _last_run().name.count("-") == 1  # a time
            calls.name_run("20260102-030405-abcd")
            watch.stage("load")
            return {}

        return calls.final_state(work)

    calls.run(body)
    until = time.monotonic() + 20
    while (found := _last_run()).name != "20260102-030405-abcd":
        assert time.monotonic() < until, found.name
    with get_client(sync_client=True) as client:
        of_run = ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[found.id]))
        (bar,) = client.read_artifacts(artifact_filter=of_run)
    assert (bar.key, bar.type, bar.data, bar.description) == ("test-progress", "progress", 100, "done")


def test_faults_reach_prefect_redacted():
    def refuse():
        raise PlanRefused(["users lacks id", "postgresql://bob:sw0rdfish@host/db"])

    with pytest.raises(PlanRefused):
        _through(lambda workers: workers.call("plan", refuse))
    assert "users lacks id" in _last_run().state.message
    assert "sw0rdfish" not in _last_run().state.message


def test_only_what_says_so_is_retried():
    tries = {"lost": 0, "other": 0}

    def lose(name):
        tries[name] += 1
        if name == "lost" and tries[name] < 2:
            raise ConnectionLost("connection lost")
        if name == "other":
            raise SourceError("no such table")

    _through(lambda workers: workers.map("lose", lose, ["lost"]))
    with pytest.raises(SourceError, match="no such table"):
        _through(lambda workers: workers.map("lose", lose, ["other"]))
    assert tries == {"lost": 2, "other": 1}


def test_many_items_are_shared_out_among_few_tasks_and_one_that_is_retried_goes_on_where_it_failed():
    tries, tasks = [0] * 30, set()

    def lose(item):
        tries[item] += 1
        tasks.add(task_run.id)
        time.sleep(0.02)
        if item == 7 and tries[item] < 2:
            raise ConnectionLost("connection lost")
        return item * 2

    assert _through(lambda workers: workers.map("double", lose, range(30)))["value"] == [n * 2 for n in range(30)]
    assert tries == [2 if item == 7 else 1 for item in range(30)] and len(tasks) == 2


def test_of_an_item_that_is_tried_again_the_first_error_counts_and_no_other_items():
    tries = [0] * 6

    def fail(item):
        tries[item] += 1
        if item == 1 and tries[item] < 2:
            raise ConnectionLost("connection lost")
        if item == 5:
            raise SourceError("no such table")

    with pytest.raises(SourceError, match="no such table"):
        _through(lambda workers: workers.map("fail", fail, range(6)))


def test_work_that_is_done_stays_done_when_prefect_is_lost():
    @flow(name="test", persist_result=False)
    def body():
        RUNS.append(flow_run.get_id())
        calls.final_state(lambda _watch: {"value": 1})
        raise ConnectionError("the server is gone")

    assert calls.run(body)["value"] == 1


def test_prefect_failing_before_the_work_is_named():
    @flow(name="test", persist_result=False)
    def body():
        RUNS.append(flow_run.get_id())
        raise ConnectionError("the server is gone")

    with pytest.raises(ServerError, match="PREFECT_API_URL"):
        calls.run(body)


def test_a_run_that_was_asked_to_stop_ends_cancelled():
    def stopped():
        raise Interrupted("asked to stop")

    with pytest.raises(Interrupted):
        _through(lambda workers: workers.call("build", stopped))
    assert _last_run().state.is_cancelled()
