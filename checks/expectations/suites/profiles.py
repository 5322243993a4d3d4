"""Rules about profiles: one root per user and role, with one row in the extension table of that role."""

from checks.expectations.rule import Rule
from checks.verdict import CRITICAL, INFO, WARNING
from config import mapping

ROOT = "user_role_profiles"
ROLES = mapping.load().roles


def _extended() -> Rule:
    """Each root has its extension row, in the table of its role and in no other."""
    listed = " union all ".join(
        f"select user_role_profile_id as root, '{role}' as role from {table}" for role, table in ROLES.items()
    )
    return Rule(
        ROOT,
        "extension",
        "every root has one extension row, in the table of its role",
        CRITICAL,
        reads={ROOT: "id role"} | dict.fromkeys(ROLES.values(), "user_role_profile_id"),
        broken=f"select p.id from {{batch}} p left join ({listed}) e on e.root = p.id and e.role = p.role "
        "group by p.id having count(e.root) <> 1",
    )


def _rooted(role: str, table: str) -> Rule:
    return Rule(
        table,
        "root",
        f"every extension row has a root, and its role is {role}",
        CRITICAL,
        reads={table: "id user_role_profile_id", ROOT: "id role"},
        broken=f"select e.id from {{batch}} e left join {ROOT} p on p.id = e.user_role_profile_id "
        f"where p.role is distinct from '{role}'",
    )


RULES = (
    Rule(
        ROOT,
        "approved-at",
        "an approved profile has the time of its approval",
        WARNING,
        reads={ROOT: "id status approved_at"},
        broken="select id from {batch} where status = 'APPROVED' and approved_at is null",
    ),
    Rule(
        ROOT,
        "rejection-reason",
        "a rejected profile has the reason",
        INFO,
        reads={ROOT: "id status rejection_reason"},
        broken="select id from {batch} where status = 'REJECTED' and btrim(coalesce(rejection_reason, '')) = ''",
    ),
    Rule(
        ROOT,
        "user",
        "a profile belongs to a user that is there",
        CRITICAL,
        reads={ROOT: "id user_id", "users": "id"},
        broken="select p.id from {batch} p left join users u on u.id = p.user_id where u.id is null",
    ),
    _extended(),
    *(_rooted(role, table) for role, table in ROLES.items()),
)
