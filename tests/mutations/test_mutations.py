"""One fault at a time is planted in a finished migration, and the verification has to find it and name its rows.

Each entry of the TOML files beside this one is a fault:

    [[mutation]]
    name = "order total off by a cent"
    sql = "update orders set total = total + 0.01 where id = (select min(id::text)::uuid from orders)"
    finds = "law/orders/orders"     # the check that has to fail
    rows = 1                        # how many rows it has to find
    columns = ["total"]             # columns that it has to name, if given
    key = "tutor_profiles"          # what the keys of its rows have to hold, if given

The SQL runs with the product schema on the search path and without triggers or foreign keys.
"""

import os
import tomllib
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from checks.verdict import FAIL, INFO, PASS, Verdict
from checks.verify import verify
from config import settings as configuration
from engine.start.options import Options
from tests.support.auditors import trusting

FOLDER = Path(__file__).parent
ROWS = 5_000
MUTATIONS = [entry for path in sorted(FOLDER.glob("*.toml")) for entry in tomllib.loads(path.read_text())["mutation"]]
LEAST = 40
SEED = int(os.environ["NXTGAUGE_TEST_SEED"])  # tests/conftest.py has chosen it
# `make mutate` tries all of them; a run of the whole test suite a fifth, another one for each seed.
CHOSEN = MUTATIONS if os.environ.get("NXTGAUGE_MUTATIONS") == "all" else MUTATIONS[SEED % 5 :: 5]


@pytest.fixture(scope="module")
def migrated(module_database) -> tuple[str, str, str]:
    """URLs of a legacy database and of its migrated target, and the run."""
    from engine.run import migrate
    from flows.demo.seed import seed

    source, target = module_database(), module_database()
    seed(source, rows=ROWS)
    return source, target, migrate(_settings(source, target), Options(auditor=trusting)).run_id


@pytest.fixture
def mutant(database, migrated) -> Callable[[str], Verdict]:
    """Plants a fault in a copy of the target; returns the verdict on it."""
    source, target, run_id = migrated

    def judged(fault: str) -> Verdict:
        url = database(template=target)
        with psycopg.connect(url, autocommit=True) as conn:
            conn.execute("set session_replication_role = replica")
            conn.execute("set search_path = nxtgauge")
            conn.execute(fault)
        return _judged(source, url, run_id)

    return judged


def _settings(source: str, target: str):
    return configuration.load("demo", {"NXTGAUGE_SOURCE_URL": source, "NXTGAUGE_TARGET_URL": target})


def _judged(source: str, target: str, run_id: str) -> Verdict:
    settings = _settings(source, target)
    return verify.judge(settings, run_id=run_id, schema="nxtgauge", archive="legacy_archive", level="content")


def test_a_faultless_build_passes(migrated) -> None:
    verdict = _judged(*migrated)
    found = [
        f"{check.status} {check.name}: {check.detail}"
        for check in verdict.checks
        if check.status != PASS and check.severity != INFO
    ]
    assert not found, "\n".join(found)
    assert verdict.passed


def test_there_are_enough() -> None:
    assert len({entry["name"] for entry in MUTATIONS}) == len(MUTATIONS)
    assert len(CHOSEN) >= LEAST


@pytest.mark.parametrize("entry", CHOSEN, ids=lambda entry: entry["name"].replace(" ", "_"))
def test_a_planted_fault_is_found(entry: dict, mutant) -> None:
    checks = {check.name: check for check in mutant(entry["sql"]).checks}
    found = checks[entry["finds"]]
    others = [name for name, check in checks.items() if check.status != PASS]
    assert found.status == FAIL, f"{found.detail}; what failed: {others}"
    assert found.rows_total == entry["rows"], f"{found.detail}: {found.rows}"
    named = {column for row in found.rows for column in row.columns}
    assert named >= set(entry.get("columns", ())), found.rows
    assert all(entry.get("key", "") in row.key for row in found.rows), found.rows
