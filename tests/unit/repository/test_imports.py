"""Which folder imports which, and what a command may not import before it is needed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.places import PROJECT

HEAVY = ("adbc_driver_postgresql", "great_expectations", "numpy", "pandas", "prefect", "psycopg", "pyarrow", "pydantic")
HEAVY += ("rich", "sqlalchemy")
OURS = ("NXTGAUGE_", "PREFECT_", "PG")  # a connection there is read for its password
PROBE = """
import json, sys
from flows.cli.main import main
code = main(sys.argv[1:])
print(json.dumps({"code": code, "modules": sorted({name.split(".")[0] for name in sys.modules})}))
"""


def test_import_directions_hold():
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("arguments", [["--help"], ["migrate", "--help"], ["server", "--help"], ["--version"], ["x"]])
def test_help_imports_nothing_heavy(arguments):
    """What --help imports is what it costs; the time itself depends on the machine."""
    command = [sys.executable, "-c", PROBE, *arguments]
    bare = {name: text for name, text in os.environ.items() if not name.startswith(OURS)}
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True, env=bare)
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["code"] == (2 if arguments == ["x"] else 0)
    assert not set(HEAVY) & set(found["modules"])


def test_what_a_person_waits_for_imports_no_frames():
    """Where there is no server, all that the command needs of ours has been imported."""
    given = os.environ | {"NXTGAUGE_TARGET_URL": "postgresql://nobody@127.0.0.1:1/nothing"}
    command = [sys.executable, "-c", PROBE, "status"]
    done = subprocess.run(command, cwd=PROJECT, env=given, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["code"] == 5 and not {"numpy", "pandas", "pyarrow", "prefect"} & set(found["modules"])


def test_a_plain_run_needs_no_prefect():
    modules = "flows.runs.work, flows.local.report, flows.local.progress, flows.local.prefect_server, flows.local.logs"
    probe = f"import sys, {modules}; sys.exit('prefect' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", probe], cwd=PROJECT).returncode == 0
