"""What transforms know beyond their rows: laid out in the build, so that memory grows with no table and no dirt."""

import psycopg
import pytest

from config import settings as configuration
from engine.chunks.work import Work
from engine.load import lookups
from engine.quarantine import records
from engine.run import migrate
from engine.start.options import Options
from tests.support.places import GOLDEN

BOOKS = {
    "notes": "select legacy_key, target_column, note, legacy_value from migration.notes order by 1, 2, 3, 4",
    "rejects": "select legacy_table, legacy_key, reason, detail from migration.rejects order by 1, 2, 3",
    "id_map": "select legacy_table, legacy_id, target_table, target_id, why from migration.id_map order by 1, 2",
}


def _books(database, case: str) -> tuple[dict[str, list], list[Work]]:
    source, target, runs = database(), database(), list[Work]()
    with psycopg.connect(source, autocommit=True) as conn:
        conn.execute((GOLDEN / "profiles" / case / "source.sql").read_text())
    settings = configuration.load("demo", {"NXTGAUGE_SOURCE_URL": source, "NXTGAUGE_TARGET_URL": target})
    migrate(settings, Options(dry_run=True, begun=runs.append))
    with psycopg.connect(target) as conn:
        return {name: conn.execute(query).fetchall() for name, query in BOOKS.items()}, runs


def test_only_roles_and_gateways_are_kept_in_memory():
    assert {name for name, lookup in lookups.LOOKUPS.items() if lookup.prepare} == {"roles", "gateways"}


@pytest.mark.parametrize(
    "case", ["professionals_carry_column_by_column", "professionals_carry_references", "professionals_of_a_duplicate"]
)
def test_the_books_are_the_same_however_few_rows_are_named_to_them_at_once(database, monkeypatch, case):
    wanted, runs = _books(database, case)
    monkeypatch.setattr(records, "BATCH_ROWS", 1)
    assert _books(database, case)[0] == wanted
    told = {name: list(frame) for run in runs for name, frame in run.frames.items() if name.startswith("__lookup_")}
    assert told and all(columns == ["column", "parent"] for columns in told.values())  # who asks it, and nothing of it
