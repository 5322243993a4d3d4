"""Privileges on the schemas that we make: the owner's alone, and those that the replaced schema granted.

Laws
- Whatever default privileges grant on what we make is revoked.
- A table, sequence, routine or type gets the owner and the grants of its predecessor of the same name, by column, too.
- One without a predecessor gets what the default privileges of the replaced schema grant on new objects of its owner.
- PUBLIC keeps the use of routines and types that PostgreSQL gives it, unless it was revoked on the predecessor: without
  it nobody could write to a table whose default or check calls a function.
- The owner becomes the grantor of every grant.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.rows import class_row

from engine.session import fetch

FOLDER = Path(__file__).parent / "sql"
PRIVILEGES = (FOLDER / "publish_privileges.sql").read_text(encoding="utf-8")
OBJECTS = (FOLDER / "schema_objects.sql").read_text(encoding="utf-8")
OBJECTS_OF_DEFAULT = {"r": "tables", "S": "sequences", "f": "functions", "T": "types"}
DEFAULT_OF_KIND = {"table": "r", "sequence": "S", "routine": "f", "type": "T"}
USED_BY_ALL = ("routine", "type")  # PostgreSQL lets PUBLIC use these

SCHEMA = """
    select nspname::text, nspowner::regrole::text, pg_has_role(nspowner, 'usage') from pg_namespace where oid = %s
"""
COLUMNS = """
    select a.attname::text from pg_attribute a join pg_class c on c.oid = a.attrelid
    where c.relnamespace = %s and quote_ident(c.relname) = %s and a.attnum > 0 and not a.attisdropped
"""
# What others have added is not replaced, and stays theirs; what is part of something else has an owner with that, but
# for the functions that make a range, which are the server's own.
MAKERS = """
    select pg_get_userbyid(owner)::text from (
        select 'pg_class'::regclass as class, oid, relowner as owner from pg_class where relnamespace = %(schema)s
        union all select 'pg_proc'::regclass, oid, proowner from pg_proc where pronamespace = %(schema)s
        union all select 'pg_type'::regclass, oid, typowner from pg_type where typnamespace = %(schema)s
    ) as one join migration.objects as known on known.schema_oid = %(schema)s and known.class = one.class
        and known.object = one.oid and not exists (
            select from pg_depend d where d.classid = one.class and d.objid = one.oid and d.deptype = 'i'
        )
    union select pg_get_userbyid(defaclrole)::text from pg_default_acl where defaclnamespace = %(schema)s
"""
Name = tuple[str, str | None]  # an object's kind and name; the schema's own name is None


@dataclass(frozen=True)
class Privilege:
    """One grant. name, part: object and column, or a default's kind and role. Roles are fit for SQL; None: PUBLIC."""

    kind: str
    name: str | None
    part: str | None
    grantee: str | None
    privilege: str
    is_grantable: bool

    @property
    def made_by(self) -> tuple[str, str]:
        """(kind of object, role that makes them) of a default privilege. Errors: LookupError of any other."""
        if self.name is None or self.part is None:
            raise LookupError(f"a grant on a {self.kind} is no default privilege")
        return OBJECTS_OF_DEFAULT[self.name], self.part

    @property
    def object(self) -> Name:
        return ("table" if self.kind == "column" else self.kind, self.name)


@dataclass(frozen=True)
class Object:
    """Something in a schema that has an owner and can be granted. is_ours: whether our role may do that."""

    kind: str
    name: str
    owner: str
    is_owned_by_column: bool
    is_ours: bool


@dataclass(frozen=True)
class Access:
    """Owner, objects and grants of a schema. is_ours: whether our role may grant and revoke the schema itself."""

    schema: str
    owner: str
    is_ours: bool
    objects: dict[Name, Object]
    privileges: tuple[Privilege, ...]


def read(conn: psycopg.Connection, schema_oid: int) -> Access:
    with conn.cursor(row_factory=class_row(Privilege)) as cursor:
        privileges = tuple(cursor.execute(PRIVILEGES, {"schema": schema_oid}))
    with conn.cursor(row_factory=class_row(Object)) as cursor:
        objects: dict[Name, Object] = {
            (one.kind, one.name): one for one in cursor.execute(OBJECTS, {"schema": schema_oid})
        }
    schema, owner, is_ours = fetch.one(conn, SCHEMA, [schema_oid])
    return Access(schema, owner, is_ours, objects, privileges)


def makers(conn: psycopg.Connection, schema_oid: int) -> list[str]:
    """Roles other than its own that `give` has to act as, were this schema replaced: whoever owns what is replaced,
    and whoever's new objects are granted by default."""
    return [role for (role,) in conn.execute(MAKERS, {"schema": schema_oid})]


