"""How many rows each table of the target should have, counted on the source: what the suites are given as parameters.

Law: a table that is not here is counted by the laws about it, row by row.
"""

import psycopg

from checks.compare.law_files import Prelude
from checks.reading.facts import Facts
from checks.reading.statements import one_value
from config.postgres.quoting import quoted

# Target tables → the relation's rows that they should have one of each.
MADE = {
    ("orders", "order_items", "payment_transactions"): "select count(*) from ordered where hindrance is null",
    ("audit_logs",): "select count(*) from activity_logs where rejected is null",
    ("verification_documents",): "select count(*) from submission_documents where rejected is null",
}
EMPTY = ("tax_rules", "kb_article_feedback", "kb_article_related")
ROOTS = "select role, count(*) from root group by role"


def rows(facts: Facts, prelude: Prelude, source: psycopg.Connection) -> dict[str, int]:
    """Target table → rows. Reads the source alone."""
    found = dict.fromkeys(EMPTY, 0) | _kept(facts, source)
    for tables, query in MADE.items():
        found |= dict.fromkeys(tables, one_value(source, int, prelude.of_source(query)[0]))
    roots: dict[str, int] = dict(source.execute(prelude.of_source(ROOTS)[0]).fetchall())
    found |= {table: roots.get(role, 0) for role, table in facts.mapping.roles.items()}
    return found | {facts.mapping.profile_root: sum(roots.values())}


def _kept(facts: Facts, source: psycopg.Connection) -> dict[str, int]:
    """Of tables that keep their shape, the source's rows that were not rejected. user_settings gets rows of users, too,
    and is left to its law."""
    found = {}
    for table, treatment in facts.treatments.items():
        if treatment in ("copy", "keep") and table != "user_settings":
            count = one_value(source, int, f"select count(*) from {quoted(facts.source.schema, table)}")
            found[facts.final(table)] = count - len(facts.books.rejected.get(table, {}))
    return found
