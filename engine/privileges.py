"""Owner and grants of the schema that a publish replaces, given to the schema that replaces it.

Laws
- A table or sequence gets what the one of its name had, column by column, and its owner; what it had beyond is revoked.
- One that is new gets what the schema's default privileges give to new ones of its owner.
- Whoever granted, the owner is the grantor afterwards.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.rows import class_row

QUERY = (Path(__file__).parent / "sql" / "publish_privileges.sql").read_text(encoding="utf-8")
OBJECTS_OF_DEFAULT = {"r": "tables", "S": "sequences", "f": "functions", "T": "types"}
DEFAULT_OF_KIND = {"table": "r", "sequence": "S"}

# Name → kind and owner; a sequence that a column owns has its table's owner and takes no other.
RELATIONS = """
    select c.relname::text, case c.relkind when 'S' then 'sequence' else 'table' end, c.relowner::regrole::text,
           exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid
                   and d.refclassid = 'pg_class'::regclass and d.deptype in ('a', 'i'))
    from pg_class c
    where c.relnamespace = %s and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
"""
OWNER = "select nspowner::regrole::text from pg_namespace where oid = %s"
COLUMNS = """
    select a.attname::text from pg_attribute a join pg_class c on c.oid = a.attrelid
    where c.relnamespace = %s and c.relname = %s and a.attnum > 0 and not a.attisdropped
"""


@dataclass(frozen=True)
class Privilege:
    """One grant. name, part: relation and column, or a default's kind and role. Roles are fit for SQL; None: PUBLIC."""

    kind: str
    name: str | None
    part: str | None
    grantee: str | None
    privilege: str
    is_grantable: bool


@dataclass(frozen=True)
class Access:
    """Owner, relations (name → kind, owner, whether owned by a column) and grants of a schema."""

    owner: str
    relations: dict[str, tuple[str, str, bool]]
    privileges: tuple[Privilege, ...]


def read(conn: psycopg.Connection, schema_oid: int) -> Access:
    with conn.cursor(row_factory=class_row(Privilege)) as cursor:
        privileges = tuple(cursor.execute(QUERY, {"schema": schema_oid}))
    relations = {name: tuple(rest) for name, *rest in conn.execute(RELATIONS, [schema_oid])}
    return Access(conn.execute(OWNER, [schema_oid]).fetchone()[0], relations, privileges)


def give(conn: psycopg.Connection, access: Access, schema: str, schema_oid: int) -> None:
    """Make the schema's owner and grants what `access` says."""
    new = read(conn, schema_oid)
    for statement in (
        *_revocations(access, new, schema),  # before the owner: it may be one that is revoked from
        *_owners(access, new, schema),
        *_grants(conn, access, new, schema, schema_oid),
        *_grants_to_new(access, new, schema),
    ):
        conn.execute(statement)


def _owners(old: Access, new: Access, schema: str) -> Iterator[sql.Composed]:
    if old.owner != new.owner:
        yield sql.SQL("alter schema {} owner to {}").format(sql.Identifier(schema), sql.SQL(old.owner))
    for name, (kind, owner, is_owned_by_column) in new.relations.items():
        if name in old.relations and old.relations[name][1] != owner and not is_owned_by_column:
            place, role = sql.Identifier(schema, name), sql.SQL(old.relations[name][1])
            yield sql.SQL("alter {} {} owner to {}").format(sql.SQL(kind), place, role)


def _revocations(old: Access, new: Access, schema: str) -> Iterator[sql.Composed]:
    """What default privileges of the database gave to the new ones, beyond what the old ones had."""
    for given in new.privileges:
        if given.kind in DEFAULT_OF_KIND and given.name in old.relations:
            target = _object(given.kind, schema, given.name)
            yield sql.SQL("revoke {} on {} from {}").format(sql.SQL(given.privilege), target, _role(given.grantee))


def _grants(conn, old: Access, new: Access, schema: str, schema_oid: int) -> Iterator[sql.Composed]:
    for given in old.privileges:
        what = sql.SQL(given.privilege)
        if given.kind == "schema":
            yield _grant(what, sql.SQL("schema {}").format(sql.Identifier(schema)), given)
        elif given.kind == "default":
            yield _default(given, schema)
        elif given.kind in DEFAULT_OF_KIND and _kind(new, given.name) == given.kind:
            yield _grant(what, _object(given.kind, schema, given.name), given)
        elif given.kind == "column" and (given.part,) in conn.execute(COLUMNS, [schema_oid, given.name]).fetchall():
            column = sql.SQL("{} ({})").format(what, sql.Identifier(given.part))
            yield _grant(column, _object("table", schema, given.name), given)


def _grants_to_new(old: Access, new: Access, schema: str) -> Iterator[sql.Composed]:
    defaults = [given for given in old.privileges if given.kind == "default"]
    for name, (kind, owner, _) in new.relations.items():
        for given in defaults if name not in old.relations else []:
            if given.part == owner and given.name == DEFAULT_OF_KIND[kind]:
                yield _grant(sql.SQL(given.privilege), _object(kind, schema, name), given)


def _kind(access: Access, name: str) -> str | None:
    return access.relations[name][0] if name in access.relations else None


def _object(kind: str, schema: str, name: str) -> sql.Composed:
    return sql.SQL("{} {}").format(sql.SQL(kind), sql.Identifier(schema, name))


def _role(grantee: str | None) -> sql.SQL:
    return sql.SQL(grantee or "public")


def _grant(what: sql.Composable, target: sql.Composable, given: Privilege) -> sql.Composed:
    option = sql.SQL(" with grant option" if given.is_grantable else "")
    return sql.SQL("grant {} on {} to {}{}").format(what, target, _role(given.grantee), option)


def _default(given: Privilege, schema: str) -> sql.Composed:
    grant = _grant(sql.SQL(given.privilege), sql.SQL(OBJECTS_OF_DEFAULT[given.name]), given)
    role = sql.SQL(given.part)
    return sql.SQL("alter default privileges for role {} in schema {} {}").format(role, sql.Identifier(schema), grant)
