"""A second opinion on 20,000 seeded rows: SQL over the legacy tables says what the reshaped ones must hold.

tests/oracle/*.sql are written from the rules, not from the transforms. Each file has two queries of the same columns,
divided by a line `-- target`: the expectation, on the legacy database, and the finding, on the target. Rows are
compared in both directions. `derived:<name>` stands for the UUIDv5 of the name, `*` for a value that is left open.
"""

import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import psycopg
from psycopg import sql

from config import settings as configuration
from engine.start.options import Options
from tests.support.auditors import reconciling

FOLDER = Path(__file__).parent / "oracle"
FILES = sorted(path for path in FOLDER.glob("*.sql") if path.name != "prelude.sql")
NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "migrate.nxtgauge")
SESSION = "-c TimeZone=UTC -c DateStyle=ISO -c IntervalStyle=postgres -c extra_float_digits=3"
ROWS = 20_000
SHOWN = 10
ANY = "*"
Row = tuple[str | None, ...]


def test_target_agrees(database) -> None:
    from engine.run import migrate
    from flows.demo.seed import seed

    source, target = database(), database()
    seed(source, rows=ROWS)
    settings = configuration.load("demo", {"NXTGAUGE_SOURCE_URL": source, "NXTGAUGE_TARGET_URL": target})
    migrate(settings, Options(auditor=reconciling(settings)))
    with (
        psycopg.connect(source, autocommit=True, options=SESSION) as legacy,
        psycopg.connect(target, autocommit=True, options=SESSION) as new,
    ):
        legacy.execute((FOLDER / "prelude.sql").read_text())
        new.execute(sql.SQL("set search_path = {}").format(sql.Identifier(settings.target_schema)))
        faults = [fault for path in FILES for fault in _faults(path, legacy, new)]
    assert not faults, "\n" + "\n".join(faults)


def _faults(path: Path, legacy: psycopg.Connection, new: psycopg.Connection) -> Iterator[str]:
    expectation, finding = path.read_text().split("\n-- target\n")
    wanted, found = _rows(legacy, expectation), _rows(new, finding)
    if not wanted:
        yield f"{path.stem}: the seed holds no such row, so nothing was compared"
    missing, extra = _differences([tuple(map(_meant, row)) for row in wanted], found)
    if missing or extra:
        yield _told(path.stem, missing, extra)


def _rows(conn: psycopg.Connection, query: str) -> list[Row]:
    """The rows of a query, each value as the text that PostgreSQL sends."""
    result = conn.execute(query).pgresult
    columns = range(result.nfields)
    values = [[result.get_value(row, column) for column in columns] for row in range(result.ntuples)]
    return [tuple(None if cell is None else cell.decode() for cell in row) for row in values]


def _meant(cell: str | None) -> str | None:
    if cell is not None and cell.startswith("derived:"):
        return str(uuid.uuid5(NAMESPACE, cell.removeprefix("derived:")))
    return cell


def _differences(wanted: list[Row], found: list[Row]) -> tuple[list[Row], list[Row]]:
    """Rows that one side has and the other lacks; rows with something left open take what the exact ones leave."""
    exact = Counter(row for row in wanted if ANY not in row)
    rest = Counter(found)
    missing, rest = list((exact - rest).elements()), list((rest - exact).elements())
    for row in (row for row in wanted if ANY in row):
        match = next((other for other in rest if _matches(row, other)), None)
        rest.remove(match) if match is not None else missing.append(row)
    return missing, rest


def _matches(wanted: Row, found: Row) -> bool:
    return all(w in (ANY, f) for w, f in zip(wanted, found, strict=True))


def _told(name: str, missing: list[Row], extra: list[Row]) -> str:
    """Both directions, the first rows of each side by side with their like."""
    lines = [f"{name}: {len(missing)} rows are missing, {len(extra)} are not expected"]
    lines += [f"  - {row}" for row in sorted(missing, key=str)[:SHOWN]]
    lines += [f"  + {row}" for row in sorted(extra, key=str)[:SHOWN]]
    return "\n".join(lines)
