"""What a caller knows to be there is had or missed loudly; what it seeks may be None."""

import pytest

from config.shapes import Column, Constraint, Table
from engine.planning.plan import ConstraintRule, Plan
from engine.reflect.catalog import Catalog, LegacyTable

TABLE = Table("users", (Column("id", "uuid"),))
CATALOG = Catalog("public", "legacy", 170000, "UTF8", None, 1, 2, "owner", tables=(LegacyTable(TABLE),))
PLAN = Plan(CATALOG, "public", "nxtgauge", "digest", "2024-01-01 00:00:00+00")


def test_column() -> None:
    assert TABLE.column("id") is TABLE.find_column("id") is TABLE.columns[0]
    assert TABLE.find_column("name") is None
    with pytest.raises(LookupError, match=r"users has no column name; wanted one of \['id'\]"):
        TABLE.column("name")


def test_table() -> None:
    assert CATALOG.table("users") is CATALOG.find_table("users")
    assert CATALOG.find_table("jobs") is PLAN.find_table("jobs") is None
    with pytest.raises(LookupError, match="schema public has no table jobs"):
        CATALOG.table("jobs")
    with pytest.raises(LookupError, match="the plan has no legacy table jobs"):
        PLAN.table("jobs")


def test_parent() -> None:
    assert Constraint("k", "jobs", "f", ("user_id",), ref_table="users").parent == "users"
    assert ConstraintRule("jobs", "k", "f", ("user_id",), ref_table="users").parent == "users"
    for other in (Constraint("c", "jobs", "c", ("user_id",)), ConstraintRule("jobs", "c", "c", ("user_id",))):
        with pytest.raises(LookupError, match=r"jobs\.c points at no table; wanted a foreign key"):
            _ = other.parent
