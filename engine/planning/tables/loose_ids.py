"""Ids under a collation that is not deterministic.

Law: new ids are derived from the letters of a value, and rules find rows by them; where such a collation takes two
texts for equal, a reference may miss its row. That is a fault, unless all values become UUIDs by a cast, or both
columns are copied and PostgreSQL compares them by one collation.
"""

from collections.abc import Iterator

from config.shapes import Column
from engine.planning.draft import Draft
from engine.reflect.catalog import LegacyTable

READ_BY_RULES = ("users", "roles")  # copied tables whose ids transforms look up, beside those that derive rows
Place = tuple[LegacyTable, Column]


def look(draft: Draft) -> None:
    """Add a fault for each such column of ids."""
    told: dict[tuple[str, str], tuple[str, str, str]] = {}
    for own, key in _references(draft):
        loose = [(table, column) for table, column in (key, own) if column.is_loose]
        if loose and not (_are_uuids(draft, own, key) or _are_left_alone(draft, own, key)):
            table, column = loose[0]
            told.setdefault((table.name, column.name), (own[0].name, own[1].name, key[0].name))
    for (holder, column_name), (by, name, parent) in told.items():
        found = f"holds ids by a collation that is not deterministic, and {by}.{name} names rows of {parent} by them"
        remedy = "make its collation a deterministic one in the source, with one spelling for each id"
        draft.fault(holder, column_name, found, remedy)


def _references(draft: Draft) -> Iterator[tuple[Place, Place]]:
    """(a column that holds ids, the id that it names) of all tables."""
    owners = draft.catalog.find_table(draft.mapping.former_root)
    for table in draft.catalog.tables:
        rule = draft.find_rule(table.name)
        for column in table.shape.columns:
            reference = draft.keys.references.get((table.name, column.name))
            parent = draft.catalog.find_table(reference.ids_of) if reference and reference.ids_of else None
            if rule and column.name in rule.becomes:
                parent = owners
            if parent and (key := parent.shape.find_column("id")):
                yield (table, column), (parent, key)


def _are_uuids(draft: Draft, *places: Place) -> bool:
    found = [draft.keys.conversion(table, column) for table, column in places]
    return all(one.base == "uuid" and one.kind != "derive" for one in found)


def _are_left_alone(draft: Draft, own: Place, key: Place) -> bool:
    """Whether both stay what they are in copied tables that no rule reads."""
    kinds = {draft.keys.conversion(table, column).kind for table, column in (own, key)}
    rules = [draft.find_rule(table.name) for table, _ in (own, key)]
    is_plain = (
        all(draft.treatments[table.name] == "copy" for table, _ in (own, key)) and key[0].name not in READ_BY_RULES
    )
    is_read = any(rule and (rule.derives or rule.completed_from) for rule in rules)
    return kinds == {"same"} and is_plain and not is_read and own[1].collation == key[1].collation
