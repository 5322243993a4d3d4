"""The wanted things of the archive: archived tables unchanged, and what their columns need.

Laws
- Columns, their types, not-nulls and comments, and the primary key are the legacy ones; names of objects (reg*) are
  text. Nothing else is kept: no default, no other constraint, no index.
- Checks of domains are not validated: archived rows may break them.
"""

from collections.abc import Iterator

from checks.compare.content import rest
from checks.reading.facts import Facts
from checks.shape import things
from checks.shape.things import Thing
from checks.shape.wanted.kept import Kept
from checks.shape.wanted.plain import OF_COLUMN, OF_CONSTRAINT, PLAIN_COLUMN, PLAIN_CONSTRAINT, PLAIN_INDEX, PLAIN_TABLE


def tables(facts: Facts) -> list[str]:
    """The legacy tables that the archive holds."""
    return [table for table in facts.treatments if _is_archived(facts, table)]


def _is_archived(facts: Facts, table: str) -> bool:
    treatment, rule = facts.treatments[table], facts.find_rule(table)
    if treatment == "archive" or (rule and rule.also_archived):
        return True
    return treatment == "reshape" and facts.settings.unmapped_columns == "archive" and bool(rest(facts, table))


def wanted(facts: Facts, kept: Kept) -> Iterator[Thing]:
    """The archive's tables."""
    for table in tables(facts):
        whole = next(thing for thing in kept.of("table", None) if thing.name == table)
        yield Thing("table", None, table, PLAIN_TABLE | {"comment": whole.says["comment"]})
        for found in kept.of("column", table):
            yield _column(facts, table, found)
        for found in kept.of("constraint", table):
            if found.says["kind"] == "p":
                stated = {name: found.says[name] for name in (*OF_CONSTRAINT, "method", "keys", "included")}
                yield Thing("constraint", table, found.name, PLAIN_CONSTRAINT | PLAIN_INDEX | stated, made_of=found)


def member(thing: Thing) -> Thing:
    """A type or a function that the archive needs; it takes all that legacy tables hold, so no check is validated."""
    checks = [check | {"validated": False} for check in thing.says.get("checks", ())]
    return thing.saying(checks=checks) if checks else thing


def _column(facts: Facts, table: str, found: Thing) -> Thing:
    stated = PLAIN_COLUMN | {name: found.says[name] for name in OF_COLUMN}
    stated |= {"default": None, "identity": "", "generated": ""}
    if facts.source.table(table).column(found.name).names_objects:
        stated |= {"type": "text", "home": "pg_catalog", "dimensions": 1}
    return Thing("column", table, found.name, things.spelled(stated), made_of=found)
