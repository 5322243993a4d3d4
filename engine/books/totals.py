"""The totals of all runs into a target, kept in its books: counters that never fall.

Laws
- An increment is written in the transaction of the work that it counts: after a crash either both are there or neither.
- A total outlives its runs. Work that is done again by a run that begins anew counts again.
- Labels are few: profiles, stages, tables, reasons. Never a run's id, never a value of a row.
- Increments of one statement are in the order of their labels, so that two chunks never wait for each other.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import class_row, dict_row

from engine.books.versioned import has
from engine.session import log_context

LATEST = (Path(__file__).parent / "sql" / "latest_runs.sql").read_text(encoding="utf-8")
ADD = """
    insert into migration.totals as t (name, labels, value)
    select name, labels, sum(value) from (values {rows}) as given (name, labels, value)
    group by name, labels order by name, labels
    on conflict (name, labels) do update set (value, changed_at) = (t.value + excluded.value, clock_timestamp())
"""


@dataclass(frozen=True)
class Increment:
    """By how much a series grows."""

    name: str
    labels: Mapping[str, str]
    value: float


@dataclass(frozen=True)
class Total:
    """One series as it stands. changed_at: when it last grew."""

    name: str
    labels: dict[str, str]
    value: float
    changed_at: datetime


def labels(profile: str, **names: str) -> dict[str, str]:
    """The labels of the current work: profile, stage, and these."""
    return {"profile": profile, "stage": str(log_context.here().get("stage", ""))} | names


def adding(increments: Iterable[Increment]) -> sql.Composed:
    """The statement that adds increments, at least one; both psycopg and ADBC run it."""
    rows = [
        sql.SQL("({}, {}::jsonb, {}::double precision)").format(
            sql.Literal(each.name),
            sql.Literal(json.dumps(dict(each.labels), ensure_ascii=False)),
            sql.Literal(each.value),
        )
        for each in increments
    ]
    return sql.SQL(ADD).format(rows=sql.SQL(", ").join(rows))


def add(conn: psycopg.Connection, increments: Iterable[Increment]) -> None:
    """Add them, if there are any, to books of this version."""
    if increments := list(increments):
        conn.execute(adding(increments))


def are_kept(conn: psycopg.Connection) -> bool:
    """Whether there are books, and they have totals."""
    return has(conn, "migration.totals")


def read(conn: psycopg.Connection) -> list[Total]:
    """Every series, by name and labels."""
    with conn.cursor(row_factory=class_row(Total)) as cursor:
        return cursor.execute("select * from migration.totals order by name, labels").fetchall()


def latest_runs(conn: psycopg.Connection, target_schema: str) -> list[dict[str, Any]]:
    """Of each profile and kind the latest run: run_id, profile, dry_run, state, closed_gates, awaits_approval."""
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(LATEST, [target_schema]).fetchall()
