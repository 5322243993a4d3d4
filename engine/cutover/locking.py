"""The tables of the source whose writers are locked out: all of its schema, whoever migrates them or not.

Law: a table stands here with its partitions and its heirs, in other schemas too: they can be written to by themselves.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

TABLES = (Path(__file__).parent / "sql" / "tables.sql").read_text(encoding="utf-8")
LOCK = "lock table {} in share row exclusive mode"


@dataclass(frozen=True)
class Table:
    """One table. is_ours: whether the session's role may grant and revoke on it. is_reached: a lock on another one of
    the list reaches it, whatever the role may do with it."""

    oid: int
    schema: str
    name: str
    owner: str
    is_ours: bool
    is_reached: bool

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}"

    @property
    def identifier(self) -> sql.Identifier:
        return sql.Identifier(self.schema, self.name)


def tables(conn: psycopg.Connection, schema: str, names: Iterable[str] | None = None) -> tuple[Table, ...]:
    """The tables of a schema, or those of these names, in the order of their oids."""
    given = {"schema": schema, "names": None if names is None else list(names)}
    return tuple(Table(*row) for row in conn.execute(TABLES, given))


def oids(found: Iterable[Table]) -> list[int]:
    return [table.oid for table in found]


def statement(found: Iterable[Table]) -> sql.Composed:
    """What locks writers out of all of them, and lets readers go on."""
    named = [table.identifier for table in found if not table.is_reached]
    return sql.SQL(LOCK).format(sql.SQL(", ").join(named))
