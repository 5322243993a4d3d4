"""What keeps writers away for good, once the lock is gone: what they may do is revoked, or their schema is renamed.

Laws
- It is made in the transaction that holds the lock: its commit is the end of the lock, and whoever waited meets it
  (42501; or 42P01, and 3F000 where it names the schema).
- Nothing is believed of a REVOKE, which passes over in silence what it may not do: afterwards nobody is left who was
  granted anything.
- What binds only some is refused, and all who would not be bound are named.
- What was taken is kept, grant by grant with its grantor, and can be given back. A table without a list of grants has
  one afterwards that says the same: who may do what is what it was.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, Literal

import psycopg
from psycopg import sql

from config.errors import PlanRefused
from config.postgres.connection import WATCHED
from config.postgres.quoting import grant, membership, quoted
from config.settings import LONGEST_NAME, RETIRED
from engine.cutover.locking import Table, oids
from engine.session import fetch, rights

How = Literal["revoke", "rename"]
WRITES = "insert, update, delete, truncate"
FOLDER = Path(__file__).parent / "sql"
GRANTS = (FOLDER / "grants.sql").read_text(encoding="utf-8")
UNBOUND = (FOLDER / "unbound.sql").read_text(encoding="utf-8")
AROUND = (FOLDER / "around.sql").read_text(encoding="utf-8")
MAY_RENAME = """
    select pg_get_userbyid(n.nspowner)::text, pg_has_role(n.nspowner, 'usage'),
           has_database_privilege(current_database(), 'create'), to_regnamespace(quote_ident(%s)) is not null,
           current_database()::text, current_user::text
    from pg_namespace n where n.nspname = %s
"""
OWNER = """
    select r.rolname::text, r.rolsuper from pg_roles r, pg_database d
    where d.datname = current_database()
      and r.rolname = case when %(owner)s = 'pg_database_owner' then pg_get_userbyid(d.datdba) else %(owner)s end
