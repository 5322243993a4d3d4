"""How many rows each table of the target should have, counted on the source: what the suites are given as parameters.

Law: a table that is not here is counted by the laws about it, row by row.
"""

from collections.abc import Callable

import psycopg

from checks.compare.law_files import Prelude
from checks.reading.facts import Facts
from checks.reading.statements import one_value
from config.postgres.quoting import quoted

# Target tables → the relation's rows that they should have one of each, and the law that compares these.
ORDERS = "law/order_items/items"
MADE = {
    ("orders", "order_items", "payment_transactions"): ("select count(*) from ordered where hindrance is null", ORDERS),
    ("audit_logs",): ("select count(*) from activity_logs where rejected is null", ""),
    ("verification_documents",): ("select count(*) from submission_documents where rejected is null", ""),
}
EMPTY = ("tax_rules", "kb_article_feedback", "kb_article_related")
CREATED = "select role_key, count(*) from professional where outcome = 'created' and rejected is null group by 1"


def rows(
    facts: Facts, prelude: Prelude, source: psycopg.Connection, known: Callable[[str], int | None]
) -> dict[str, int]:
    """Target table → rows. Reads the source alone. known: how many rows of the source a law has compared, if that is
    known."""
    found = dict.fromkeys(EMPTY, 0) | _kept(facts, source)
    for tables, (query, law) in MADE.items():
        count = known(law) if law else None
        asked = prelude.of_source(query)[0]
        found |= dict.fromkeys(tables, one_value(source, int, asked) if count is None else count)
    roots = _roots(facts, prelude, source)
    return found | roots | {facts.mapping.profile_root: sum(roots.values())}


def _kept(facts: Facts, source: psycopg.Connection) -> dict[str, int]:
    """Of tables that keep their shape, the source's rows that were not rejected. user_settings gets rows of users, too,
    and is left to its law."""
    kept = [name for name, how in facts.treatments.items() if how in ("copy", "keep") and name != "user_settings"]
    return {facts.final(table): _staying(facts, source, table) for table in kept}


def _roots(facts: Facts, prelude: Prelude, source: psycopg.Connection) -> dict[str, int]:
    """Of profile tables: profiles that were not rejected, and what professionals created."""
    there = {role: table for role, table in facts.mapping.roles.items() if facts.treatments.get(table) == "reshape"}
    asked = prelude.together([CREATED], is_source=True) + CREATED
    created: dict[str, int] = dict(source.execute(asked).fetchall())
    found = {role: _staying(facts, source, table) for role, table in there.items()}
    return {table: found.get(role, 0) + created.get(role, 0) for role, table in facts.mapping.roles.items()}


def _staying(facts: Facts, source: psycopg.Connection, table: str) -> int:
    count = one_value(source, int, f"select count(*) from {quoted(facts.source.schema, table)}")
    return count - len(facts.books.rejected.get(table, {}))
