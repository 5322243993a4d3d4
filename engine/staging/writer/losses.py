"""Which acknowledged writes are not in the new schema, as far as keys can tell.

Laws
- The last write to a row speaks: one that was inserted or updated has to be somewhere (its table, another id of the
  map, the rejects, the archive), one that was deleted nowhere. Of what an update changed a key tells nothing.
- What keys cannot tell is counted, and is no loss: rows without a key, tables that the plan leaves out.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import psycopg
from psycopg import sql

from config.postgres.types import UUID_TEXT
from engine.planning.plan import Plan, TablePlan
from engine.publish.publish import ARCHIVE
from engine.session import fetch
from engine.staging.writer.written import Acknowledged, Key, Written

IN_BOOKS = """
    select legacy_key from migration.rejects
    where run_id = %(run)s and legacy_table = %(table)s and legacy_key = any(%(keys)s)
    union select legacy_id from migration.id_map
    where run_id = %(run)s and legacy_table = %(table)s and legacy_id = any(%(keys)s)
"""
DIVIDER = "\x1f"
KEPT_IDS = ("same", "renamed", "cast")
Place = tuple[str, str, tuple[str, ...]]  # schema, table, the key's columns there


@dataclass(frozen=True)
class Loss:
    """missing: table → rows that were acknowledged and are nowhere; still: those that were deleted and are there.

    untold: table → acknowledged rows of which keys tell nothing. judged: rows of which they do. writes: the last ones
    of the rows that are missing, or still there.
    """

    missing: dict[str, int]
    still: dict[str, int]
    untold: dict[str, int]
    judged: int
    writes: tuple[Acknowledged, ...] = field(repr=False)

    def __bool__(self) -> bool:
        return bool(self.missing or self.still)


def lost(
    written: Written,
    plan: Plan,
    conn: psycopg.Connection,
    run_id: str,
    schema: str | None = None,
    archive: str = ARCHIVE,
) -> Loss:
    """conn: on the target, a session of engine.session.connect. schema, archive: where the build stands; by default
    where it is published."""
    last: dict[str, dict[Key, Acknowledged]] = defaultdict(dict)
    untold: dict[str, int] = defaultdict(int)
    for write in written.acknowledged:
        planned = plan.find_table(write.table)
        if planned is None or not write.key.columns or not (planned.targets or planned.disposition == "archive"):
            untold[write.table] += 1
        else:
            last[write.table][write.key] = write
    missing: dict[str, list[Acknowledged]] = {}
    still: dict[str, list[Acknowledged]] = {}
    for name, writes in last.items():
        planned = plan.table(name)
        found = _Found(conn, planned, run_id, schema or plan.target_schema, archive, writes, _is_alone(plan, planned))
        absent = [w for w in writes.values() if w.kind != "delete" and not found.has(w.key)]
        present = [w for w in writes.values() if w.kind == "delete" and found.has_still(w.key)]
        missing |= {name: absent} if absent else {}
        still |= {name: present} if present else {}
    return Loss(
        missing={name: len(writes) for name, writes in missing.items()},
        still={name: len(writes) for name, writes in still.items()},
        untold=dict(untold),
        judged=sum(len(writes) for writes in last.values()),
        writes=tuple(write for side in (missing, still) for writes in side.values() for write in writes),
    )


class _Found:
    """Which of some keys of one legacy table are in the target."""

    def __init__(
        self,
        conn: psycopg.Connection,
        table: TablePlan,
        run_id: str,
        schema: str,
        archive: str,
        keys: Iterable[Key],
        is_alone: bool,
    ):
        known = list(keys)
        values = {"run": run_id, "table": table.name, "keys": [key.text for key in known]}
        self._books = {key for (key,) in conn.execute(IN_BOOKS, values)}
        wanted = [_folded(key) for key in known]
        self._rows = {k for name, columns in _places(table) for k in _there(conn, (schema, name, columns), wanted)}
        is_archived = _is_there(conn, archive, table)
        self._archived = _there(conn, (archive, table.name, table.key), wanted) if is_archived else set()
        ways = {way.column: way.kind for way in table.ways}
        self._keeps_ids = is_alone and all(ways[name] in KEPT_IDS for name in table.key)

    def has(self, key: Key) -> bool:
        return key.text in self._books or _folded(key) in self._rows or _folded(key) in self._archived

    def has_still(self, key: Key) -> bool:
        """Where ids are made by rules, or rows of several tables, another row may have come to this one's."""
        in_rows = self._keeps_ids and _folded(key) in self._rows
        return in_rows or key.text in self._books or _folded(key) in self._archived


def _is_alone(plan: Plan, table: TablePlan) -> bool:
    """Whether no column of another legacy table comes to this one's targets."""
    others = (way for other in plan.tables if other is not table for way in other.ways)
    return not {*table.targets} & {target.rsplit(".", 1)[0] for way in others for target in way.targets}


def _folded(key: Key) -> str:
    """One text of all columns. A text that became a UUID is spelled in small letters."""
    return DIVIDER.join(value.lower() if re.match(UUID_TEXT, value, re.IGNORECASE) else value for value in key.columns)


def _places(table: TablePlan) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The tables of the target that have all columns of the key, and what these are called there."""
    ways = {way.column: dict(target.rsplit(".", 1) for target in way.targets) for way in table.ways}
    for name in table.targets:
        columns = [ways[column].get(name) for column in table.key]
        if all(columns):
            yield name, tuple(column for column in columns if column)


def _is_there(conn: psycopg.Connection, archive: str, table: TablePlan) -> bool:
    """Whether the archive has a table of this name, and of this key."""
    query = "select count(*) from pg_attribute where attrelid = to_regclass(%s) and attname = any(%s)"
    name = sql.Identifier(archive, table.name).as_string()
    return fetch.value(int, conn, query, [name, list(table.key)]) == len(table.key)


def _there(conn: psycopg.Connection, place: Place, wanted: list[str]) -> set[str]:
    schema, table, columns = place
    one = sql.SQL("case when t.{0}::text ~* {1} then lower(t.{0}::text) else t.{0}::text end")
    texts = sql.SQL(", ").join(one.format(sql.Identifier(name), sql.Literal(UUID_TEXT)) for name in columns)
    query = sql.SQL("select k from (select concat_ws({}, {}) as k from {} as t) as keys where k = any({})")
    asked = query.format(sql.Literal(DIVIDER), texts, sql.Identifier(schema, table), sql.Literal(wanted))
    return {key for (key,) in conn.execute(asked)}
