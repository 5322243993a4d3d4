"""One fault of shape at a time is planted in a build and in what is published, and the checks of shape have to name it.

Each entry of the TOML files in `shape` is a fault:

    [[mutation]]
    name = "a varchar has become text"
    sql = "alter table users alter name type text"
    finds = "catalog/users"                # the check that has to fail; by state, where another one has to
    says = ["column name: type"]           # how its findings, or its sentence, begin; by state, where they differ
    in = "build"                           # only there, if given
    since = 180000                         # only on servers of this version and later, if given

The SQL runs with the product schema on the search path, in a transaction that is rolled back; SCHEMA and ARCHIVE stand
for the schemas' names.
"""

import os
import tomllib
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from checks.reading import connect
from checks.reading.facts import Facts
from checks.shape import objects
from checks.verdict import FAIL, PASS, Check
from checks.verify import verify
from config import settings as configuration
from config.errors import VerificationFailed
from engine.start.options import Options
from tests.support.auditors import saying, trusting

FOLDER = Path(__file__).parent / "shape"
MUTATIONS = [entry for path in sorted(FOLDER.glob("*.toml")) for entry in tomllib.loads(path.read_text())["mutation"]]
SEED = int(os.environ["NXTGAUGE_TEST_SEED"])
# As for the faults of rows: a fifth at a time, another one for each seed; `make mutate` tries all.
CHOSEN = MUTATIONS if os.environ.get("NXTGAUGE_MUTATIONS") == "all" else MUTATIONS[SEED % 5 :: 5]
STATES = ("build", "live")
Migrated = dict[str, tuple[configuration.Settings, Facts, str]]


@pytest.fixture(scope="module")
def migrated(module_database) -> Migrated:
    """A build that was not published, and one that was: settings, what is known of it, its target's URL."""
    return {state: _migrated(module_database(), module_database(), state) for state in STATES}


def _migrated(source: str, target: str, state: str) -> tuple[configuration.Settings, Facts, str]:
    from engine.run import migrate

    with psycopg.connect(source, autocommit=True) as conn:
        conn.execute((FOLDER / "source.sql").read_text())
    settings = configuration.load("demo", {"NXTGAUGE_SOURCE_URL": source, "NXTGAUGE_TARGET_URL": target})
    if state == "live":
        migrate(settings, Options(auditor=trusting))
    else:
        with pytest.raises(VerificationFailed):
            migrate(settings, Options(auditor=saying(suite__users=FAIL)))
    with psycopg.connect(target) as conn:
        (run_id,) = conn.execute("select run_id from migration.runs").fetchone()
    with verify.opened(settings, run_id) as (_, facts, _):
        return settings, facts, target


@pytest.fixture
def judged(migrated) -> Iterator:
    """Plants a fault in a target; returns every check of shape by name, or the one that is asked for."""

    def judge(state: str, fault: str, since: int = 0, asked: str | None = None) -> dict[str, Check]:
        settings, facts, url = migrated[state]
        with connect.source(settings.source) as source, psycopg.connect(url) as target:
            if target.info.server_version < since:
                pytest.skip(f"PostgreSQL {since // 10000} and later")
            target.execute(
                "select set_config('search_path', quote_ident(%s) || ', public', false)", [facts.target.schema]
            )
            names = {"SCHEMA": facts.target.schema, "ARCHIVE": facts.archive.schema}
            for word, name in names.items():
                fault = fault.replace(word, sql.Identifier(name).as_string())
            stood = positions(target)
            target.commit()
            try:
                target.execute(fault or "select")
                jobs = [(check.name, work) for check, work in objects.jobs(facts) if asked in (None, check.name)]
                found = {name: work(source, target) for name, work in jobs}
            finally:
                target.rollback()
                _put_back(target, stood)
        return found

    return judge


def positions(target: psycopg.Connection) -> list[tuple]:
    """Every sequence of the database and where it stands."""
    names = target.execute("select schemaname::text, sequencename::text from pg_sequences").fetchall()
    query = sql.SQL("select last_value, is_called from {}")
    return [(name, *target.execute(query.format(sql.Identifier(*name))).fetchone()) for name in names]


def _put_back(target: psycopg.Connection, stood: list[tuple]) -> None:
    """No transaction undoes what was drawn from a sequence, or where it was set."""
    for name, last, is_called in set(stood) - set(positions(target)):
        target.execute("select setval(%s::regclass, %s, %s)", [sql.Identifier(*name).as_string(), last, is_called])


@pytest.mark.parametrize("state", STATES)
def test_a_faultless_target_passes(state: str, judged) -> None:
    found = [f"{check.name}: {check.rows}" for check in judged(state, "").values() if check.status != PASS]
    assert not found, "\n".join(found)


def test_every_fault_has_a_name_of_its_own() -> None:
    assert len({entry["name"] for entry in MUTATIONS}) == len(MUTATIONS)


def test_what_is_planted_in_a_sequence_is_undone(judged, migrated) -> None:
    for state in STATES:
        with psycopg.connect(migrated[state][2], autocommit=True) as target:
            stood = positions(target)
            judged(state, "select setval('tickets', 100, false), nextval('unused'); select setval('wheel', 8)")
            assert positions(target) == stood


def test_a_legacy_sequence_may_be_drawn_from_while_the_run_is_under_way(judged, migrated) -> None:
    """The build stands where the plan read it, or anywhere up to now, a sequence that turned round meanwhile too."""
    with psycopg.connect(migrated["build"][0].source.conninfo, autocommit=True) as source:
        stood = positions(source)
        source.execute("select nextval('tickets'), nextval('tickets'), nextval('unused'), setval('wheel', 2)")
        faults = [f"select setval('tickets', {last})" for last in (95, 106, 1000)] + ["select setval('wheel', 3)"]
        found = [judged("build", fault)["catalog/sequences"] for fault in ("", "select setval('wheel', 7)", *faults)]
        _put_back(source, stood)
    assert [check.status for check in found] == [PASS, PASS, *[FAIL] * 4]


@pytest.mark.parametrize("entry", CHOSEN, ids=lambda entry: entry["name"].replace(" ", "_"))
def test_a_planted_fault_is_named(entry: dict, judged) -> None:
    for state in STATES:
        if entry.get("in", state) == state:
            finds, says = (
                entry[key][state] if isinstance(entry[key], dict) else entry[key] for key in ("finds", "says")
            )
            fault = (state, entry["sql"], entry.get("since", 0))
            check = judged(*fault, finds)[finds]
            if check.status != FAIL:
                others = {name: one.rows for name, one in judged(*fault).items() if one.status != PASS}
                pytest.fail(f"{state}: not found; what failed: {others}")
            told = [check.detail, *(f"{row.key}: {', '.join(row.columns)}" for row in check.rows)]
            missing = [one for one in says if not any(each.startswith(one) for each in told)]
            assert not missing, f"{state}: {told} do not say {missing}"