"""


@dataclass(frozen=True)
class Grant:
    """One privilege to write. column: where it is for one alone. grantee: None for PUBLIC."""

    table_oid: int
    schema: str
    table: str
    column: str | None
    owner: str
    grantor: str
    grantee: str | None
    privilege: str
    is_grantable: bool

    def given(self) -> sql.Composed:
        """The statement that gives it."""
        column = sql.SQL("") if self.column is None else sql.SQL(" ({})").format(sql.Identifier(self.column))
        return sql.SQL("grant {}{} on table {} to {}{}").format(
            sql.SQL(self.privilege.lower()), column, sql.Identifier(self.schema, self.table), _role(self.grantee),
            sql.SQL(" with grant option" if self.is_grantable else ""),
        )  # fmt: skip


@dataclass(frozen=True)
class Binding:
    """A fence that lasts. retired: the name that the schema has got; '' where it kept its own. taken: what was revoked,
    in an order in which it can be given back."""

    how: How
    schema: str
    retired: str = ""
    taken: tuple[Grant, ...] = ()

    def undo(self, not_acted_as: Collection[str] = ()) -> list[str]:
        """The statements that give back what was taken. not_acted_as: grantors in whose stead the owner grants."""
        if self.how == "rename":
            return [f"alter schema {quoted(self.retired)} rename to {quoted(self.schema)}"]
        found = []
        for one in self.taken:
            statement = one.given().as_string(None)
            is_others = one.grantor != one.owner and one.grantor not in not_acted_as
            found += [f"set role {quoted(one.grantor)}", statement, "reset role"] if is_others else [statement]
        return found

    def to_dict(self) -> dict[str, Any]:
        """As JSON takes it."""
        return asdict(self)


def of_dict(values: Mapping[str, Any]) -> Binding:
    """A binding from JSON."""
    return Binding(**{**values, "taken": tuple(Grant(**one) for one in values["taken"])})


def faults(conn: psycopg.Connection, schema: str, tables: Collection[Table], how: How) -> list[str]:
    """Why the fence would not keep everybody away, or cannot be made, one sentence each."""
    return _revoke_faults(conn, tables) if how == "revoke" else _rename_faults(conn, schema, tables)


def bind(conn: psycopg.Connection, schema: str, tables: Collection[Table], how: How) -> Binding:
    """Make the fence, in the session's transaction. Errors: PlanRefused, psycopg's."""
    if found := faults(conn, schema, tables, how):
        raise PlanRefused(found)
    if how == "rename":
        here, there = sql.Identifier(schema), sql.Identifier(schema + RETIRED)
        conn.execute(sql.SQL("alter schema {} rename to {}").format(here, there))
        return Binding(how, schema, schema + RETIRED)
    taken = _grants(conn, tables)
    if taken:
        conn.execute(sql.SQL("; ").join(_revokes(taken)))
    if left := _grants(conn, tables):
        names = sorted({f"{one.schema}.{one.table}" for one in left})
        raise PlanRefused([f"the privilege to write could not be revoked on {', '.join(names)}; make the role a member"
                           f" of the tables' owners"])  # fmt: skip
    return Binding(how, schema, taken=tuple(_givable(taken)))


def unbind(conn: psycopg.Connection, binding: Binding) -> None:
    """Give the writers back what was taken, in one transaction. Errors: psycopg's.

    What a role had granted that the session's may not act as is granted by the table's owner.
    """
    with conn.transaction():
        others = sorted({one.grantor for one in binding.taken if one.grantor != one.owner})
        for statement in binding.undo(rights.to_act_as(conn, others)):
            conn.execute(statement.encode())


def _revoke_faults(conn: psycopg.Connection, tables: Collection[Table]) -> list[str]:
    role = fetch.value(str, conn, "select current_user::text")
    others = sorted({table.owner for table in tables if not table.is_ours})
    found = [f"what {owner}'s tables grant can only be revoked by that role; {_acting(conn, owner, role)}"
             for owner in others]  # fmt: skip
    ours = WATCHED["application_name"]
    for name, is_superuser, sessions in conn.execute(UNBOUND, {"ours": ours}).fetchall():
        if is_superuser:
            found.append(
                f"{name} is a superuser, whom no REVOKE binds, and is here ({', '.join(sessions[:3])}); end these "
                f"sessions, let the application use another role, or have the schema renamed"
            )
        else:
            found.append(
                f"{name} may write to every table as pg_write_all_data, whatever is revoked; "
                f"REVOKE pg_write_all_data FROM {quoted(name)}, or have the schema renamed"
            )
    return found


def _acting(conn: psycopg.Connection, owner: str, role: str) -> str:
    """What lets the role act as an owner. Nobody should be a superuser for this; whoever owns the database can be."""
    name, is_superuser = fetch.one(conn, OWNER, {"owner": owner})
    if is_superuser:
        return f"{name} is a superuser: give what it owns there to another role, and make {role} a member of that one"
    return membership(name, role)


def _rename_faults(conn: psycopg.Connection, schema: str, tables: Collection[Table]) -> list[str]:
    retired, found = schema + RETIRED, []
    if len(retired.encode()) > LONGEST_NAME:
        found.append(f"schema {schema} cannot be called {retired}, which has more than {LONGEST_NAME} bytes; revoke")
    row = conn.execute(MAY_RENAME, [retired, schema]).fetchone()
    if row is None:
        return [*found, f"there is no schema {schema}; was it renamed already?"]
    owner, is_ours, may_create, is_taken, database, role = row
    if not is_ours:
        found.append(f"schema {schema} can only be renamed by its owner, {owner}; {_acting(conn, owner, role)}")
    if not may_create:
        found.append(f"schema {schema} can only be renamed by who may create schemas; "
                     f"{grant('CREATE', f'DATABASE {quoted(database)}', role)}")  # fmt: skip
    if is_taken:
        found.append(f"there is a schema {retired} already; drop it or give it another name")
    others = sorted(str(table) for table in tables if table.schema != schema)
    if others:
        found.append(f"{', '.join(others)} would be written to as before, for they stand in other schemas; revoke")
    around = [text for (text,) in conn.execute(AROUND, {"schema": schema, "tables": oids(tables)})]
    if around:
        found.append(f"writes would go on through {', '.join(around)}, whatever the schema is called; revoke")
    return found


def _grants(conn: psycopg.Connection, tables: Collection[Table]) -> list[Grant]:
    return [Grant(*row) for row in conn.execute(GRANTS, {"tables": oids(tables)})]


def _revokes(taken: Iterable[Grant]) -> Iterator[sql.Composed]:
    """One for each table; it takes what was granted on its columns, and what grantees have passed on, too."""
    for (schema, table), grants in groupby(taken, lambda one: (one.schema, one.table)):
        roles = [_role(grantee) for grantee in dict.fromkeys(one.grantee for one in grants)]
        yield sql.SQL("revoke {} on table {} from {} cascade").format(
            sql.SQL(WRITES), sql.Identifier(schema, table), sql.SQL(", ").join(roles)
        )


def _givable(taken: Collection[Grant]) -> Iterator[Grant]:
    """Nobody grants before he was granted."""
    waiting, may_grant = list(taken), set[tuple[int, str | None, str, str]]()
    while waiting:
        ready = [one for one in waiting if one.grantor == one.owner or _has_option(one, may_grant)] or waiting
        may_grant |= {
            (one.table_oid, one.column, one.privilege, one.grantee) for one in ready if one.is_grantable and one.grantee
        }
        yield from ready
        waiting = [one for one in waiting if one not in ready]


def _has_option(one: Grant, may_grant: Collection[tuple[int, str | None, str, str]]) -> bool:
    """Whether its grantor has by now what he granted, for the column or for the table."""
    return any((one.table_oid, column, one.privilege, one.grantor) in may_grant for column in (one.column, None))


def _role(name: str | None) -> sql.Composable:
    return sql.SQL("public") if name is None else sql.Identifier(name)
