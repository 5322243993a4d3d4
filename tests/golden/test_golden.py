"""Every rule has a folder, and every folder is a rule: a small legacy database, and what must become of it.

    <domain>/<case>/source.sql         the legacy database; its first line states the rule
                    settings.toml      overrides of the demo profile (profile = "…" starts from another one)
                    from.txt           the oldest version of PostgreSQL, of either side, that it can be judged on
                    refused.txt        fragments of the refusal, one a line: the plan must refuse, with exit code 3
                    failed.txt         fragments of the failure: verification must fail, with exit code 6
                    expected/<table>.csv, expected/{migration,legacy_archive}.<table>.csv
                    expected/absent.txt       tables, or table.column, that the target must not have
                    expected/queries.sql|txt  queries on the target, each of one text; their answers, one a line
                    expected/suites.txt       what the expectation suites find, and what they could not look at; with
                                              this file they run, one case per domain at least

- A CSV names in its header the columns that are compared; its rows are the table's rows, in any order. Cells are
  PostgreSQL's own text (UTC, ISO). `\\N` is NULL, `*` is any value but NULL, `derived:<name>` the UUIDv5 of <name>.
- migration.balance.csv may name some of the tables only; every table that the view shows must balance.
- A case without migration.rejects.csv expects that nothing was rejected.
- Of a fifth of the cases, others for each seed, deltas are verified too, and find no more than was found.
"""

import csv
import os
import random
import re
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from checks.expectations import runner
from checks.verdict import Verdict
from config.errors import MigrateError
from engine.start.options import Options
from tests.golden import delta
from tests.golden.cases import CASES, settings_of
from tests.support.auditors import SuitesHere, reconciling

DRAWS = os.environ.get("NXTGAUGE_DELTAS") == "all"  # deltas of every case, others for each seed
WITH_DELTAS = CASES if DRAWS else CASES[::5]
NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "migrate.nxtgauge")
NULL, ANY = r"\N", "*"
OWN_SCHEMAS = ("migration", "legacy_archive")
SESSION = "-c TimeZone=UTC -c DateStyle=ISO -c IntervalStyle=postgres -c extra_float_digits=3"
Row = tuple[str, ...]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}/{case.name}")
def test_case(case: Path, legacy_database, database, monkeypatch, rng: random.Random) -> None:
    monkeypatch.setattr(runner, "Child", SuitesHere)
    source, target = legacy_database(), database()
    _skip_older(case, source, target)
    with psycopg.connect(source, autocommit=True) as conn:
        conn.execute((case / "source.sql").read_text())
    settings = settings_of(case, source, target)
    suites = case / "expected" / "suites.txt"
    auditor = reconciling(settings, "full" if suites.exists() else "content")
    error = _migrate(settings, auditor)
    _judge_end(case, error)
    with psycopg.connect(target, autocommit=True, options=SESSION) as conn:
        faults = list(_faults(conn, case, settings.target_schema, error is None))
    if suites.exists():
        faults += _suite_faults(auditor.found, suites)
    if case in WITH_DELTAS and error is None:
        faults += delta.faults(settings, auditor.found, rng if DRAWS else random.Random(case.name))
    assert not faults, "\n" + "\n".join(faults)


def _skip_older(case: Path, *urls: str) -> None:
    if (case / "from.txt").exists():
        oldest = int((case / "from.txt").read_text())
        for url in urls:
            with psycopg.connect(url) as conn:
                if conn.info.server_version < oldest * 10_000:
                    pytest.skip(f"it wants PostgreSQL {oldest}, and one side is {conn.info.server_version // 10_000}")


def _migrate(settings, auditor) -> MigrateError | None:
    from engine.run import migrate

    try:
        migrate(settings, Options(auditor=auditor))
    except MigrateError as error:
        return error
    return None


def _judge_end(case: Path, error: MigrateError | None) -> None:
    """Whether the run ended as the case says: well, refused (3) or failed (6), with all the fragments it names."""
    for name, exit_code in (("refused.txt", 3), ("failed.txt", 6)):
        if (case / name).exists():
            assert error is not None and error.exit_code == exit_code, f"wanted exit code {exit_code}, got {error!r}"
            missing = [line for line in _lines(case / name) if line.lower() not in str(error).lower()]
            assert not missing, f"{error}\ndoes not say {missing}"
            return
    if error is not None:
        raise error


def _faults(conn: psycopg.Connection, case: Path, schema: str, is_done: bool) -> Iterator[str]:
    """Every difference between the target and the case's expected files, one paragraph each."""
    expected = case / "expected"
    for path in sorted(expected.glob("*.csv")):
        yield from _table_faults(conn, path, schema)
    if is_done:
        yield from _unbalanced(conn)
        if not (expected / "migration.rejects.csv").exists():
            yield from _unexpected_rejects(conn)
    if (expected / "absent.txt").exists():
        yield from _present(conn, _lines(expected / "absent.txt"), schema)
    if (expected / "queries.sql").exists():
        yield from _wrong_answers(conn, expected, schema)


