"""One whole run between two databases that mean ill: what they have made and set is neither called nor obeyed."""

from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.rows import scalar_row

from checks.verify import verify
from config import settings as configuration
from engine.run import migrate
from engine.session import connect
from engine.start.options import Options
from tests.support.auditors import reconciling
from tests.support.oddities import set_oddly

HERE = Path(__file__).parent
PLANTED = (HERE / "hostile_names.sql").read_text()
SCHEMA = "neu %s {y}"  # wherever names are put together, one like this has to stay whole
ROWS = (HERE / "hostile_rows.sql").read_text()


@pytest.fixture
def settings(database):
    """Connections to such databases; nobody who looks at the outcome stands on their paths or obeys their settings."""
    urls = database(encoding="LATIN1"), database()
    for url, scripts in zip(urls, ([ROWS, PLANTED], [PLANTED]), strict=True):
        with psycopg.connect(url, autocommit=True) as conn:
            for script in scripts:
                conn.execute(script)
            set_oddly(conn)
    return configuration.load(
        "demo", {"NXTGAUGE_SOURCE_URL": urls[0], "NXTGAUGE_TARGET_URL": urls[1], "NXTGAUGE_TARGET_SCHEMA": SCHEMA}
    )


def test_nothing_of_theirs_is_called_or_obeyed(settings):
    migrate(settings, Options(auditor=reconciling(settings)))
    verdict = verify.published(settings)
    assert not [(check.name, check.detail) for check in verdict.checks if check.is_closing]
    with connect.target(settings.target) as target:
        target.row_factory = scalar_row
        name = sql.Identifier(SCHEMA).as_string()
        answers = {query: target.execute(f"select {query}".replace("SCHEMA", name)).fetchall() for query in EXPECTED}
    assert answers == EXPECTED


EXPECTED = {
    "concat_ws('|', felt, greyer, pairs, seen, dug, said) from SCHEMA.moods order by felt": [
        "happy|infinity", r"sad|sad|{\"(1,sad)\"}|-1 days +02:00:00|\x00ff|2024-02-03".replace(r"\"", '"'),
    ],
    "concat_ws('|', id, felt, all_felt, both_felt, \"Maß %s\", right_) from SCHEMA.photographer_profiles": [
        "aaaaaaaa-0000-4000-8000-000000000001|sad|{sad,NULL}|(3,sad)|größer|=r/postgres"
    ],
    'concat_ws(\'|\', "Schlüssel %s", "für", "sich", one) from SCHEMA."50% {größer} :x"': [
        'Ärger|{"bb": 1, "ß": ["ü"]}|{ä,"ö %s",NULL}|=r/postgres'
    ],
    "concat_ws('|', felt, age) from SCHEMA.user_role_profiles where role = 'photographer'": ["sad|41"],
    "concat(employment_type) from SCHEMA.jobs": ["sad"],
    "concat(payload ->> 'felt', payload ->> 'completed') from SCHEMA.verification_requests": ["sadfalse"],
    "concat_ws(' ', old_value, new_value) from SCHEMA.audit_log_changes": ["1 2"],
    "concat(total) from SCHEMA.orders": ["10.50"],
    "concat_ws('|', coalesce(body, 'none')) from SCHEMA.notes order by body": ["", "NULL", "none"],
    "concat(cost) from SCHEMA.moods_by_day": ["$12.50"],
    "preferences from SCHEMA.user_settings order by user_id": [{"a": [1, None], "language": "hi"}, {}],
    "concat_ws(' ', legacy_key, legacy_row ->> 'felt', legacy_row ->> 'status') from migration.rejects order by 1": [
        "44444444-4444-4444-8444-444444444444 sad", "p-2 sad no such status",
    ],
}  # fmt: skip
