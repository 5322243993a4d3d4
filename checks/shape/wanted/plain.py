"""Things as PostgreSQL makes them by default, and what the catalogue says of these."""

from dataclasses import replace

from checks.shape import things
from checks.shape.things import Says, Thing

PLAIN_TABLE: Says = {
    "persistence": "p", "partitioned": False, "row security": False, "forced row security": False,
    "replica identity": "d", "storage parameters": None, "storage parameters of long values": None, "row type": False,
    "parents": 0, "heirs": 0,
}  # fmt: skip
PLAIN_COLUMN: Says = {
    "default": None, "collation": None, "identity": "", "generated": "", "comment": None, "not null": False,
    "storage": None, "compression": None, "statistics target": None, "options": None, "dimensions": 1,
}  # fmt: skip
PLAIN_INDEX: Says = {
    "method": "btree", "included": [], "predicate": None, "nulls not distinct": False, "valid": True, "ready": True,
    "clustered": False, "serves as replica identity": False, "storage parameters": None,
}  # fmt: skip
PLAIN_CONSTRAINT: Says = {
    "deferrable": False, "deferred": False, "validated": True, "enforced": True, "no inherit": False,
    "over periods": False, "triggers disabled": False, "expression": None, "comment": None,
}  # fmt: skip
# What is taken over from a legacy thing.
OF_CONSTRAINT = (
    "kind", "columns", "table", "referenced", "match", "on update", "on delete", "set on delete", "deferrable",
    "deferred", "validated", "enforced", "no inherit", "over periods", "expression", "operators", "comment",
)  # fmt: skip
OF_COLUMN = ("type", "home", "dimensions", "not null", "default", "collation", "identity", "generated", "comment")
SERVED = "pux"  # constraints that an index serves


def key(column: str) -> Says:
    """A column of an index with all defaults."""
    return {
        "column": column, "expression": None, "operator class": None, "options": None, "collation": None,
        "descending": False, "nulls first": False,
    }  # fmt: skip


def column(
    table: str, name: str, type_name: str, base: str, not_null: bool = False, default: str | None = None
) -> Thing:
    """A column of one of PostgreSQL's own types. base: its name in pg_type."""
    stated = {"type": type_name, "home": "pg_catalog", "not null": not_null, "default": default}
    return Thing("column", table, name, things.spelled(PLAIN_COLUMN | stated), base=base)


def unique(table: str, name: str, *columns: str, kind: str = "u") -> Thing:
    """A unique or primary key of plain columns."""
    stated = {"kind": kind, "columns": list(columns), "keys": [key(column) for column in columns]}
    return Thing("constraint", table, name, PLAIN_CONSTRAINT | PLAIN_INDEX | stated)


def reference(table: str, name: str, column: str, parent: str, key: str = "id") -> Thing:
    """A foreign key of one column as it is declared without a word more."""
    stated = {
        "kind": "f", "columns": [column], "table": parent, "referenced": [key], "match": "s", "on update": "a",
        "on delete": "a", "set on delete": [],
    }  # fmt: skip
    return Thing("constraint", table, name, PLAIN_CONSTRAINT | stated)


def mapped(table: str, column: str, parent: str) -> Thing:
    """A foreign key that the mapping declares: it may have any name."""
    return replace(reference(table, f"{table}_{column}_fkey", column, parent), is_named=False)
