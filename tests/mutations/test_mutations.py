"""One fault at a time is planted in a finished migration, and the verification has to find it and name its rows.

Each entry of the TOML files beside this one is a fault:

    [[mutation]]
    name = "order total off by a cent"
    sql = "update orders set total = total + 0.01 where id = (select min(id::text)::uuid from orders)"
    finds = "law/orders/orders"     # the check that has to fail
    rows = 1                        # how many rows it has to find
    columns = ["total"]             # columns that it has to name, if given

The SQL runs with the product schema on the search path and without triggers or foreign keys.
"""

import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from conftest import with_database
from psycopg import sql

from checks import verify
from checks.verdict import FAIL, INFO, PASS, Verdict
from config import settings as configuration

FOLDER = Path(__file__).parent
ROWS = 20_000
MUTATIONS = [entry for path in sorted(FOLDER.glob("*.toml")) for entry in tomllib.loads(path.read_text())["mutation"]]
LEAST = 40


@pytest.fixture(scope="module")
def migrated(postgres_url: str) -> Iterator[tuple[str, str, str]]:
    """URLs of a legacy database and of its migrated target, and the run."""
    from auditors import trusting

    from engine.run import migrate
    from flows.demo.seed import seed

    urls = [with_database(postgres_url, name) for name in ("mutations_source", "mutations_target")]
    with psycopg.connect(postgres_url, autocommit=True) as conn:
        for name in ("mutations_source", "mutations_target"):
            conn.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))
            conn.execute(sql.SQL("create database {} template template0").format(sql.Identifier(name)))
    seed(urls[0], rows=ROWS)
    yield *urls, migrate(_settings(*urls), auditor=trusting).run_id
    with psycopg.connect(postgres_url, autocommit=True) as conn:
        for name in ("mutations_source", "mutations_target"):
            conn.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


@pytest.fixture
def mutant(postgres_url: str, migrated) -> Iterator[Callable[[str], Verdict]]:
    """Plants a fault in a copy of the target; returns the verdict on it."""
    name = "mutations_mutant"

    def judged(fault: str) -> Verdict:
        with psycopg.connect(postgres_url, autocommit=True) as conn:
            conn.execute(sql.SQL("create database {} template mutations_target").format(sql.Identifier(name)))
        url = with_database(postgres_url, name)
        with psycopg.connect(url, autocommit=True) as conn:
            conn.execute("set session_replication_role = replica")
            conn.execute("set search_path = nxtgauge")
            conn.execute(fault)
        return _judged(migrated[0], url, migrated[2])

    yield judged
    with psycopg.connect(postgres_url, autocommit=True) as conn:
        conn.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))


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
    assert len({entry["name"] for entry in MUTATIONS}) == len(MUTATIONS) >= LEAST


@pytest.mark.parametrize("entry", MUTATIONS, ids=lambda entry: entry["name"].replace(" ", "_"))
def test_a_planted_fault_is_found(entry: dict, mutant) -> None:
    checks = {check.name: check for check in mutant(entry["sql"]).checks}
    found = checks[entry["finds"]]
    others = [name for name, check in checks.items() if check.status != PASS]
    assert found.status == FAIL, f"{found.detail}; what failed: {others}"
    assert found.rows_total == entry["rows"], f"{found.detail}: {found.rows}"
    named = {column for row in found.rows for column in row.columns}
    assert named >= set(entry.get("columns", ())), found.rows
