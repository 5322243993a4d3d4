"""The command line: its promises about streams, exit codes and secrets, without a migration."""

import importlib.metadata
import json
import os
import re
import subprocess
import sys
import tomllib

import pytest

from config import errors
from config.postgres import connection
from engine.books import bookkeeping
from flows.cli import main as cli
from flows.cli import plans, runs_shown
from flows.local import logs, prefect_server, report
from tests.support.observers import free_port
from tests.support.places import PROJECT
from tests.support.reports import attempt

pytestmark = pytest.mark.usefixtures("surroundings")

COMMANDS = [
    [],
    *([name] for name in sorted(cli.cli.commands)),
    *(["server", name] for name in sorted(cli.cli.commands["server"].commands)),
]


def _run(capsys, *arguments: str) -> tuple[int, str, str]:
    code = cli.main(list(arguments))
    said = capsys.readouterr()
    return code, said.out, said.err


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_has_help(capsys, command):
    code, out, _ = _run(capsys, *command, "--help")
    assert code == 0
    assert "--json" in out and "--profile" in out and "--verbose" in out


def test_the_version_is_one_everywhere_and_the_books_has_its_own(capsys):
    wanted = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["version"]
    code, out, _ = _run(capsys, "--version")
    assert code == 0
    installed = importlib.metadata.version("nxtgauge-migrate")
    assert out == f"nxtgauge-migrate {installed}, schema migration version {bookkeeping.BOOKS.version}\n"
    assert re.search(r"^## (\S+)", (PROJECT / "CHANGELOG.md").read_text(), re.MULTILINE)[1] == wanted
    assert f"image: nxtgauge-migrate:{wanted}\n" in (PROJECT / "docker-compose.yml").read_text()


@pytest.mark.parametrize("arguments", [["--json", "server", "status"], ["server", "status", "--json"]])
def test_options_stand_before_or_after_the_command(capsys, arguments):
    code, out, _ = _run(capsys, *arguments)
    assert code == 0
    assert json.loads(out)["running"] is False


@pytest.mark.parametrize("arguments", [["nonsense"], ["plan", "--nonsense"], ["explain"], ["demo", "--rows", "0"]])
def test_usage_errors_end_with_2(capsys, arguments):
    code, out, err = _run(capsys, *arguments)
    assert (code, out) == (2, "")
    assert "Error" in err
    code, out, _ = _run(capsys, *arguments, "--json")
    assert code == 2
    assert json.loads(out)["error"]["exit_code"] == 2


@pytest.mark.parametrize("command", ["plan", "migrate", "verify", "rollback", "status"])
def test_an_unset_url_ends_with_2_and_is_named(capsys, command):
    code, out, err = _run(capsys, command)
    assert (code, out) == (2, "")
    assert "NXTGAUGE_" in err and "is not set" in err


@pytest.mark.parametrize(
    "url", ["postgresql://bob:sw0rdf@sh@host/db", "postgresql://bob:sw0rdf@host:port/db", "sw0rdf"]
)
def test_a_malformed_url_is_never_repeated(capsys, monkeypatch, url):
    monkeypatch.setenv("NXTGAUGE_SOURCE_URL", url)
    code, out, err = _run(capsys, "plan", "--json", "-v")
    assert code == 2
    assert "NXTGAUGE_SOURCE_URL" in json.loads(out)["error"]["message"]
    assert "sw0rdf" not in out + err


def test_an_unknown_profile_ends_with_2(capsys):
    code, out, _ = _run(capsys, "--profile", "nonsense", "plan", "--json")
    assert code == 2
    assert "staging" in json.loads(out)["error"]["message"]


@pytest.mark.parametrize(("side", "code"), [("source", 4), ("target", 5)])
def test_the_code_says_which_side_is_unreachable(capsys, monkeypatch, database, side, code):
    for name in ("source", "target"):
        nowhere = f"postgresql://bob:sw0rdfish@127.0.0.1:{free_port()}/db"
        monkeypatch.setenv(f"NXTGAUGE_{name.upper()}_URL", nowhere if name == side else database())
    found, out, err = _run(capsys, "migrate", "--json")
    assert found == json.loads(out)["error"]["exit_code"] == code
    assert side in json.loads(out)["error"]["message"]
    assert "sw0rdfish" not in out + err


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.ConfigError("x"), 2),
        (errors.PlanRefused(["users lacks id", "jobs lacks id"]), 3),
        (errors.SourceError("x"), 4),
        (errors.TargetError("x"), 5),
        (errors.VerificationFailed("x"), 6),
        (errors.TargetBusy("x"), 7),
        (errors.Interrupted("x"), 130),
        (KeyboardInterrupt(), 130),
        (ValueError("x"), 1),
    ],
)
def test_every_error_has_its_exit_code_and_is_one_json_object(capsys, monkeypatch, error, code):
    def fail(*_):
        raise error

    monkeypatch.setattr(plans, "settings_of", fail)
    assert cli.main(["plan", "--json"]) == code
    found = json.loads(capsys.readouterr().out)["error"]
    assert found["exit_code"] == code
    assert found.get("faults", []) == list(getattr(error, "faults", ()))


