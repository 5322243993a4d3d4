"""Faults are planted in a finished migration, and the verification has to find each and name its rows.

Each entry of the TOML files beside this one is a fault:

    [[mutation]]
    name = "order total off by a cent"
    sql = "update orders set total = total + 0.01 where id = (select min(id::text)::uuid from orders)"
    finds = "law/orders/orders"     # the check that has to fail
    rows = 1                        # how many rows it has to find
    columns = ["total"]             # columns that it has to name, if given
    key = "tutor_profiles"          # what the keys of its rows have to hold, if given

The SQL runs with the product schema on the search path and without triggers or foreign keys. Faults that do not meet,
because they name no table and no check in common, are planted together; `make mutate` plants one at a time.
"""

import os
import re
import tomllib
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from checks.verdict import FAIL, INFO, PASS, Check, Verdict
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
IS_WHOLE = os.environ.get("NXTGAUGE_MUTATIONS") == "all"
CHOSEN = MUTATIONS if IS_WHOLE else MUTATIONS[SEED % 5 :: 5]
NAMED = re.compile(r"\b(?:update|into|from|join|table|using)\s+((?:\w+\.)?\w+)")


def _apart(entries: list[dict]) -> list[list[dict]]:
    """The same in groups of faults that do not meet."""
    groups: list[tuple[set[str], list[dict]]] = []
    for entry in entries:
        names = {entry["finds"], *NAMED.findall(entry["sql"])}
        taken, members = next((group for group in groups if not group[0] & names), (None, None))
        if taken is None:
            groups.append((names, [entry]))
        else:
            taken |= names
            members.append(entry)
    return [members for _, members in groups]


PLANTED = [[entry] for entry in CHOSEN] if IS_WHOLE else _apart(CHOSEN)


@pytest.fixture(scope="module")
def migrated(module_database) -> tuple[str, str, str]:
    """URLs of a legacy database and of its migrated target, and the run."""
    from engine.run import migrate
    from flows.demo.seed import seed

    source, target = module_database(), module_database()
    seed(source, rows=ROWS)
    return source, target, migrate(_settings(source, target), Options(auditor=trusting)).run_id


@pytest.fixture
def mutant(database, migrated) -> Callable[[list[str]], Verdict]:
    """Plants faults in a copy of the target; returns the verdict on it."""
    source, target, run_id = migrated

    def judged(faults: list[str]) -> Verdict:
        url = database(template=target)
        with psycopg.connect(url, autocommit=True) as conn:
            conn.execute("set session_replication_role = replica")
            conn.execute("set search_path = nxtgauge")
            for fault in faults:
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


@pytest.mark.parametrize("entries", PLANTED, ids=lambda entries: entries[0]["name"].replace(" ", "_"))
def test_planted_faults_are_found(entries: list[dict], mutant) -> None:
    missed = _missed(entries, mutant)
    if len(entries) > 1:  # what was missed may have met another one all the same
        alone = [entry for entry in entries if entry["name"] in missed]
        missed = {name: said for entry in alone for name, said in _missed([entry], mutant).items()}
    assert not missed, "\n".join(f"{name}: {said}" for name, said in missed.items())


def _missed(entries: list[dict], mutant) -> dict[str, str]:
    """Name → what is said instead of it, of faults that are not found where all of these are planted."""
    checks = {check.name: check for check in mutant([entry["sql"] for entry in entries]).checks}
    others = [name for name, check in checks.items() if check.status != PASS]
    said = {entry["name"]: _misses(entry, checks[entry["finds"]]) for entry in entries}
    return {name: f"{text}; what failed: {others}" for name, text in said.items() if text}


def _misses(entry: dict, found: Check) -> str:
    """How the check that has to find a fault does not; empty if it does."""
    named = {column for row in found.rows for column in row.columns}
    is_found = (
        found.status == FAIL
        and found.rows_total == entry["rows"]
        and named >= set(entry.get("columns", ()))
        and all(entry.get("key", "") in row.key for row in found.rows)
    )
    return "" if is_found else f"{found.status} {found.detail}: {found.rows_total} rows, {found.rows}"
