"""Owners and privileges of the objects in a schema.

Laws
- Everything is owned by the role that owns the schema, the books or the session, or by the one that owned its namesake
  in the schema that a publish replaced.
- Only its owner has privileges on a build; PUBLIC has none anywhere; others may at most read the archive and the books.
  Exceptions are grants that the replaced schema, or one that was rolled back, had, and those by the schema's default
  privileges.
- Other grants to a role by name since the publish are reported as warnings, for they may be intended.
"""

from collections.abc import Iterable, Iterator

import psycopg

from checks.reading.statements import one_value
from checks.shape.things import DIFFERS, UNEXPECTED, Thing
from checks.verdict import Row

OWNER = """
    select pg_catalog.pg_get_userbyid(nspowner) from pg_catalog.pg_namespace where nspname = %s
"""
# What has stood in this place before, or was taken back from it.
NAMESAKES = """
    select s.name::text
    from migration.schemas s
    join pg_catalog.pg_namespace n on n.oid = s.schema_oid and n.nspname = s.name
    where s.role in ('previous', 'withdrawn', 'live') and s.name <> %(schema)s
        and s.kind = (select k.kind from migration.schemas k where k.name = %(schema)s limit 1)
"""
BUILD, LIVE, CLOSED = "build", "live", "closed"  # closed: the archive and the books
OWNED = (
    "table", "view", "materialized view", "foreign table", "sequence", "type", "function", "collation",
    "text search configuration", "text search dictionary",
)  # fmt: skip


class Access:
    """Owners and grants of one schema. namesakes: what the schemas hold that stood in its place."""

    def __init__(self, target: psycopg.Connection, schema: str, namesakes: Iterable[tuple[str, tuple[Thing, ...]]]):
        self._namesakes = [(self._owner_of(target, name), found) for name, found in namesakes]
        self._schema, self._owner = schema, self._owner_of(target, schema)
        self._known = {
            self._owner_of(target, "migration"),
            one_value(target, str, "select current_user::text"),
        }

    def owners(self, found: Iterable[Thing]) -> Iterator[Row]:
        """A row for the schema and for each thing whose owner is none of those allowed."""
        theirs = {owner for owner, _ in self._namesakes}
        if self._owner not in self._known | theirs:
            yield Row("the schema", DIFFERS, ("owner",))
        for thing in found:
            if thing.kind in OWNED and thing.says["owner"] not in {self._owner, *self._known, *self._before(thing)}:
                yield Row(f"{thing.kind} {thing.name}", DIFFERS, ("owner",))

    def _before(self, thing: Thing) -> set[str]:
        return {there.says["owner"] for _, found in self._namesakes for there in found if there.key == thing.key}

    def grants(self, found: Iterable[Thing], use: str) -> Iterator[tuple[Thing, Row, bool]]:
        """Each grant that nothing calls for, and whether it may not be: whoever gave it may have had a reason."""
        before = {thing.key for _, things in self._namesakes for thing in things if thing.kind == "grant"}
        for thing in (thing for thing in found if thing.kind == "grant"):
            is_wanted = thing.key in before or thing.says["is given"]
            is_public = thing.says["is public"]
            if not is_wanted or (is_public and use == CLOSED):
                is_forbidden = is_public or use == BUILD or (use == CLOSED and not thing.says["is reading"])
                yield thing, Row(f"grant {thing.name}", UNEXPECTED), is_forbidden

    def _owner_of(self, target: psycopg.Connection, schema: str) -> str | None:
        row = target.execute(OWNER, [schema]).fetchone()
        return row[0] if row else None
