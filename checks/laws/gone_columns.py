"""Columns that a rule removes from a table: the target has none of them, whatever became of their values.

Law: these are forbidden links, settings and presentation that moved, and references that became others.
"""

from checks.compare.comparison import Comparison
from checks.reading.facts import Facts
from config.postgres.quoting import literal, quoted

TITLE = "No column that a rule removes, moves or replaces stands in the target's table."
SOURCE = "select v.key, false as is_there from (values {}) as v (key)"
TARGET = """
    select v.key, a.attname is not null as is_there
    from (values {}) as v (key, relation, name)
    left join pg_catalog.pg_attribute as a
        on a.attrelid = to_regclass(v.relation) and a.attname = v.name and not a.attisdropped
"""


def comparisons(facts: Facts) -> list[Comparison]:
    """One of all tables."""
    columns = sorted(_columns(facts))
    keys = ", ".join(f"({literal(f'{table}.{column}')})" for table, column in columns)
    values = ", ".join(
        f"({literal(f'{table}.{column}')}, {literal(quoted(facts.target.schema, table))}, {literal(column)})"
        for table, column in columns
    )
    return [Comparison("law/columns/left_behind", "law", "", None, TITLE, SOURCE.format(keys), TARGET.format(values))]


def _columns(facts: Facts) -> set[tuple[str, str]]:
    """(final table, column) of everything that leaves."""
    found = set()
    for table, rule in facts.mapping.tables.items():
        final = facts.final(table)
        found |= {(final, column) for column in [*rule.removed, *rule.becomes]}
        found |= {(final, column) for column in (rule.split.columns if rule.split else ())}
        if rule.completed_from:
            found |= {(facts.final(rule.completed_from.table), column) for column in rule.completed_from.columns}
    return found
