"""A delta of any rows of a golden case finds nothing that a whole verification does not."""

import os
import random

import psycopg
import pytest

from checks.delta.delta import Delta
from checks.verdict import CRITICAL, PASS, Verdict
from checks.verify import verify
from config.postgres.quoting import quoted
from tests.golden.test_golden import CASES, _migrate, _settings, _skip_older
from tests.support.auditors import trusting

CHOSEN = CASES[int(os.environ["NXTGAUGE_TEST_SEED"]) % 5 :: 5]  # others for each seed
KEYS = """
    select c.relname, array_agg(a.attname::text order by n.place) from pg_constraint k
    join pg_class c on c.oid = k.conrelid, unnest(k.conkey) with ordinality as n (number, place)
    join pg_attribute a on a.attnum = n.number
    where a.attrelid = k.conrelid and k.contype = 'p' and not c.relispartition
        and k.connamespace = %s::regnamespace group by 1
"""


def _keys(url: str, schema: str) -> dict[str, list[str]]:
    """Legacy table → its keys as the books spell them; of tables without a key nothing."""
    found = {}
    with psycopg.connect(url) as conn:
        for table, names in conn.execute(KEYS, [quoted(schema)]).fetchall():
            listed = [quoted(name) for name in names]
            key = f"concat({listed[0]})" if len(listed) == 1 else f"concat(jsonb_build_array({', '.join(listed)}))"
            found[table] = [value for (value,) in conn.execute(f"select {key} from {quoted(schema, table)}")]
    return found


def _new(verdict: Verdict, known: set[str]) -> list[str]:
    """What a verdict finds beside what is known."""
    return [
        f"{check.status} {check.name}: {check.detail} {check.rows[:3]}"
        for check in verdict.checks
        if check.status != PASS and check.severity == CRITICAL and check.name not in known
    ]


@pytest.mark.parametrize("case", CHOSEN, ids=lambda case: f"{case.parent.name}/{case.name}")
def test_case(case, legacy_database, database, rng: random.Random) -> None:
    source, target = legacy_database(), database()
    _skip_older(case, source, target)
    with psycopg.connect(source, autocommit=True) as conn:
        conn.execute((case / "source.sql").read_text())
    settings = _settings(case, source, target)
    if _migrate(settings, trusting) is not None:
        pytest.skip("it is refused")
    with psycopg.connect(target) as conn:
        (run,) = conn.execute("select max(run_id) from migration.runs").fetchone()
    place = (run, settings.target_schema, "legacy_archive")
    whole = verify.judge(settings, run_id=run, schema=place[1], archive=place[2], level="content")
    known, keys = {check.name for check in whole.checks if check.status != PASS}, _keys(source, settings.source_schema)
    with Delta(settings) as delta:
        delta.prepare(*place)
        for share in (0.0, 0.3, 1.0):
            touched = {table: rng.sample(some, round(len(some) * share)) for table, some in keys.items()}
            found = _new(delta.judge(*place, snapshot=None, touched=touched), known)
            assert not found, (touched, "\n".join(found))
        found = _new(delta.judge(*place, snapshot=None, touched=dict.fromkeys(keys)), known)
        assert not found, "\n".join(found)
