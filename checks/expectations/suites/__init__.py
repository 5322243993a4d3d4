"""Expectation suites: what must hold in the target whoever filled it, one module per domain.

Laws
- What follows from the declared tables and the mapping is generated; what has a meaning of its own is a rule that
  somebody wrote down. Either names the table, the severity and, in a sentence, what is expected.
- A rule says which columns it reads. Where a database lacks one, the rule is reported as not looked at, never passed.
- A rule's SQL selects the keys of the rows that break it, and no other value of them.
- Critical is what the migration itself promises; warning and info are findings about the data it was given.
"""

from checks.expectations.rule import Rule
from checks.expectations.suites import (
    audit,
    communication,
    finance,
    identity,
    knowledge_base,
    marketplace,
    portfolio,
    profiles,
    verification,
)

BY_DOMAIN = {
    "identity": identity,
    "profiles": profiles,
    "portfolio": portfolio,
    "marketplace": marketplace,
    "verification": verification,
    "finance": finance,
    "communication": communication,
    "knowledge_base": knowledge_base,
    "audit": audit,
}


def rules() -> dict[str, list[Rule]]:
    """Target table → the rules about its rows, in the order of domains."""
    found: dict[str, list[Rule]] = {}
    for module in BY_DOMAIN.values():
        for rule in module.RULES:
            found.setdefault(rule.table, []).append(rule)
    return found
