"""The references of a legacy schema, declared by foreign keys or by the mapping.

A column of a mapped reference may name rows of several tables: professional_id names a professional, or a profile.
"""

from dataclasses import dataclass

from config.rules import Mapping
from config.settings import Settings
from engine.planning import planner
from engine.planning.keys import Keys
from engine.planning.probe import Unread
from engine.reflect.catalog import Catalog, LegacyTable


@dataclass(frozen=True)
class Link:
    """Values of these columns of `table` are those columns' of `to`; composite ones pairwise."""

    table: str
    columns: tuple[str, ...]
    to: str
    to_columns: tuple[str, ...]
    is_declared: bool


def find(catalog: Catalog, mapping: Mapping, settings: Settings) -> tuple[Link, ...]:
    """All references within the schema; of its extensions' tables none."""
    tables = {table.name: table for table in catalog.tables if not table.extension}
    found = [
        Link(table.name, c.columns, c.parent, c.ref_columns, True)
        for table in tables.values()
        for c in table.shape.constraints
        if c.kind == "f" and not c.ref_schema and c.ref_table in tables
    ]
    known = Keys(catalog, mapping, planner.treatments_of(catalog, mapping, settings), Unread().ids).references.values()
    found += [Link(r.table, (r.column,), r.to, (r.to_column,), False) for r in known if not r.declared]
    found += _of_profiles(tables, mapping)
    return tuple(dict.fromkeys(found))


def _of_profiles(tables: dict[str, LegacyTable], mapping: Mapping) -> list[Link]:
    """What belongs to a profile says so by its professional's id or by the profile's own."""
    owned = [(table, column) for table, rule in mapping.tables.items() for column in rule.becomes if table in tables]
    named = [name for name in mapping.profile_sources if name in tables and tables[name].shape.find_column("id")]
    return [
        Link(table, (column,), to, ("id",), False)
        for table, column in owned
        for to in named
        if tables[table].shape.find_column(column)
    ]