def close(conn: psycopg.Connection, schema_oid: int, but: Collection[Name] = ()) -> list[str]:
    """Revoke all on a schema and its objects from everybody but the owner. but: names of objects that are left alone.

    Returns the roles that lost a privilege, as a person reads them. Objects of other owners are left alone.
    """
    access = read(conn, schema_oid)
    ours: set[Name] = {("schema", None)} if access.is_ours else set()
    ours |= {name for name, one in access.objects.items() if one.is_ours}
    taken = [
        given
        for given in access.privileges
        if given.object in ours and given.object not in but and (given.grantee or given.kind not in USED_BY_ALL)
    ]
    for name, grantee in dict.fromkeys((given.object, given.grantee) for given in taken):
        conn.execute(_revoke(access.schema, name, grantee))
    return sorted({given.grantee or "PUBLIC" for given in taken})


def give(conn: psycopg.Connection, old: Access, schema_oid: int, *, public: bool = True) -> None:
    """Give a closed schema the owner and the grants of the one that it replaces. public: those to PUBLIC as well."""
    new = read(conn, schema_oid)
    granted = [given for given in old.privileges if public or given.grantee or given.kind in USED_BY_ALL]
    for statement in (
        *_owners(old, new),
        *_withheld(old, new),
        *_grants(conn, granted, new, schema_oid),
        *_grants_to_new(old, granted, new),
    ):
        conn.execute(statement)


def _owners(old: Access, new: Access) -> Iterator[sql.Composed]:
    """Only who may make something in a schema can be given it there; where he may do so in the end, a grant says."""
    schema = sql.Identifier(new.schema)
    if old.owner != new.owner:
        yield sql.SQL("alter schema {} owner to {}").format(schema, sql.SQL(old.owner))
    given = {
        name: old.objects[name].owner
        for name, one in new.objects.items()
        if name in old.objects and old.objects[name].owner != one.owner and not one.is_owned_by_column
    }
    others = [sql.SQL(role) for role in dict.fromkeys(given.values()) if role != old.owner]
    yield from (sql.SQL("grant create on schema {} to {}").format(schema, role) for role in others)
    for name, role in given.items():
        yield sql.SQL("alter {} owner to {}").format(_object(new.schema, name), sql.SQL(role))
    yield from (sql.SQL("revoke create on schema {} from {}").format(schema, role) for role in others)


def _withheld(old: Access, new: Access) -> Iterator[sql.Composed]:
    """What somebody took from PUBLIC, which has it unless told otherwise."""
    used = {given.object for given in old.privileges if given.grantee is None}
    for name in new.objects:
        if name[0] in USED_BY_ALL and name in old.objects and name not in used:
            yield _revoke(new.schema, name, None)


def _grants(
    conn: psycopg.Connection, granted: Iterable[Privilege], new: Access, schema_oid: int
) -> Iterator[sql.Composed]:
    for given in granted:
        what = sql.SQL(given.privilege)
        if given.kind == "default":
            yield _default(given, new.schema)
        elif given.kind == "schema" or (given.kind != "column" and given.object in new.objects):
            yield _grant(what, _object(new.schema, given.object), given)
        elif given.part and _has_column(conn, schema_oid, given):
            column = sql.SQL("{} ({})").format(what, sql.Identifier(given.part))
            yield _grant(column, _object(new.schema, given.object), given)


def _has_column(conn: psycopg.Connection, schema_oid: int, given: Privilege) -> bool:
    found = conn.execute(COLUMNS, [schema_oid, given.name]).fetchall() if given.kind == "column" else []
    return (given.part,) in found


def _grants_to_new(old: Access, granted: Iterable[Privilege], new: Access) -> Iterator[sql.Composed]:
    defaults = [given for given in granted if given.kind == "default"]
    for name, one in new.objects.items():
        for given in defaults if name not in old.objects else []:
            if given.part == one.owner and given.name == DEFAULT_OF_KIND[one.kind]:
                yield _grant(sql.SQL(given.privilege), _object(new.schema, name), given)


def _object(schema: str, name: Name) -> sql.Composed:
    kind, own = name
    place = sql.Identifier(schema)
    if own is None:
        return sql.SQL("{} {}").format(sql.SQL(kind), place)
    return sql.SQL("{} {}.{}").format(sql.SQL(kind), place, sql.SQL(own))


def _role(grantee: str | None) -> sql.SQL:
    return sql.SQL(grantee or "public")


def _revoke(schema: str, name: Name, grantee: str | None) -> sql.Composed:
    """Everything, with the columns of a table, and with what the grantee has passed on."""
    return sql.SQL("revoke all on {} from {} cascade").format(_object(schema, name), _role(grantee))


def _grant(what: sql.Composable, target: sql.Composable, given: Privilege) -> sql.Composed:
    option = sql.SQL(" with grant option" if given.is_grantable else "")
    return sql.SQL("grant {} on {} to {}{}").format(what, target, _role(given.grantee), option)


def _default(given: Privilege, schema: str) -> sql.Composed:
    objects, role = given.made_by
    grant = _grant(sql.SQL(given.privilege), sql.SQL(objects), given)
    template = sql.SQL("alter default privileges for role {} in schema {} {}")
    return template.format(sql.SQL(role), sql.Identifier(schema), grant)
