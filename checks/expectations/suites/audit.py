"""Rules about audit logs and the changes of their fields."""

from checks.expectations.rule import Rule, orphans
from checks.verdict import CRITICAL, INFO, WARNING

LOGS, CHANGES = "audit_logs", "audit_log_changes"

RULES = (
    orphans(LOGS, "actor_user_id", "users", "actor", "whoever acted is a user that is there", CRITICAL),
    Rule(
        LOGS,
        "action",
        "an entry says what was done",
        WARNING,
        reads={LOGS: "id action"},
        broken="select id from {batch} where btrim(coalesce(action, '')) = ''",
    ),
    Rule(
        LOGS,
        "created-at",
        "nothing was done in the future",
        INFO,
        reads={LOGS: "id created_at"},
        broken="select id from {batch} where created_at > now()",
    ),
    orphans(CHANGES, "audit_log_id", LOGS, "log", "a change belongs to an entry", CRITICAL),
    Rule(
        CHANGES,
        "differs",
        "a change has two values that differ",
        CRITICAL,
        reads={CHANGES: "id old_value new_value"},
        broken="select id from {batch} where old_value is not distinct from new_value",
    ),
    Rule(
        CHANGES,
        "field-once",
        "a field changes once in an entry",
        CRITICAL,
        reads={CHANGES: "audit_log_id field_name"},
        broken="select audit_log_id from {batch} group by audit_log_id, field_name having count(*) > 1",
    ),
)
