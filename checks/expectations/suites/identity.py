"""Rules about accounts, their settings and their roles."""

from checks.expectations.rule import Rule, orphans
from checks.verdict import CRITICAL, INFO, WARNING

RULES = (
    Rule(
        "users",
        "settings",
        "every user has a row of settings",
        CRITICAL,
        reads={"users": "id", "user_settings": "user_id"},
        broken="select u.id from {batch} u left join user_settings s on s.user_id = u.id where s.user_id is null",
        links={"user_settings.user_id": "users"},
    ),
    Rule(
        "users",
        "email-at",
        "an e-mail address has an @ with something on both sides",
        INFO,
        reads={"users": "id email"},
        broken="""select id from {batch} where concat(email) collate "C" !~ '^[^@]+@[^@]+$'""",
    ),
    orphans(
        "user_settings", "user_id", "users", "user", "settings belong to a user that is there", CRITICAL, "user_id"
    ),
    orphans("refresh_tokens", "user_id", "users", "user", "a token belongs to a user that is there", CRITICAL),
    orphans("user_roles", "user_id", "users", "user", "a role is held by a user that is there", CRITICAL, "user_id"),
    orphans("user_roles", "role_id", "roles", "role", "a role that is held is there", CRITICAL, "user_id"),
    orphans("role_permissions", "role_id", "roles", "role", "permissions belong to a role", CRITICAL, "role_id"),
    Rule(
        "employees",
        "hired-before-left",
        "nobody leaves before being hired",
        WARNING,
        reads={"employees": "id hired_on:time left_on:time"},
        broken="select id from {batch} where left_on < hired_on",
    ),
)
