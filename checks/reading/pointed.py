"""What the references of the declared tables point at, and their types, as the legacy catalogue allows.

Laws
- A reference points at its parent's id where that is unique, else at the unique that the legacy reference points at;
  where there is neither it has no constraint, and the type of the legacy column that feeds it.
- An actor has the type of its legacy columns: the one that they all have, else text.
"""

from collections.abc import Iterator
from dataclasses import replace

from checks.reading.facts import Facts, is_unique
from config import target as declared
from config.feeds import ACTORS, FED_BY, REVIEWERS
from config.shapes import Column, Constraint


def constraint(facts: Facts, wanted: Constraint) -> Constraint | None:
    """The declared reference as this database allows it; None if there is nothing to point at."""
    parent = facts.target.find_table(wanted.parent)
    if parent is None or is_unique(parent, "id"):
        return wanted if parent else None
    legacy, column = feed(facts, wanted)
    if column is None or wanted.parent not in facts.treatments:
        return None
    for found in facts.source.table(legacy).constraints:
        is_single = found.kind == "f" and found.columns == (column.name,) and found.ref_table == wanted.ref_table
        if is_single and is_unique(parent, found.ref_columns[0]):
            definition = wanted.definition.replace(f"({wanted.ref_columns[0]})", f"({found.ref_columns[0]})")
            return replace(wanted, ref_columns=found.ref_columns, definition=definition)
    return None


def references(table: str) -> set[str]:
    """The columns of a declared table that point at another, whether or not a constraint can be had."""
    shape = declared.load().get(table)
    return {c.columns[0] for c in shape.constraints if c.kind == "f"} if shape else set()


def codes(facts: Facts, table: str) -> set[str]:
    """Those of them that hold values of another column than an id, unchanged."""
    fed = {column: FED_BY[table, column] for column in references(table) if (table, column) in FED_BY}
    wanted = {c.columns[0]: c for c in declared.load()[table].constraints if c.kind == "f"} if fed else {}
    found = {column: feed(facts, wanted[column]) for column in fed}
    return {column for column, (legacy, own) in found.items() if own and not facts.parent(legacy, own.name)}


def bases(facts: Facts) -> dict[str, dict[str, str]]:
    """Declared table → column → base type, of actors and of references that do not point at an id."""
    found: dict[str, dict[str, str]] = {}
    for table, shape in declared.load().items():
        for column in (c.name for c in shape.columns if c.name == ACTORS.get(table)):
            found.setdefault(table, {})[column] = _actor(facts)
        for wanted in (c for c in shape.constraints if c.kind == "f" and c.ref_table in facts.treatments):
            there = constraint(facts, wanted)
            if (there is None or there.ref_columns != wanted.ref_columns) and (base := _base(facts, wanted)):
                found.setdefault(table, {})[wanted.columns[0]] = base
    return found


def _base(facts: Facts, wanted: Constraint) -> str | None:
    """The base type of the column that feeds the reference, as that arrives."""
    legacy, column = feed(facts, wanted)
    if column is None:
        return None
    arrived = facts.target.find_table(facts.final(legacy))
    there = arrived.find_column(column.name) if arrived else None
    return (there or column).base


def feed(facts: Facts, wanted: Constraint) -> tuple[str, Column | None]:
    """The legacy table and column whose values the reference holds."""
    table, name = FED_BY.get((wanted.table, wanted.columns[0]), (wanted.parent, "id"))
    rule = facts.find_rule(table)
    columns = rule.derives.columns if rule and rule.derives else rule.columns if rule else {}
    return table, facts.used(table, columns.get(name, (name,)))


def _actor(facts: Facts) -> str:
    found = [column for _, column in reviewers(facts)]
    if not found:
        return "uuid"
    types = {(c.type if c.kind == "b" else c.base, c.is_array) for c in found}
    return found[0].base if len(types) == 1 and all(c.kind in "bd" for c in found) else "text"


def reviewers(facts: Facts) -> Iterator[tuple[str, Column]]:
    """The legacy tables and columns that name the reviewer."""
    for table, name in REVIEWERS:
        rule = facts.rule(table)
        if table in facts.treatments and (column := facts.used(table, rule.columns[name])):
            yield table, column
