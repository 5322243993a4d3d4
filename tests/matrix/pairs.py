"""A migration from a server of one version into one of another: what is tried of each pair, and how it ended.

- The seeded legacy database is published, every check of the auditor passes, and the oracle agrees.
- So it is with the databases of cases/*.sql. The head of a file may say from which version on a source can have it
  (`-- from 18`), and that older targets refuse it, with a part of the sentence (`-- refused before 15: …`); `plan` and
  `migrate` then say the same.
- Golden cases, if they are wanted, by their own runner. A legacy database that the source's version cannot hold is left
  out.
"""

import contextlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from checks.verdict import CRITICAL, ERROR, PASS
from config import settings as configuration
from config.errors import MigrateError, PlanRefused
from config.settings import Settings
from engine import run
from engine.start import survey
from engine.start.options import Options
from flows.demo.seed import seed
from tests.support.auditors import reconciling
from tests.support.oracle import comparing
from tests.support.places import PROJECT
from tests.support.servers import Server

FOLDER = Path(__file__).parent / "cases"
CASES = sorted(FOLDER.glob("*.sql"))
FROM = re.compile(r"^-- from (\d+)$", re.MULTILINE)
REFUSED = re.compile(r"^-- refused before (\d+): (.*)$", re.MULTILINE)
COUNTED = re.compile(r"(\d+) (passed|failed|skipped|error)")


@dataclass(frozen=True)
class Tried:
    """What was tried of a pair. fault: '' if it ended as it should."""

    what: str
    fault: str = ""


def tried(source: Server, target: Server, rows: int, cases: list[Path], golden: str | None) -> Iterator[Tried]:
    if rows:
        yield Tried("seed", _seeded(source, target, rows))
    for case in cases:
        if _of_version(FROM, case, source.major):
            yield Tried(case.stem, _case(source, target, case))
    if golden is not None:
        yield _golden(source, target, golden)


def _of_version(pattern: re.Pattern[str], case: Path, major: int) -> bool:
    return all(major >= int(found) for found in pattern.findall(case.read_text()))


def _seeded(source: Server, target: Server, rows: int) -> str:
    with databases(source, target) as settings:
        seed(settings.source.conninfo, rows)
        return _migrated(settings) or "; ".join(
            comparing.compared(settings.source.conninfo, settings.target.conninfo)["faults"]
        )


def _case(source: Server, target: Server, case: Path) -> str:
    text = case.read_text()
    wanted = [part for version, part in REFUSED.findall(text) if target.major < int(version)]
    with databases(source, target) as settings:
        with psycopg.connect(settings.source.conninfo, autocommit=True) as conn:
            conn.execute(text)
        return _refused(settings, wanted) if wanted else _migrated(settings)


def _refused(settings: Settings, wanted: list[str]) -> str:
    planned = "\n".join(survey.survey(settings).faults)
    try:
        run.migrate(settings, Options(auditor=reconciling(settings)))
    except PlanRefused as error:
        said = "\n".join(error.faults)
        return (
            "" if said == planned and all(part in said for part in wanted) else f"planned: {planned}; refused: {said}"
        )
    return f"it was not refused: {wanted}"


def _migrated(settings: Settings) -> str:
    judge = reconciling(settings)
    if faults := survey.survey(settings).faults:
        return "; ".join(faults)
    try:
        run.migrate(settings, Options(auditor=judge))
    except MigrateError as error:
        return f"{type(error).__name__}: {error}"
    with psycopg.connect(settings.target.conninfo) as conn:
        rejects = conn.execute("select legacy_table, reason from migration.rejects where reason = 'invalid_value'")
        refused = [f"{table}: a value was refused" for table, _ in rejects]
    wrong = [c for c in judge.found.checks if c.status == ERROR or (c.status != PASS and c.severity == CRITICAL)]
    return "; ".join([f"{c.name}: {c.detail}" for c in wrong] + refused)


@contextlib.contextmanager
def databases(source: Server, target: Server) -> Iterator[Settings]:
    """Two fresh databases for the block, as settings of the profile `demo`."""
    made = [(source, "matrix_legacy"), (target, "matrix_product")]
    _each(made, "create database {} template template0")
    try:
        legacy, product = (make_conninfo(server.url, dbname=name) for server, name in made)
        yield configuration.load("demo", {"NXTGAUGE_SOURCE_URL": legacy, "NXTGAUGE_TARGET_URL": product})
    finally:
        _each(made, "drop database {} with (force)")


def _each(made: list[tuple[Server, str]], statement: str) -> None:
    for server, name in made:
        with psycopg.connect(server.url, autocommit=True) as conn:
            conn.execute(sql.SQL(statement).format(sql.Identifier(name)))


def _golden(source: Server, target: Server, wanted: str) -> Tried:
    """By pytest, on these servers. wanted: an expression of -k."""
    environ = os.environ | {"NXTGAUGE_TEST_URL": target.url, "NXTGAUGE_TEST_SOURCE_URL": source.url}
    command = [sys.executable, "-m", "pytest", "-q", "tests/golden", "-k", wanted, "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=PROJECT, env=environ, capture_output=True, text=True)
    lines = done.stdout.splitlines()
    counts = " ".join(f"{number} {how}" for number, how in COUNTED.findall(lines[-1] if lines else ""))
    failed = [line for line in lines if line.startswith(("FAILED", "ERROR"))]
    return Tried(f"golden cases: {counts}", "; ".join(failed) or ("" if done.returncode == 0 else done.stdout[-500:]))
