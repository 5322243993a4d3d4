"""The books of a run as the auditor reads them: claims to be judged, not facts.

Laws
- A rejected row, a new id and a nulled reference are exceptions that a comparison needs to know of; each of them is
  itself judged by a check of its own.
- All of it is of one run.
- Of rejected rows, of nulled references and of new ids there may be millions: of a table with very many nothing is held
  here but how many there are (checks.reading.many).
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import psycopg

from checks.reading import many
from checks.reading.many import Many, Paged, Pairs
from checks.reading.statements import one_value
from config.errors import TargetError

RUN = """
    select run_id, to_char(created_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') || '+00', profile, source_schema,
           snapshot, source_identity, to_jsonb(r) -> 'settings', to_jsonb(r) -> 'sequences'  -- older books lack these
    from migration.runs as r where run_id = %s
"""
DERIVED = """
    select legacy_id as key, min(target_id) as value from migration.id_map
    where {} and (why = 'derived' or (why = 'created' and target_id <> legacy_id)) group by 1
"""
SAID = "select legacy_key as key, {value} as value from migration.{book} where {where} and {which} group by 1"
OF_TABLE = "run_id = %s and legacy_table = %s"
TABLES = "select legacy_table, count(*) from migration.{book} where run_id = %s and {which} group by 1"
WORDS = "select distinct unnest(value::text[]) from ({}) as said"
COUNTS = "select value, count(*) from ({}) as said group by 1"
HAS_KEY = "select to_regclass('migration.digest_key') is not null"
KEY = "select key from migration.digest_key"
SPOKEN_OF = "select distinct legacy_table from migration.{} where run_id = %s"

Said = dict[str, str] | Many  # legacy key → what is said of the row
Derived = dict[str, str] | Pairs  # legacy id → target id


@dataclass(frozen=True)
class Books:
    """One run. instant: a timestamptz literal, what stands in for times nowhere recorded.

    settings: keys and values of its profile; sequences: where the legacy ones stood when the plan read them (last value
    and whether it was drawn); None: older books do not say.

    rejected: table → legacy key → reason, or Many. derived: table → legacy id → target id, or
    Pairs.
    nulled: table → legacy key → an array, as text, of `table.column` of the references that were set to null, and of
    values not kept; or Many.
    not_made: table → legacy key → an array, as text, of the target's tables where nothing could be made of the row; or
    Many.
    no_json: table → legacy key of a row whose metadata or payload is no JSON → its note, or Many; nothing where the
    source itself can be asked.
    nulled_columns: table → those that are nulled in any of its rows. noted, mapped: the tables that notes and new ids
    are of. secret: what digests of keys are made with
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
    rejected: dict[str, Said] = field(default_factory=dict)
    derived: dict[str, Derived] = field(default_factory=dict)
    nulled: dict[str, Said] = field(default_factory=dict)
    nulled_columns: dict[str, frozenset[str]] = field(default_factory=dict)
    not_made: dict[str, Said] = field(default_factory=dict)
    no_json: dict[str, Said] = field(default_factory=dict)
    noted: frozenset[str] = frozenset()
    mapped: frozenset[str] = frozenset()
    secret: bytes = b""
    _spelled: dict[tuple[str, str], str] = field(default_factory=dict, compare=False, repr=False)

    @property
    def many(self) -> list[Paged]:
        """What a session on the source has to be given before statements about single rows can be asked."""
        rows = (self.rejected, self.nulled, self.not_made, self.no_json)
        found = (*(said for of_tables in rows for said in of_tables.values()), *self.derived.values())
        return [said for said in found if not isinstance(said, dict)]

    def spelled(self, what: str, table: str, make: Callable[[], str]) -> str:
        """What these books know of a table as SQL spells it: made once, for it is long where much was rejected."""
        if (what, table) not in self._spelled:
            self._spelled[what, table] = make()
        return self._spelled[what, table]


@dataclass(frozen=True)
class _Kind:
    """What one of the books says of rows. which: its lines that say it; value: what they say of a row."""

    book: str
    which: str
    value: str

    @property
    def query(self) -> str:
        """(key, value) of one table's rows."""
        return SAID.format(where=OF_TABLE, **vars(self))


REJECTED = _Kind("rejects", "true", "min(reason)")
NULLED = _Kind(
    "notes", "(note like 'orphan: %%' or note like '%% was not kept')",
    "array_agg(distinct concat(target_table, '.', target_column))::text",
)  # fmt: skip
NOT_MADE = _Kind("notes", "note like 'not_made: %%'", "array_agg(distinct target_table)::text")
NO_JSON = _Kind("notes", "note in ('metadata_no_json', 'payload_no_json')", "min(note)")


def read(conn: psycopg.Connection, run_id: str, *, is_askable: bool) -> Books:
    """is_askable: the source itself can be asked what is JSON. Errors: TargetError where there is no such run."""
    row = conn.execute(RUN, [run_id]).fetchone()
    if row is None:
        raise TargetError(f"there is no run {run_id} in migration.runs of the target")
    nulled = _said(conn, run_id, "nulled", NULLED)
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
        rejected=_said(conn, run_id, "rejected", REJECTED),
        derived=_derived(conn, run_id),
        nulled=nulled,
        nulled_columns={table: _words(conn, run_id, table) for table in nulled},
        not_made=_said(conn, run_id, "not_made", NOT_MADE),
        no_json={} if is_askable else _said(conn, run_id, "no_json", NO_JSON),
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


def _said(conn: psycopg.Connection, run_id: str, name: str, kind: _Kind) -> dict[str, Said]:
    """What one of the books says of the rows of each table of which it says that. name: of the settings of many."""
    found: dict[str, Said] = {}
    for number, (table, count) in enumerate(conn.execute(TABLES.format(**vars(kind)), [run_id]).fetchall()):
        if count > many.FEW:
            counts: dict[str, int] = dict(conn.execute(COUNTS.format(kind.query), [run_id, table]).fetchall())
            found[table] = Many(f"nxtgauge.{name}_{number}", kind.query, (run_id, table), counts)
        else:
            found[table] = dict(conn.execute(kind.query, [run_id, table]).fetchall())
    return found


def _derived(conn: psycopg.Connection, run_id: str) -> dict[str, Derived]:
    """What became of the legacy ids of each table that have got new ones."""
    found: dict[str, Derived] = {}
    query, count = DERIVED.format(OF_TABLE), f"select count(*) from ({DERIVED.format(OF_TABLE)}) as said"
    tables = conn.execute(TABLES.format(book="id_map", which="true"), [run_id]).fetchall()
    for number, (table, most) in enumerate(tables):
        rows = one_value(conn, int, count, [run_id, table]) if most > many.FEW else most
        if rows > many.FEW:
            found[table] = Pairs(f"nxtgauge.derived_{number}", query, (run_id, table), rows)
        elif rows:
            found[table] = dict(conn.execute(query, [run_id, table]).fetchall())
    return {table: ids for table, ids in found.items() if ids}


def _words(conn: psycopg.Connection, run_id: str, table: str) -> frozenset[str]:
    return frozenset(word for (word,) in conn.execute(WORDS.format(NULLED.query), [run_id, table]))


def _secret(conn: psycopg.Connection, run: tuple[Any, ...]) -> bytes:
    """The database's own. Books that an older program made have none: what they hold of the run takes its place, its
    microsecond and its server's identifier, which no report tells."""
    if one_value(conn, bool, HAS_KEY):
        return one_value(conn, bytes, KEY)
    return hashlib.sha256(repr(run).encode()).digest()


def _spoken_of(conn: psycopg.Connection, run_id: str, name: str) -> frozenset[str]:
    return frozenset(table for (table,) in conn.execute(SPOKEN_OF.format(name), [run_id]))