def _table_faults(conn: psycopg.Connection, path: Path, schema: str) -> Iterator[str]:
    schema, table = _placed(path.stem, schema)
    with path.open(newline="") as file:
        header, *wanted = [tuple(cell for cell in row) for row in csv.reader(file)]
    try:
        found = _rows(conn, schema, table, header)
    except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn) as error:
        yield f"{path.name}: {error.diag.message_primary}"
        return
    if path.stem == "migration.balance":
        named = {row[header.index("legacy_table")] for row in wanted}
        found = [row for row in found if row[header.index("legacy_table")] in named]
    missing, extra = _differences([tuple(map(_meant, row)) for row in wanted], found)
    if missing or extra:
        yield "\n".join([f"{path.name}: {' | '.join(header)}", *_marked("-", missing), *_marked("+", extra)])


def _placed(stem: str, schema: str) -> tuple[str, str]:
    prefix, _, rest = stem.partition(".")
    return (prefix, rest) if prefix in OWN_SCHEMAS else (schema, stem)


def _rows(conn: psycopg.Connection, schema: str, table: str, columns: Row) -> list[Row]:
    cells = sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier(name)) for name in columns)
    query = sql.SQL("select {} from {}").format(cells, sql.Identifier(schema, table))
    return [tuple(NULL if cell is None else cell for cell in row) for row in conn.execute(query)]


def _meant(cell: str) -> str:
    """What a cell of an expected file stands for."""
    if cell.startswith("derived:"):
        return str(uuid.uuid5(NAMESPACE, cell.removeprefix("derived:")))
    return cell


def _differences(wanted: list[Row], found: list[Row]) -> tuple[list[Row], list[Row]]:
    """Rows wanted and not found, rows found and not wanted; those with fewest wildcards choose first."""
    rest, missing = sorted(found), []
    for row in sorted(wanted, key=lambda row: (row.count(ANY), row)):
        match = next((other for other in rest if _matches(row, other)), None)
        rest.remove(match) if match is not None else missing.append(row)
    return missing, rest


def _matches(wanted: Row, found: Row) -> bool:
    return all(w == f or (w == ANY and f != NULL) for w, f in zip(wanted, found, strict=True))


def _marked(mark: str, rows: list[Row]) -> list[str]:
    return [f"  {mark} {' | '.join(row)}" for row in rows]


def _unbalanced(conn: psycopg.Connection) -> Iterator[str]:
    for row in conn.execute("select * from migration.balance where balanced is not true"):
        yield f"unbalanced: {row}"


def _unexpected_rejects(conn: psycopg.Connection) -> Iterator[str]:
    for row in conn.execute("select legacy_table, legacy_key, target_table, reason, detail from migration.rejects"):
        yield f"rejected: {' | '.join(map(str, row))}"


def _present(conn: psycopg.Connection, names: list[str], schema: str) -> Iterator[str]:
    for name in names:
        table, _, column = name.partition(".")
        # Every column has a table, and a table without columns still has its system ones.
        query = "select 1 from pg_attribute where attrelid = to_regclass(%s) and attname = %s and not attisdropped"
        place = conn.execute("select format('%%I.%%I', %s::text, %s::text)", [schema, table]).fetchone()[0]
        if conn.execute(query, [place, column or "tableoid"]).fetchone():
            yield f"{name} is in the target"


def _wrong_answers(conn: psycopg.Connection, expected: Path, schema: str) -> Iterator[str]:
    conn.execute("select set_config('search_path', format('%%I', %s::text), false)", [schema])
    queries = [query for query in (expected / "queries.sql").read_text().split(";\n") if query.strip()]
    for query, wanted in zip(queries, _lines(expected / "queries.txt"), strict=True):
        try:
            rows = [NULL if cell is None else str(cell) for (cell,) in conn.execute(query)]
        except psycopg.Error as error:
            rows = [f"{type(error).__name__}: {error.diag.message_primary}"]
        if rows != [_meant(wanted)]:
            yield f"{query}\n  - {wanted}\n  + {' / '.join(rows) or 'no row'}"


def _suite_faults(verdict: Verdict, path: Path) -> Iterator[str]:
    """Whether the suites say what the file does."""
    said = {f"{c.severity} {c.status} {c.name}: {c.detail}" for c in verdict.checks if c.kind == "suite"}
    found = {line for line in said if " PASS " not in line} | {gap for gap in verdict.not_looked_at if _is_told(gap)}
    if not said or found != set(_lines(path)):
        yield "\n".join([f"{path.name}:", *sorted(found)])


def _is_told(gap: str) -> bool:
    """Whether the suites say what they found where they wanted something else; tables that a case lacks say nothing."""
    return gap.startswith("suite/") and not re.search("there is no table|has no column", gap)


def _lines(path: Path) -> list[str]:
    return [line for line in path.read_text().splitlines() if line]
