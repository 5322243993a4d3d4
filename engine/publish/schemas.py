"""Our schemas in the target: their members, their dependants, and how one is dropped.

Laws
- Only a schema of ours is dropped (engine.books.bookkeeping), object by object and never with CASCADE.
- Objects that others added to it, or that depend on it, are named in an error, not dropped.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from config.errors import PlanRefused, TargetError
from engine.books import bookkeeping
from engine.books.bookkeeping import SchemaRecord
from engine.session import fetch
from engine.session.blame import blame

FOLDER = Path(__file__).parent / "sql"
MEMBERS = (FOLDER / "schema_members.sql").read_text(encoding="utf-8")
DEPENDANTS = (FOLDER / "schema_dependants.sql").read_text(encoding="utf-8")

# In this order most drops succeed at once; what depends the other way round waits for the next round.
DROPS = {
    "view": "drop view",
    "materialized view": "drop materialized view",
    "table": "drop table",
    "foreign table": "drop foreign table",
    "sequence": "drop sequence",
    "function": "drop routine",
    "procedure": "drop routine",
    "aggregate": "drop routine",
    "composite type": "drop type",
    "type": "drop type",
    "collation": "drop collation",
    "text search configuration": "drop text search configuration",
    "text search dictionary": "drop text search dictionary",
    "statistics object": "drop statistics",
}


@dataclass(frozen=True)
class Member:
    """An object that lives in a schema. name: quoted and qualified. goes_along: part of another member."""

    oid_class: int
    oid: int
    kind: str
    name: str
    goes_along: bool

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


def drop(conn: psycopg.Connection, name: str) -> None:
    """Drop a schema of ours, object by object. Errors: PlanRefused if it is not ours, holds what others added (but
    for a build), or is what others depend on; TargetError. In all cases nothing has changed."""
    with blame(TargetError, f"dropping schema {name}"), conn.transaction():
        schema = bookkeeping.schemas(conn).get(name)
        if schema is None:
            raise PlanRefused([f"schema {name} was not made by this tool, or is not there; it drops none but its own"])
        if faults := drop_faults(conn, schema):
            raise PlanRefused(faults)
        drop_all(conn, name, lambda: [m for m in members_of(conn, schema.schema_oid) if not m.goes_along])
        conn.execute(sql.SQL("drop schema {} restrict").format(sql.Identifier(name)))
        bookkeeping.forget_schema(conn, schema)


def dependants_of(conn: psycopg.Connection, schema_oid: int, *, extensions: bool = True) -> list[str]:
    """Objects in other schemas that depend on something in this one. extensions: on what extensions brought too."""
    return [row[0] for row in conn.execute(DEPENDANTS, {"schema": schema_oid, "extensions": extensions})]


def members_of(conn: psycopg.Connection, schema_oid: int, *, extensions: bool = True) -> list[Member]:
    """What a schema holds. extensions: with these, and what they brought."""
    return [Member(*row) for row in conn.execute(MEMBERS, {"schema": schema_oid, "extensions": extensions})]


def added_to(conn: psycopg.Connection, schema: SchemaRecord) -> list[Member]:
    """The members that others have added to a schema since it was published; a build has none, for nobody else knows of
    it."""
    if schema.role in ("build", "delta"):
        return []
    query = "select class, object from migration.objects where schema_oid = %s"
    recorded = set(conn.execute(query, [schema.schema_oid]))
    return [
        member
        for member in members_of(conn, schema.schema_oid)
        if (member.oid_class, member.oid) not in recorded and not member.goes_along
    ]


def record_members(conn: psycopg.Connection, schema: SchemaRecord) -> None:
    query = "insert into migration.objects (schema_oid, class, object) values (%s, %s, %s) on conflict do nothing"
    rows = [(schema.schema_oid, member.oid_class, member.oid) for member in members_of(conn, schema.schema_oid)]
    with conn.cursor() as cursor:
        cursor.executemany(query, rows)


def drop_if_there(conn: psycopg.Connection, name: str) -> None:
    """Errors: PlanRefused if there is one of this name that is not ours."""
    if fetch.value(bool, conn, "select to_regnamespace(quote_ident(%s)) is not null", [name]):
        drop(conn, name)


def drop_all(
    conn: psycopg.Connection, name: str, members: Callable[[], list[Member]], drops: Mapping[str, str] = DROPS
) -> None:
    """Drop what members() finds of a schema, until it finds nothing. drops: kind of object → command.

    Round by round, for a view may need a function and a function a view; tables at once, for their references.
    Errors: PlanRefused if some depend on each other, or others on them; the caller's transaction then has to end.
    """
    while left := members():
        groups = [[m for m in left if drops[m.kind] == command] for command in dict.fromkeys(drops.values())]
        is_done = [_try_drop(conn, drops, group) for group in groups if group]
        if not any(is_done) and not any([_try_drop(conn, drops, [member]) for member in left]):
            raise PlanRefused([f"schema {name} cannot be dropped: {listed(left)} depend on each other"])


def _try_drop(conn: psycopg.Connection, drops: Mapping[str, str], members: list[Member]) -> bool:
    command, names = sql.SQL(drops[members[0].kind]), sql.SQL(", ").join(sql.SQL(m.name) for m in members)
    try:
        with conn.transaction():
            conn.execute(sql.SQL("{} {} restrict").format(command, names))
    except psycopg.errors.DependentObjectsStillExist:
        return False
    return True


def drop_faults(conn: psycopg.Connection, schema: SchemaRecord) -> list[str]:
    found = []
    if added := added_to(conn, schema):
        found.append(
            f"schema {schema.name} is to be dropped and others have added to it: {listed(added)}; move or drop that"
        )
    if outside := dependants_of(conn, schema.schema_oid):
        found.append(
            f"schema {schema.name} is to be dropped and others depend on it: {listed(outside)}; drop that first"
        )
    own = [m for m in members_of(conn, schema.schema_oid) if not m.goes_along and m not in added]
    unknown = [m for m in own if m.kind not in DROPS]
    if unknown:
        found.append(f"schema {schema.name} is to be dropped and holds {listed(unknown)}; drop that first")
    return found


def listed(things: Iterable[object], most: int = 20) -> str:
    texts = [str(thing) for thing in things]
    rest = f" and {len(texts) - most} more" if len(texts) > most else ""
    return ", ".join(texts[:most]) + rest
