"""A delta of any rows of a golden case finds nothing that a whole verification does not."""

import random
from collections.abc import Iterator

import psycopg

from checks.delta.delta import Delta
from checks.verdict import CRITICAL, PASS, Verdict
from config.postgres.quoting import quoted
from config.settings import Settings

KEYS = """
    select c.relname, array_agg(a.attname::text order by n.place) from pg_constraint k
    join pg_class c on c.oid = k.conrelid, unnest(k.conkey) with ordinality as n (number, place)
    join pg_attribute a on a.attnum = n.number
    where a.attrelid = k.conrelid and k.contype = 'p' and not c.relispartition
        and k.connamespace = %s::regnamespace group by 1
"""


def faults(settings: Settings, whole: Verdict, rng: random.Random) -> Iterator[str]:
    """What deltas of the published run find beside what whole, the verdict on all of it, has found.

    Touched are no rows, some, all, and whole tables.
    """
    known, keys = {check.name for check in whole.checks if check.status != PASS}, _keys(settings)
    chosen = [
        {table: rng.sample(some, round(len(some) * share)) for table, some in keys.items()} for share in (0.0, 0.3, 1.0)
    ]
    place = (whole.run_id, settings.target_schema, "legacy_archive")
    with Delta(settings) as delta:
        delta.prepare(*place)
        for touched in (*chosen, dict.fromkeys(keys)):
            if found := _new(delta.judge(*place, snapshot=None, touched=touched), known):
                yield "\n".join([f"a delta of {touched} finds", *found])


def _keys(settings: Settings) -> dict[str, list[str]]:
    """Legacy table → its keys as the books spell them; of tables without a key nothing."""
    schema, found = settings.source_schema, {}
    with psycopg.connect(settings.source.conninfo) as conn:
        for table, names in conn.execute(KEYS, [quoted(schema)]).fetchall():
            listed = [quoted(name) for name in names]
            key = f"concat({listed[0]})" if len(listed) == 1 else f"concat(jsonb_build_array({', '.join(listed)}))"
            found[table] = [value for (value,) in conn.execute(f"select {key} from {quoted(schema, table)}")]
    return found


def _new(verdict: Verdict, known: set[str]) -> list[str]:
    """What a verdict finds beside what is known."""
    return [
        f"  {check.status} {check.name}: {check.detail} {check.rows[:3]}"
        for check in verdict.checks
        if check.status != PASS and check.severity == CRITICAL and check.name not in known
    ]
