"""One whole run between two databases that mean ill: what they have made and set is neither called nor obeyed."""

from pathlib import Path

import psycopg
import pytest
from auditors import reconciling
from oddities import set_oddly
from psycopg.rows import scalar_row

from checks import verify
from config import settings as configuration
from engine import connect
from engine.run import migrate

HERE = Path(__file__).parent
PLANTED = (HERE / "hostile_names.sql").read_text()
ROWS = (HERE / "hostile_rows.sql").read_text()


@pytest.fixture
def settings(database):
    """Connections to such databases; nobody who looks at the outcome stands on their paths or obeys their settings."""
    urls = database(), database()
    for url, scripts in zip(urls, ([ROWS, PLANTED], [PLANTED]), strict=True):
        with psycopg.connect(url, autocommit=True) as conn:
            for script in scripts:
                conn.execute(script)
            set_oddly(conn)
    return configuration.load("demo", {"NXTGAUGE_SOURCE_URL": urls[0], "NXTGAUGE_TARGET_URL": urls[1]})


def test_nothing_of_theirs_is_called_or_obeyed(settings):
    migrate(settings, auditor=reconciling(settings))
    verdict = verify.published(settings)
    assert not [(check.name, check.detail) for check in verdict.checks if check.is_closing]
    with connect.target(settings.target) as target:
        target.row_factory = scalar_row
        answers = {query: target.execute(f"select {query}").fetchall() for query in EXPECTED}
    assert answers == EXPECTED


EXPECTED = {
    "concat_ws('|', felt, greyer, pairs, seen, dug, said) from nxtgauge.moods order by felt": [
        "happy|infinity", r"sad|sad|{\"(1,sad)\"}|-1 days +02:00:00|\x00ff|2024-02-03".replace(r"\"", '"'),
    ],
    "concat_ws('|', id, felt, all_felt, both_felt) from nxtgauge.photographer_profiles": [
        "aaaaaaaa-0000-4000-8000-000000000001|sad|{sad,NULL}|(3,sad)"
    ],
    "concat_ws('|', felt, age) from nxtgauge.user_role_profiles where role = 'photographer'": ["sad|41"],
    "concat(employment_type) from nxtgauge.jobs": ["sad"],
    "concat(payload ->> 'felt', payload ->> 'completed') from nxtgauge.verification_requests": ["sadfalse"],
    "concat_ws(' ', old_value, new_value) from nxtgauge.audit_log_changes": ["1 2"],
    "concat(total) from nxtgauge.orders": ["10.50"],
    "concat_ws('|', coalesce(body, 'none')) from nxtgauge.notes order by body": ["", "NULL", "none"],
    "concat(cost) from nxtgauge.moods_by_day": ["$12.50"],
    "preferences from nxtgauge.user_settings order by user_id": [{"a": [1, None], "language": "hi"}, {}],
    "concat_ws(' ', legacy_key, legacy_row ->> 'felt', legacy_row ->> 'status') from migration.rejects order by 1": [
        "44444444-4444-4444-8444-444444444444 sad", "p-2 sad no such status",
    ],
}  # fmt: skip