def test_a_traceback_is_shown_with_v_only_and_holds_no_password(capsys, monkeypatch):
    def fail(*_):
        raise ValueError("cannot use postgresql://bob:sw0rdfish@host/db")

    monkeypatch.setattr(plans, "settings_of", fail)
    assert "Traceback" not in _run(capsys, "plan")[2]
    verbose = _run(capsys, "plan", "-v")[2]
    assert "Traceback" in verbose
    assert "sw0rdfish" not in verbose


@pytest.mark.parametrize(
    ("url", "text"),
    [
        (None, "at postgresql://bob:sw0rdfish@host/db it failed"),
        (None, "at postgresql://:sw0rdfish@host/db it failed"),
        (None, "host=h password=sw0rdfish dbname=d"),
        (None, "host=h password='sw0rdfish' dbname=d"),
        (None, "postgresql://host/db?user=bob&password=sw0rdfish"),
        ("postgresql://bob:sw0rdfish@host/db", "password of user bob is sw0rdfish"),
        ("postgresql://bob:sw0rd%2Ffish@host/db", "bob said sw0rd/fish or sw0rd%2Ffish"),
        ("host=h password='sw0rd fish'", "bob said sw0rd fish"),
        ("postgresql://bob:sw0rdf@sh@host/db", "invalid: postgresql://bob:sw0rdf@sh@host/db"),
    ],
)
def test_passwords_are_redacted(monkeypatch, url, text):
    if url:
        monkeypatch.setenv("NXTGAUGE_TARGET_URL", url)
    assert "sw0rd" not in logs.redacted(text)
    assert "***" in logs.redacted(text)


def test_ordinary_text_is_not_redacted(monkeypatch):
    monkeypatch.setenv("NXTGAUGE_TARGET_URL", "postgresql:///db?host=/tmp")
    text = "users: 40,000 of 100,000 rows; http://127.0.0.1:4200/runs/1 and mail to a@b.c"
    assert logs.redacted(text) == text
    assert logs.redacted(connection.WANTED) == connection.WANTED


SUMMARY = {
    "run_id": "r1",
    "state": "published",
    "dry_run": False,
    "schema": "nxtgauge",
    "tables": [
        {
            "legacy_table": "us|ers",
            "source_rows": 1_000,
            "loaded": 990,
            "merged": 0,
            "rejected": 10,
            "archived": 0,
            "balanced": True,
        },
        {
            "legacy_table": "jobs",
            "source_rows": 5,
            "loaded": 4,
            "merged": 0,
            "rejected": 0,
            "archived": 0,
            "balanced": False,
        },
    ],
    "rejects": [{"legacy_table": "us|ers", "reason": "users_email_key", "rows": 10}],
    "notes": [{"legacy_table": "jobs", "note": "orphan set null", "rows": 2}],
    "missing_tables": ["services"],
    "timings": {"build": 1.25},
    "changed_tables": [],
}


def test_the_report_tells_every_outcome_and_what_does_not_balance(tmp_path):
    made = report.of(SUMMARY)
    text = report.to_text(made)
    for row in ("| us\\|ers | 1,000 | 990 | 0 | 10 | 0 | yes |", "| all 2 tables | 1,005 | 994 | 0 | 10 | 0 | NO |"):
        assert row in text
    for word in ("users_email_key", "orphan set null", "services", "build"):
        assert word in text
    paths = report.write(made, tmp_path)
    assert json.loads((tmp_path / "r1" / "report.json").read_text()) == made
    assert "us\\|ers" in (tmp_path / "r1" / "report.md").read_text()
    short = report.to_text(made | {"reports": paths})
    assert "users_email_key" in short and "does not add up" in short and "orphan set null" not in short


