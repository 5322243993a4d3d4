"""The log as JSON: one object a line, where in the run it was said, and no secret whatever the spelling."""

import contextvars
import json
import logging
import warnings

import pytest

from config.errors import ConfigError
from engine.session import log_context
from engine.session.execution import Clock, Silent, Threads
from flows.cli import main as cli
from flows.local import logs, progress

LOG = logging.getLogger("nxtgauge")
NASTY = 'sw0rd"fi\\sh'


@pytest.fixture(autouse=True)
def nowhere():
    """No run, and logging as it was, afterwards."""
    handlers, levels = logging.getLogger().handlers[:], {name: logging.getLogger(name).level for name in logs.OURS}
    yield
    log_context._RUN.set(None)
    logging.captureWarnings(False)
    logging.getLogger().handlers[:] = handlers
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


@pytest.fixture
def said(monkeypatch, capsys):
    """Gives what was logged since it was last called, object by object."""
    monkeypatch.setenv("NXTGAUGE_LOG", "json")
    return lambda: [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_a_record_is_one_object_with_its_time_in_utc(said):
    logs.set_up()
    contextvars.Context().run(  # what ran in this process before has left its run and stage behind
        LOG.info, "%d rows\nof users", 7, extra={"rows": 7, "unknown": "x"}
    )
    [found] = said()
    time = found.pop("time")
    assert found == {"level": "INFO", "logger": "nxtgauge", "message": "7 rows\nof users", "rows": 7}
    assert time.endswith("Z") and len(time) == len("2026-01-02T03:04:05.678Z")


@pytest.mark.parametrize("variable", ["NXTGAUGE_TARGET_URL", "NXTGAUGE_FENCE_URL"])
def test_no_secret_survives_the_spelling_of_json(said, monkeypatch, variable):
    monkeypatch.setenv(variable, "host=h password='sw0rd\"fi\\\\sh'")
    logs.set_up(is_verbose=True)
    try:
        raise ValueError(f"not let in with {NASTY}")  # noqa: TRY301 (the traceback is what is looked at)
    except ValueError:
        LOG.exception("it said %s at postgresql://bob:0ther@host/db", NASTY)
    [found] = said()
    assert found["error"] == "ValueError" and "Traceback" in found["traceback"]
    assert "sw0rd" not in json.dumps(found) and "0ther" not in json.dumps(found)
    assert found["message"] == "it said *** at postgresql://bob:***@host/db"


def test_a_traceback_is_for_who_asked_for_everything(said):
    logs.set_up()
    LOG.error("it broke", exc_info=ValueError("why"))
    [found] = said()
    assert found["error"] == "ValueError" and "traceback" not in found


@pytest.mark.filterwarnings("default")
def test_warnings_of_libraries_are_records_too(said):
    logs.set_up()
    warnings.warn("old", UserWarning, stacklevel=1)
    assert [found["logger"] for found in said()] == ["py.warnings"]


def test_threads_of_a_run_say_where_they_are(said):
    logs.set_up(is_verbose=True)
    log_context.begin()
    clock = Clock(Silent())
    clock.stage("load")
    log_context.tell(run="r1")

    def move(number: int) -> None:
        with log_context.piece(table="users", chunk=number):
            LOG.debug("here")

    Threads(2).map("move", move, [1, 2])
    clock.stage("judge")
    LOG.info("there")
    places = [{name: found.get(name) for name in ("run", "stage", "table", "chunk")} for found in said()]
    first, second, last = sorted(places, key=lambda place: place["chunk"] or 9)
    assert first == {"run": "r1", "stage": "load", "table": "users", "chunk": 1}
    assert second == first | {"chunk": 2}
    assert last == {"run": "r1", "stage": "judge", "table": None, "chunk": None}


def test_a_stage_that_another_thread_enters_is_the_runs():
    log_context.begin()
    Threads(2).map("stage", lambda name: log_context.tell(stage=name), ["judge"])
    assert log_context.here() == {"stage": "judge"}


def test_progress_records_every_beginning_and_end_with_its_figures(said):
    logs.set_up()
    log_context.begin()
    with progress.shown() as watch:
        clock = Clock(watch)
        clock.stage("load")
        clock.table("users", 3)
        for _ in range(3):
            with log_context.piece(table="users", chunk=1):
                clock.begin("users")
                clock.advance("users", 1)
        clock.finish()
    lines = said()
    found = [{k: v for k, v in line.items() if k not in ("time", "level", "logger", "seconds")} for line in lines]
    of_table = {"stage": "load", "table": "users", "rows": 3}
    assert found == [
        {"message": "stage load", "stage": "load"},
        {"message": "users: begins, 3 rows", **of_table},
        {"message": "users: 3 rows, done", **of_table},
        {"message": "stage load: done", "stage": "load"},
    ]
    assert all("seconds" in line for line in lines[2:])


def test_an_unknown_form_is_refused_as_settings_refuse(monkeypatch, capsys):
    monkeypatch.setenv("NXTGAUGE_LOG", "xml")
    with pytest.raises(ConfigError, match="NXTGAUGE_LOG is 'xml'; wanted text or json"):
        logs.set_up()
    assert cli.main(["plan"]) == 2
    assert "NXTGAUGE_LOG" in capsys.readouterr().err


@pytest.mark.parametrize(("arguments", "error"), [(["nonsense"], "NoSuchCommand"), (["plan"], "ConfigError")])
def test_how_a_command_ended_is_an_object_too(said, monkeypatch, arguments, error):
    monkeypatch.delenv("NXTGAUGE_SOURCE_URL", raising=False)
    assert cli.main(arguments) == 2
    [found] = said()
    assert (found["level"], found["error"]) == ("ERROR", error)


def test_an_address_for_lineage_is_a_secret_and_the_path_of_a_file_is_none(monkeypatch):
    monkeypatch.setenv("NXTGAUGE_LINEAGE_URL", "https://t0ken@lineage.example/path")
    assert logs.redacted("sent to https://t0ken@lineage.example/path with t0ken") == "sent to *** with ***"
    monkeypatch.setenv("NXTGAUGE_LINEAGE_URL", "lineage")
    assert logs.redacted("lineage is told") == "lineage is told"
