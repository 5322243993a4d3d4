"""The books of a run as the auditor reads them: claims to be judged, not facts.

Laws
- A rejected row, a new id and a nulled reference are exceptions that a comparison needs to know of; each of them is
  itself judged by a check of its own.
- All of it is of one run.
"""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import psycopg

from checks.reading.statements import one_value
from config.errors import TargetError

RUN = """
    select run_id, to_char(created_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') || '+00', profile, source_schema,
           snapshot, source_identity, to_jsonb(r) -> 'settings', to_jsonb(r) -> 'sequences'  -- older books lack these
    from migration.runs as r where run_id = %s
"""
REJECTED = "select legacy_table, legacy_key, reason from migration.rejects where run_id = %s"
DERIVED = """
    select distinct legacy_table, legacy_id, target_id from migration.id_map
    where run_id = %s and (why = 'derived' or (why = 'created' and target_id <> legacy_id))
"""
NULLED = """
    select distinct legacy_table, legacy_key, target_table || '.' || target_column from migration.notes
    where run_id = %s and (note like 'orphan: %%' or note like '%% was not kept')
"""
NO_JSON = """
    select legacy_table, legacy_key from migration.notes
    where run_id = %s and note in ('metadata_no_json', 'payload_no_json')
"""
NOT_MADE = """
    select distinct legacy_table, legacy_key, target_table from migration.notes
    where run_id = %s and note like 'not_made: %%'
"""
HAS_KEY = "select to_regclass('migration.digest_key') is not null"
KEY = "select key from migration.digest_key"
SPOKEN_OF = "select distinct legacy_table from migration.{} where run_id = %s"


@dataclass(frozen=True)
class Books:
    """One run. instant: a timestamptz literal, what stands in for times nowhere recorded.

    settings: keys and values of its profile; sequences: where the legacy ones stood when the plan read them (last value
    and whether it was drawn); None: older books do not say.

    rejected: table → legacy key → reason. derived: table → legacy id → target id.
    nulled: table → legacy key → `table.column` of the references that were set to null, and of values not kept.
    not_made: table → target table → legacy keys of the rows that nothing could be made of there.
    no_json: table → legacy keys of the rows whose metadata or payload is no JSON.
    noted, mapped: the tables that notes and new ids are of. secret: what digests of keys are made with
    (checks.verify.hidden).
    """

    run_id: str
    instant: str
    profile: str
    source_schema: str
    snapshot: str | None
    identity: dict[str, Any]
    settings: dict[str, Any] | None = None
    sequences: dict[str, tuple[int, bool]] | None = None
    rejected: dict[str, dict[str, str]] = field(default_factory=dict)
    derived: dict[str, dict[str, str]] = field(default_factory=dict)
    nulled: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    not_made: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    no_json: dict[str, list[str]] = field(default_factory=dict)
    noted: frozenset[str] = frozenset()
    mapped: frozenset[str] = frozenset()
    secret: bytes = b""
    _spelled: dict[tuple[str, str], str] = field(default_factory=dict, compare=False, repr=False)

    def spelled(self, what: str, table: str, make: Callable[[], str]) -> str:
        """What these books know of a table as SQL spells it: made once, for it is long where much was rejected."""
        if (what, table) not in self._spelled:
            self._spelled[what, table] = make()
        return self._spelled[what, table]


def read(conn: psycopg.Connection, run_id: str) -> Books:
    """Errors: TargetError where there is no such run."""
    row = conn.execute(RUN, [run_id]).fetchone()
    if row is None:
        raise TargetError(f"there is no run {run_id} in migration.runs of the target")
    rejected: dict[str, dict[str, str]] = defaultdict(dict)
    for table, key, reason in conn.execute(REJECTED, [run_id]):
        rejected[table][key] = reason
    derived: dict[str, dict[str, str]] = defaultdict(dict)
    for table, legacy_id, target_id in conn.execute(DERIVED, [run_id]):
        derived[table][legacy_id] = target_id
    nulled: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for table, key, column in conn.execute(NULLED, [run_id]):
        nulled[table][key].append(column)
    not_made: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for table, key, target_table in conn.execute(NOT_MADE, [run_id]):
        not_made[table][target_table].append(key)
    no_json: dict[str, list[str]] = defaultdict(list)
    for table, key in conn.execute(NO_JSON, [run_id]):
        no_json[table].append(key)
    run_id, instant, profile, source_schema, snapshot, identity, settings, sequences = row
    return Books(
        run_id=run_id,
        instant=instant,
        profile=profile,
        source_schema=source_schema,
        snapshot=snapshot,
        identity=identity,
        settings=settings,
        sequences=sequences,
        rejected=dict(rejected),
        derived=dict(derived),
        nulled=_plain(nulled),
        not_made=_plain(not_made),
        no_json=dict(no_json),
        noted=_spoken_of(conn, run_id, "notes"),
        mapped=_spoken_of(conn, run_id, "id_map"),
        secret=_secret(conn, row),
    )


def secret(conn: psycopg.Connection, run_id: str) -> bytes:
    """What digests of the run's keys are made with. Errors: TargetError where there is no such run."""
    row = conn.execute(RUN, [run_id]).fetchone()
    if row is None:
        raise TargetError(f"there is no run {run_id} in migration.runs of the target")
    return _secret(conn, row)


def _secret(conn: psycopg.Connection, run: tuple[Any, ...]) -> bytes:
    """The database's own. Books that an older program made have none: what they hold of the run takes its place, its
    microsecond and its server's identifier, which no report tells."""
    if one_value(conn, bool, HAS_KEY):
        return one_value(conn, bytes, KEY)
    return hashlib.sha256(repr(run).encode()).digest()


def _spoken_of(conn: psycopg.Connection, run_id: str, name: str) -> frozenset[str]:
    return frozenset(table for (table,) in conn.execute(SPOKEN_OF.format(name), [run_id]))


def _plain(found: Mapping[str, Mapping[str, list[str]]]) -> dict[str, dict[str, list[str]]]:
    return {table: dict(keys) for table, keys in found.items()}
