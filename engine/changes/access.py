"""What the session's role may not do with tables of a schema: read them whole, or keep writers away from them.

Laws
- No table keeps another from being counted.
- The catalogue is asked, for a table with its partitions. Only where a count breaks off although it allows all (damage,
  a foreign partition), the tables are tried one by one.
- Each lack comes with the statements that mend it, for who may type them.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import psycopg
from psycopg import sql

from config.postgres.quoting import grant, quoted
from engine.changes import marks
from engine.session.blame import passes

ACCESS = (Path(__file__).parent / "sql" / "access.sql").read_text(encoding="utf-8")
LOCKING = "update, delete, truncate"  # any of them is enough to lock writers out
Told = TypeVar("Told")
SEVENTEEN = 170_000  # from which on MAINTAIN is, too


@dataclass(frozen=True)
class Access:
    """Of one table. unreadable: why it cannot be read whole, and what mends that; empty where it can."""

    table: str
    unreadable: str
    to_read: str
    may_lock: bool
    to_lock: str


def of(conn: psycopg.Connection, schema: str, names: Iterable[str]) -> dict[str, Access]:
    """Of the tables of these names that there are."""
    knows_maintain = conn.info.server_version >= SEVENTEEN
    given = {"schema": schema, "names": list(names), "locking": LOCKING + (", maintain" if knows_maintain else "")}
    found = {}
    for name, closed, unread, filtered, is_owned, may_lock, role in conn.execute(ACCESS, given).fetchall():
        why, mend = _reading(closed, unread, filtered, is_owned, role)
        to_lock = grant("MAINTAIN" if knows_maintain else "UPDATE", f"TABLE {quoted(schema, name)}", role)
        found[name] = Access(name, why, mend, may_lock, "" if may_lock else to_lock)
    return found


def unreadable(conn: psycopg.Connection, schema: str, names: Iterable[str]) -> dict[str, Access]:
    """Those of these tables that the role cannot read whole."""
    return {name: access for name, access in of(conn, schema, names).items() if access.unreadable}


def sparing(
    conn: psycopg.Connection, schema: str, names: Collection[str], count: Callable[[list[str]], Told]
) -> tuple[Told, dict[str, str]]:
    """What count says of these tables; where it breaks off, of those that can be read, and why the others cannot."""
    try:
        with conn.transaction():
            return count(sorted(names)), {}
    except psycopg.Error as error:
        if _is_of_the_session(conn, error) or not (spared := _broken(conn, schema, names)):
            raise
    return count(sorted({*names} - spared.keys())), spared


def _broken(conn: psycopg.Connection, schema: str, names: Iterable[str]) -> dict[str, str]:
    found = {}
    for table in marks.described(conn, schema, names).values():
        try:
            with conn.transaction():
                conn.execute(sql.SQL("select count(t.xmin) from {} as t").format(table.rows_of(schema)))
        except psycopg.Error as error:
            if _is_of_the_session(conn, error):
                raise
            found[table.name] = f"reading it ends with SQLSTATE {error.sqlstate}"
    return found


def _is_of_the_session(conn: psycopg.Connection, error: psycopg.Error) -> bool:
    """Whether it says nothing about a table: the session is lost, has to wait, or was asked to stop."""
    return conn.closed or passes(error.sqlstate or "") or isinstance(error, psycopg.errors.QueryCanceled)


def _reading(closed: list[str], unread: list[str], filtered: list[str], is_owned: bool, role: str) -> tuple[str, str]:
    """Why a table cannot be read whole, and the statements that mend it."""
    mends = [grant("USAGE", f"SCHEMA {quoted(name)}", role) for name in closed]
    mends += [grant("SELECT", f"TABLE {', '.join(unread)}", role)] if unread else []
    if filtered and is_owned:
        mends += [f"ALTER TABLE {name} NO FORCE ROW LEVEL SECURITY" for name in filtered]
    elif filtered:
        mends += [f"ALTER ROLE {quoted(role)} BYPASSRLS"]
    whys = [f"role {role} may not read it"] if closed or unread else []
    whys += [f"row level security hides rows of it from role {role}"] if filtered else []
    return " and ".join(whys), "; ".join(mends)
