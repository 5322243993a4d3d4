"""What is recorded of the tables of a schema at one snapshot, to tell later what was written since.

Laws
- A row is old if its transaction (xmin) is before the snapshot's own xmin, the oldest transaction then running: all of
  these had ended. It is old, too, if its transaction is one of those whose rows the snapshot saw (`seen`): they had
  committed, and whoever has committed writes no more. Every other row is new.
- Snapshots list the transactions that run, but not their savepoints', and on a standby none. So that list is not asked.
- xmin stays as it is when rows are frozen, or moved into other files of a heap (PostgreSQL 9.4 and later).
- xmin has 32 bits and counts round. What is compared is how far it lies back (age); past 2^31 nothing can be told.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

TABLES = (Path(__file__).parent / "sql" / "tables.sql").read_text(encoding="utf-8")
NONE_SEEN = "{}"
SEEN_BYTES = 1_000_000  # some 40,000 ranges; past it none is kept, and rows that a snapshot saw count as new
ROUND = 2**32
FARTHEST = 2**31 - 2**20  # transactions are begun while tables are read

# From the newest transaction that the statement can see back to the boundary; both are computed once. Of most rows only
# the first comparison is made; alone it takes rows for new that were frozen two billion transactions ago.
MAYBE_NEWER = "age({xid}) <= {age}"
NEWER = """
    age({xid}) <= (select age(xidin({since})))
    and age({xid}) >= (select age(xid(pg_snapshot_xmax(pg_current_snapshot()))))
"""
UNSEEN = "not int8in(xidout({xid})) <@ {seen}::int8multirange"


@dataclass(frozen=True)
class TableMark:
    """One table. files: their numbers, empty where they prove nothing. key: the primary key's columns with their types;
    empty where there is none."""

    rows: int
    files: str
    key: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Mark:
    """What a snapshot saw. snapshot: pg_current_snapshot as text. seen: low halves of the transactions at or past its
    xmin whose rows it saw, as an int8multirange. shape: the caller's digest of the catalogue, or of the plan. unread:
    tables that were there and could not be read."""

    snapshot: str
    system_identifier: str | None
    database_oid: int | None
    tables: Mapping[str, TableMark] = field(default_factory=dict)
    seen: str = NONE_SEEN
    shape: str = ""
    unread: tuple[str, ...] = ()

    @property
    def since(self) -> int:
        """The oldest transaction that ran then, in 64 bits."""
        return int(self.snapshot.split(":", maxsplit=1)[0])

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def of_dict(values: Mapping[str, Any]) -> Mark:
    """A mark from JSON."""
    tables = {
        name: TableMark(table["rows"], table["files"], tuple((column, kind) for column, kind in table["key"]))
        for name, table in values["tables"].items()
    }
    return Mark(**{**values, "tables": tables, "unread": tuple(values.get("unread", ()))})


@dataclass(frozen=True)
class Described:
    """A table as the catalogue has it now. operators: what the key's columns are equal by."""

    name: str
    is_partitioned: bool
    files: str
    key: tuple[tuple[str, str], ...]
    operators: tuple[str, ...]

    def rows_of(self, schema: str) -> sql.Composed:
        """Its own rows, without those of tables that inherit from it."""
        only = sql.SQL("") if self.is_partitioned else sql.SQL("only ")
        return only + sql.Identifier(schema, self.name)

    @property
    def columns(self) -> sql.Composed:
        return listed(name for name, _ in self.key)

    def is_key(self, one: str, other: str) -> sql.Composed:
        """SQL that is true where two aliases have the same key, by the operators that the primary key goes by."""
        pairs = zip(self.key, self.operators, strict=True)
        equal = sql.SQL("{one}.{name} {operator} {other}.{name}")
        given = {"one": sql.SQL(one), "other": sql.SQL(other)}
        parts = [equal.format(name=sql.Identifier(n), operator=sql.SQL(o), **given) for (n, _), o in pairs]
        return sql.SQL(" and ").join(parts)


def described(conn: psycopg.Connection, schema: str, names: Iterable[str]) -> dict[str, Described]:
    """The tables of these names that there are, by name."""
    rows = conn.execute(TABLES, {"schema": schema, "names": list(names)}).fetchall()
    return {
        name: Described(name, partitioned, files, tuple(zip(columns, types, strict=True)), tuple(operators))
        for name, partitioned, files, columns, types, operators in rows
    }


def files(conn: psycopg.Connection, schema: str, names: Iterable[str]) -> dict[str, str]:
    """Table → the numbers of its files as text, which change when it is rewritten; of the tables that there are."""
    return {name: table.files for name, table in described(conn, schema, names).items()}


def listed(names: Iterable[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, names))


def newer(since: int, xid: sql.Composable) -> sql.Composed:
    """SQL that is true of a transaction, that of a row seen, which is `since` or a later one."""
    return sql.SQL(NEWER).format(xid=xid, since=sql.Literal(str(since % ROUND)))


def maybe_newer(conn: psycopg.Connection, since: int, xid: sql.Composable) -> sql.Composed:
    """The same of some more transactions, in half the time; in the session's transaction, which is open: within one the
    server reckons ages from one moment."""
    age = conn.execute(sql.SQL("select age(xidin({}))").format(sql.Literal(str(since % ROUND)))).fetchall()[0][0]
    return sql.SQL(MAYBE_NEWER).format(xid=xid, age=sql.Literal(age))


def unseen(mark: Mark, xid: sql.Composable) -> sql.Composable:
    """SQL that is true of a transaction of which the mark's snapshot saw no row, as far as is known."""
    if mark.seen == NONE_SEEN:
        return sql.SQL("true")
    return sql.SQL(UNSEEN).format(xid=xid, seen=sql.Literal(mark.seen))


def written(mark: Mark) -> sql.Composed:
    """SQL that is true of rows (alias t) that the mark's snapshot did not see."""
    xid = sql.SQL("t.xmin")
    return sql.SQL("({} and {})").format(newer(mark.since, xid), unseen(mark, xid))
