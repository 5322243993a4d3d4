"""Expectation suites: what must hold in the target, whoever filled it, one module per domain.

Laws
- Expectations that follow from the declared tables and the mapping are generated; all others are written rules. Both
  name the table, the severity and, in a sentence, what is expected.
- A rule says which columns it reads. Where a database lacks one, the rule is reported as not looked at, never passed.
- A rule's SQL selects the keys of the rows that break it, and no other value of them.
- Promises of the migration itself are critical; findings about the data that it was given are warnings or info.
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