def test_a_report_that_cannot_be_written_does_not_undo_the_run(monkeypatch, tmp_path):
    from flows.runs import work

    (tmp_path / "reports").write_text("a file in the way")
    monkeypatch.chdir(tmp_path)
    assert work._reported(report.of(SUMMARY)) == []


def test_whoever_reads_no_further_ends_a_command_well():
    reading, writing = os.pipe()
    os.close(reading)
    program = "import sys; from flows.cli.main import main; sys.exit(main(['explain', 'users']))"
    with os.fdopen(writing, "wb") as pipe:
        done = subprocess.run([sys.executable, "-c", program], stdout=pipe, stderr=subprocess.PIPE, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


def _run_of_status(number: int, **more) -> dict:
    run = {"run_id": f"r{number}", "state": "superseded", "dry_run": False, "profile": "demo", "place": None}
    run |= {"schema": None, "started_at": "2026-01-02T03:04:05.678+00:00", "tables": [], "held_by": []}
    return run | {"closed_gates": [], "waivers": [], "follows": None, "cutover": None} | more


def test_the_status_says_how_far_a_build_follows_and_what_can_be_done_with_it():
    last = {"number": 3, "committed_at": "2026-01-02T03:04:05.6+00:00", "behind": 340, "pause": 2.25}
    runs = [_run_of_status(number) for number in range(30)] + [_run_of_status(30, state="open", follows=last)]
    text = runs_shown.text(runs, is_all=False)
    assert "run r30: it follows its source: round 3 was applied at 2026-01-02 03:04:05 UTC" in text
    for command in ("sync --until-stopped", "cutover", "sync --abort"):
        assert f"\n    nxtgauge-migrate {command} --run r30\n" in f"{text}\n"
    runs[-1]["state"] = "following"
    assert "round 3" in runs_shown.text(runs, is_all=False) and "--abort" not in runs_shown.text(runs, is_all=False)


def test_the_status_goes_on_telling_late_writes_and_what_was_rehearsed_of_a_cut_over():
    live = _run_of_status(0, place="live", schema="nxtgauge", state="published", cutover=attempt(late={"users": 3}))
    passed = _run_of_status(1, dry_run=True, state="passed", cutover=attempt(outcome="rehearsed", late={}))
    failed = _run_of_status(2, dry_run=True, state="failed", cutover=attempt(outcome="rehearsed"))
    text = " ".join(runs_shown.text([live, passed, failed], is_all=False).split())
    late = "writes reached the source after the fence and are not in the target: 3 in users"
    assert f"run r0: at its cut-over {late}" in text
    assert "run r1: it rehearsed the cut-over: writers waited for 1.93 s, and no lost write was found" in text
    assert "run r2: it" not in text and text.count("cut-over") == 2


def test_the_status_says_what_stands_and_folds_old_runs():
    waiver = {"check_name": "law/x", "name": "Asha", "waived_at": "2026-01-02", "reason": "known", "is_current": False}
    runs = [_run_of_status(number) for number in range(30)]
    runs[3] |= {"state": "failed", "tables": SUMMARY["tables"], "waivers": [waiver]}
    runs[25] |= {
        "state": "published",
        "place": "live",
        "schema": "nxtgauge",
        "waivers": [waiver | {"is_current": True}],
    }
    text = runs_shown.text(runs, is_all=False)
    assert text.startswith("live       nxtgauge  run r25, profile demo\n")
    names = [line.split()[0] for line in text.splitlines() if line.startswith("r") and line.split()[0] != "run"]
    assert names == [f"r{number}" for number in (*range(10), 25)]
    assert "run r3: the rows do not add up in " in text
    assert "run r25: law/x was waived by Asha at 2026-01-02 UTC: known" in text and "run r3: law/x" not in text
    folded = "not shown: 19 older runs (19 superseded) and 1 waiver of builds that are gone"
    assert f"{folded}; `nxtgauge-migrate status --all` lists them" in text
    assert "not shown" not in runs_shown.text(runs, is_all=True) and "r29" in runs_shown.text(runs, is_all=True)
    assert "no run" in runs_shown.text([], is_all=False)


@pytest.mark.parametrize("variables", [{}, {"NXTGAUGE_TARGET_URL": "postgresql:///here"}])
def test_what_a_worker_lacks_is_said_before_a_server_is_started(capsys, monkeypatch, variables):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    code, _, said = _run(capsys, "server", "start")
    assert code == 2 and "NXTGAUGE_" in said
    assert not prefect_server.state_path().exists()
