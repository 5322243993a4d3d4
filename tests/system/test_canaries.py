"""No personal value leaves the databases: everything that the program prints or writes is searched for canaries.

The canaries stand in a migrated database of every table; rows are rejected, checks fail and errors are made on top of
that, with a Prefect server and without, so that every kind of output says all it can.
"""

import json
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from prefect.client.orchestration import get_client
from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_URL, temporary_settings

from tests.support.auditors import seal_again

CANARY = "zq7canary"
LINEAGE = "lineage.jsonl"
SQL = Path(__file__).with_name("canaries.sql")
# One faulty value of each kind: in the target after the publish, so that checks fail on rows full of canaries.
FAULTS = """
    set session_replication_role = replica;
    update nxtgauge.users set full_name = full_name || '!' where full_name like 'zq7canary%';
    update nxtgauge.user_role_profiles set bio = null where bio like 'zq7canary%';
    delete from nxtgauge.notifications where body like 'zq7canary%';
    alter table nxtgauge.developer_profiles add github_url text default 'https://zq7canary.example';
"""


@pytest.fixture(scope="module")
def said() -> list[str]:
    """Everything that the program has printed, by every command of this module."""
    return []


@pytest.fixture(scope="module")
def environ(module_database) -> dict[str, str]:
    from flows.demo.seed import seed

    source, target = module_database(), module_database()
    seed(source, rows=3_000)
    with psycopg.connect(source, autocommit=True) as conn:
        conn.execute(SQL.read_text())
        (planted,) = conn.execute("select count(*) from users where full_name like 'zq7canary%'").fetchone()
        assert planted, "no canary stands in the source"
    return {"NXTGAUGE_SOURCE_URL": source, "NXTGAUGE_TARGET_URL": target}


class Commands:
    """Runs commands with a full log, and keeps what they print."""

    def __init__(self, home, environ: dict[str, str], said: list[str]):
        self._home, self._environ, self._said = home, environ, said

    def ends(self, code: int, *arguments: str, **variables: str) -> None:
        lineage = {"NXTGAUGE_LINEAGE_URL": str(self._home.folder / LINEAGE)}
        done = self._home.run(*arguments, "-v", **self._environ, **lineage, **variables)
        self._said += [f"$ {' '.join(arguments)}\n{done.stderr}", f"$ {' '.join(arguments)}\n{done.stdout}"]
        assert done.returncode == code, done.stderr[-2000:]


def _plant(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute(FAULTS)
    seal_again(url)  # or what was planted would be taken for written since


def test_no_output_holds_a_value(environ, home, said) -> None:
    command = Commands(home, environ, said)
    command.ends(0, "plan")
    command.ends(0, "plan", "--json")
    command.ends(0, "explain", "users")
    command.ends(3, "migrate", "--profile", "production")  # nothing was rehearsed
    command.ends(6, "migrate", "--profile", "production", "--dry-run", NXTGAUGE_LOG="json")  # it tolerates no reject
    command.ends(0, "migrate", "--profile", "demo")
    _plant(environ["NXTGAUGE_TARGET_URL"])
    command.ends(6, "verify", "--profile", "demo", "--data-docs", "docs")
    command.ends(6, "verify", "--profile", "demo", "--json", "--level", "content")
    failed = {check["name"] for check in json.loads(said[-1].split("\n", 1)[1])["checks"] if check["status"] == "FAIL"}
    assert failed >= {"content/users", "content/notifications", "law/user_role_profiles/roots"}
    command.ends(0, "status")
    command.ends(0, "rejects", "--json")
    command.ends(0, "notes", "--csv", "-")
    command.ends(0, "links", "--limit", "1000")
    command.ends(2, "waive", "none", "content/users", "--reason", "why", "--by", "me")
    command.ends(3, "rollback", "--to-nothing", "--yes")
    command.ends(0, "rollback", "--to-nothing", "--yes", "--lose")
    command.ends(0, "rollback", "--undo", "--yes", "--json")
    _assert_clean(said, home.folder)


def test_no_output_with_a_prefect_server_holds_a_value_nor_its_password(environ, home, said) -> None:
    command = Commands(home, environ, said)
    password = {"PREFECT_SERVER_API_AUTH_STRING": f"admin:{CANARY}"}
    started, since = home.result("server", "start", "--bare", **password), datetime.now(UTC)
    assert started["asks_for_password"] and CANARY not in str(started)
    try:
        command.ends(0, "plan")
        command.ends(3, "migrate", "--profile", "production")
        assert (
            "running plainly" in said[-2] and "asks for a password, and PREFECT_API_AUTH_STRING is not set" in said[-2]
        )
        command.ends(2, "deploy", PREFECT_API_AUTH_STRING="admin:wrong")
        command.ends(0, "migrate", "--profile", "demo", NXTGAUGE_LOG="json", **password)
        _plant(environ["NXTGAUGE_TARGET_URL"])
        command.ends(6, "verify", "--profile", "demo", PREFECT_API_AUTH_STRING=f"admin:{CANARY}")
        _assert_linked(started["configured"], since, f"admin:{CANARY}")
    finally:
        home.run("server", "stop")  # its database is then whole on disk
    assert "running as a Prefect flow" in said[-2]
    assert list(home.folder.rglob("*.db")), "the Prefect server's own database is not where it was looked for"
    _assert_clean(said, home.folder)


def _assert_linked(url: str, since: datetime, password: str) -> None:
    """Both runs' final states name their report's page, that of the failed verification too."""
    known = {PREFECT_API_URL: url, PREFECT_API_AUTH_STRING: password}
    with temporary_settings(known), get_client(sync_client=True) as client:
        assert CANARY not in client._client.get("/admin/settings").text
        runs = [run for run in client.read_flow_runs() if run.start_time and run.start_time >= since]
    ended = {run.state.name: run.state.message or "" for run in runs}
    assert ended.keys() == {"Completed", "Failed"}
    assert all("/artifacts/artifact/" in message for message in ended.values()), ended


def _assert_clean(said: list[str], folder: Path) -> None:
    """Neither in what was printed nor in any file below the folder that stands for the user's machine."""
    held = [text.splitlines()[0] for text in said if CANARY in text]
    files = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    assert {"report.html", LINEAGE} <= {path.name for path in files}
    assert any('"chunk": ' in text for text in said), "no log was JSON"
    held += [str(path.relative_to(folder)) for path in files if CANARY.encode() in path.read_bytes()]
    assert not held, held
