"""The published target beside the oracle: SQL over the legacy tables says what the reshaped ones must hold.

*.sql here are written from the rules, not from the transforms. Each file but the prelude has two queries of the same
columns, divided by a line `-- target`: the expectation, on the legacy database, and the finding, on the target. Rows
are compared in both directions. `derived:<name>` stands for the UUIDv5 of the name, `*` for a value that is left open.
"""

import uuid
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

FOLDER = Path(__file__).parent
FILES = sorted(path for path in FOLDER.glob("*.sql") if path.name != "prelude.sql")
NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "migrate.nxtgauge")
SESSION = "-c TimeZone=UTC -c DateStyle=ISO -c IntervalStyle=postgres -c extra_float_digits=3"
SHOWN = 10
ANY = "*"
Row = tuple[str | None, ...]


def compared(source: str, target: str, schema: str = "nxtgauge") -> dict[str, Any]:
    """Rows that were compared by file, as `tables`, and what is wrong, as `faults`. source, target: URLs."""
    tables: dict[str, int] = {}
    with (
        psycopg.connect(source, autocommit=True, options=SESSION) as legacy,
        psycopg.connect(target, autocommit=True, options=SESSION) as new,
    ):
        legacy.execute((FOLDER / "prelude.sql").read_text())
        new.execute(sql.SQL("set search_path = {}").format(sql.Identifier(schema)))
        faults = [fault for path in FILES for fault in _faults(path, legacy, new, tables)]
    return {"tables": tables, "faults": faults}


def _faults(path: Path, legacy: psycopg.Connection, new: psycopg.Connection, tables: dict[str, int]) -> Iterator[str]:
    expectation, finding = path.read_text().split("\n-- target\n")
    wanted, found = _rows(legacy, expectation), _rows(new, finding)
    tables[path.stem] = len(wanted)
    if not wanted:
        yield f"{path.stem}: the legacy database holds no such row, so nothing was compared"
    missing, extra = differences([tuple(map(_meant, row)) for row in wanted], found)
    if missing or extra:
        yield _told(path.stem, missing, extra)


def _rows(conn: psycopg.Connection, query: str) -> list[Row]:
    """The rows of a query, each value as the text that PostgreSQL sends."""
    result = conn.execute(query).pgresult
    if result is None:
        raise ValueError("a file of the oracle has a query that gives no rows")
    columns = range(result.nfields)
    values = ([result.get_value(row, column) for column in columns] for row in range(result.ntuples))
    return [tuple(None if cell is None else cell.decode() for cell in row) for row in values]


def _meant(cell: str | None) -> str | None:
    if cell is not None and cell.startswith("derived:"):
        return str(uuid.uuid5(NAMESPACE, cell.removeprefix("derived:")))
    return cell


def differences(wanted: list[Row], found: list[Row]) -> tuple[list[Row], list[Row]]:
    """Rows that one side has and the other lacks. What leaves something open takes what the exact rows leave, those
    that leave least open first."""
    exact = Counter(row for row in wanted if ANY not in row)
    counted = Counter(found)
    missing, rest = list((exact - counted).elements()), list((counted - exact).elements())
    by_openness: defaultdict[tuple[bool, ...], list[Row]] = defaultdict(list)
    for row in wanted:
        if ANY in row:
            by_openness[tuple(cell == ANY for cell in row)].append(row)
    for openness in sorted(by_openness, key=sum):
        unmatched, rest = _matched(openness, by_openness[openness], rest)
        missing += unmatched
    return missing, rest


def _matched(openness: tuple[bool, ...], wanted: list[Row], found: list[Row]) -> tuple[list[Row], list[Row]]:
    """Rows that leave the same columns open: which of them match none of the found, and which of those are left."""
    left: defaultdict[Row, list[Row]] = defaultdict(list)
    for row in found:
        left[_fixed(openness, row)].append(row)
    unmatched = [row for row in wanted if not _took(left[_fixed(openness, row)])]
    return unmatched, [row for rows in left.values() for row in rows]


def _took(rows: list[Row]) -> bool:
    return bool(rows) and rows.pop() is not None


def _fixed(openness: tuple[bool, ...], row: Row) -> Row:
    return tuple(cell for cell, is_open in zip(row, openness, strict=True) if not is_open)


def _told(name: str, missing: list[Row], extra: list[Row]) -> str:
    """Both directions, the first rows of each side by side with their like."""
    lines = [f"{name}: {len(missing)} rows are missing, {len(extra)} are not expected"]
    lines += [f"  - {row}" for row in sorted(missing, key=str)[:SHOWN]]
    lines += [f"  + {row}" for row in sorted(extra, key=str)[:SHOWN]]
    return "\n".join(lines)
