"""Rules about notifications, e-mails and support tickets."""

from checks.expectations.rule import Rule, orphans
from checks.verdict import CRITICAL, INFO, WARNING

RULES = (
    orphans("notifications", "user_id", "users", "user", "a notification goes to a user that is there", CRITICAL),
    Rule(
        "notifications",
        "activity",
        "the activity behind a notification is in the audit log",
        WARNING,
        reads={"notifications": "id activity_log_id", "audit_logs": "id"},
        broken="select n.id from {batch} n left join audit_logs l on concat(l.id) = concat(n.activity_log_id) "
        "where n.activity_log_id is not null and l.id is null",
    ),
    Rule(
        "notifications",
        "read-after-created",
        "a notification is read after it was made",
        INFO,
        reads={"notifications": "id created_at:time read_at:time"},
        broken="select id from {batch} where read_at < created_at",
    ),
    Rule(
        "email_logs",
        "sent-at",
        "an e-mail that was delivered has the time it was sent",
        INFO,
        reads={"email_logs": "id status sent_at"},
        broken="select id from {batch} where lower(concat(status)) in ('sent', 'delivered') and sent_at is null",
    ),
    orphans("email_logs", "user_id", "users", "user", "an e-mail's user is there", CRITICAL),
    orphans("support_tickets", "user_id", "users", "user", "a ticket's user is there", CRITICAL),
    Rule(
        "support_tickets",
        "closed-at",
        "a closed ticket has the time it was closed",
        INFO,
        reads={"support_tickets": "id status closed_at"},
        broken="select id from {batch} where lower(concat(status)) = 'closed' and closed_at is null",
    ),
    orphans("support_ticket_messages", "ticket_id", "support_tickets", "ticket", "a message has its ticket", CRITICAL),
    Rule(
        "support_ticket_messages",
        "body",
        "a message says something",
        WARNING,
        reads={"support_ticket_messages": "id body"},
        broken="select id from {batch} where body is not null and btrim(concat(body)) = ''",
    ),
)
