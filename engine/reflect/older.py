"""Features of the source's server that an older target's server lacks.

Law: an object that needs one is dropped, or replaced by the nearest that the server knows and that refuses no more
rows; the plan lists it either way.
"""

from dataclasses import replace
from typing import TypeVar

from config.shapes import Column, Constraint, Index

Kind = TypeVar("Kind", Constraint, Index)
NEWEST = 1_000_000  # where nobody knows what server the target will be
# Named not-nulls and unproven ones, NOT ENFORCED, keys over periods, virtual columns.
EIGHTEEN = 180_000
# NULLS NOT DISTINCT, and ON DELETE SET … of some of a key's columns.
FIFTEEN = 150_000


def why_not(constraint: Constraint, server: int) -> str | None:
    """Why a server of this version cannot have the constraint; None where it can."""
    here = f"PostgreSQL {server // 10_000}"
    if server < FIFTEEN and constraint.set_columns:
        return f"{here} sets all columns of a key, not only {', '.join(constraint.set_columns)}"
    if server >= EIGHTEEN:
        return None
    if constraint.kind == "n" and constraint.is_validated:
        return f"{here} gives a not-null no name; the column takes no null all the same"
    if constraint.kind == "n":
        return f"{here} has no not-null for new rows alone"
    if constraint.has_period:
        return f"{here} has no keys over periods"
    return None if constraint.is_enforced else f"{here} has no constraints that are not enforced"


def fitted(found: Kind, server: int) -> tuple[Kind, str | None]:
    """A constraint or index for a server of this version, and a sentence if it is weaker there."""
    if server >= FIFTEEN or not found.nulls_not_distinct:
        return found, None
    less = f"nulls not distinct of {found.name}: PostgreSQL {server // 10_000} takes nulls for distinct"
    return replace(found, nulls_not_distinct=False), less


def generated(column: Column, server: int) -> tuple[Column, str]:
    """A generated column for a server of this version, and a note of how it is made there."""
    if server >= EIGHTEEN or column.generated != "v":
        return column, "generated anew"
    note = f"generated anew, and stored: PostgreSQL {server // 10_000} has no virtual columns"
    return replace(column, generated="s"), note
