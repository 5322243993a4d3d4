"""What the session's role may not do with tables of a schema: read them whole, or keep writers away from them.

Laws
- The catalogue is asked, for a table with its partitions; nothing is tried, so that no table keeps another from being
  counted.
- Each lack comes with the statements that mend it, for who may type them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import psycopg

from config.postgres.quoting import grant, quoted

ACCESS = (Path(__file__).parent / "sql" / "access.sql").read_text(encoding="utf-8")
LOCKING = "update, delete, truncate"  # any of them is enough to lock writers out
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
