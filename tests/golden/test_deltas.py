"""Deltas of golden cases in which what was touched is named: what they find beside a whole verification is nothing."""

import psycopg
import pytest

from checks.delta.delta import Delta
from checks.verdict import PASS
from tests.golden.cases import ROOT, settings_of
from tests.golden.test_golden import _migrate
from tests.support.auditors import reconciling

TABLES = "select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace"
PROFESSIONAL = "00000000-0000-0000-0000-0000000000c"
TOUCHED: dict[str, tuple[str, dict[str, list[str]]]] = {
    "a key that begins with the id of one of two professionals who become one": (
        "portfolio/exclusion_after_merge",
        {"availabilities": [f'["{PROFESSIONAL}1", 1]'], "professionals": [f"{PROFESSIONAL}2"], "services": ["1"]},
    ),
    "a professional who carries a reference to another user's": (
        "profiles/professionals_carry_references",
        {"professionals": ["x4", "x7"]},
    ),
    "ids that the target compares alike, none of them touched": ("identity/ids_that_compare_alike", {}),
}


@pytest.mark.parametrize("what", TOUCHED)
def test_a_delta_finds_nothing(what: str, database) -> None:
    case, touched = TOUCHED[what]
    source, target = database(), database()
    with psycopg.connect(source, autocommit=True) as conn:
        conn.execute((ROOT / case / "source.sql").read_text())
        every = [name for (name,) in conn.execute(TABLES)]
    settings = settings_of(ROOT / case, source, target)
    auditor = reconciling(settings, "content")
    assert _migrate(settings, auditor) is None
    place = (auditor.found.run_id, settings.target_schema, "legacy_archive")
    with Delta(settings) as delta:
        delta.prepare(*place)
        verdict = delta.judge(*place, snapshot=None, touched={name: touched.get(name, []) for name in every})
    assert [(check.name, check.detail) for check in verdict.checks if check.status != PASS] == []
