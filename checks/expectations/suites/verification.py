"""Rules about verification requests, their documents, and the decisions on profiles."""

from checks.expectations.rule import Rule, orphans
from checks.verdict import CRITICAL, INFO, WARNING

REQUESTS, DOCUMENTS, APPROVALS = "verification_requests", "verification_documents", "approval_requests"
ROOT = "user_role_profiles"

RULES = (
    Rule(
        REQUESTS,
        "same-user",
        "a request and its profile have the same user",
        CRITICAL,
        reads={REQUESTS: "id user_id user_role_profile_id", ROOT: "id user_id"},
        broken=f"select r.id from {{batch}} r join {ROOT} p on p.id = r.user_role_profile_id "
        "where p.user_id <> r.user_id",
    ),
    Rule(
        REQUESTS,
        "same-role",
        "a request and its profile have the same role",
        CRITICAL,
        reads={REQUESTS: "id role user_role_profile_id", ROOT: "id role"},
        broken=f"select r.id from {{batch}} r join {ROOT} p on p.id = r.user_role_profile_id where p.role <> r.role",
    ),
    Rule(
        REQUESTS,
        "reviewed-at",
        "a request that was decided has the time of its review",
        WARNING,
        reads={REQUESTS: "id status reviewed_at"},
        broken="select id from {batch} where status in ('APPROVED', 'REJECTED') and reviewed_at is null",
    ),
    Rule(
        REQUESTS,
        "reviewed-after-submitted",
        "a request is reviewed after it was submitted",
        INFO,
        reads={REQUESTS: "id submitted_at reviewed_at"},
        broken="select id from {batch} where reviewed_at < submitted_at",
    ),
    Rule(
        REQUESTS,
        "approval",
        "an onboarding of a profile that reached review has its approval request",
        WARNING,  # a verification may be called an onboarding, too, and has none
        reads={
            REQUESTS: "id request_type status user_role_profile_id",
            APPROVALS: "verification_request_id user_role_profile_id",
        },
        broken=f"select r.id from {{batch}} r left join {APPROVALS} a on a.verification_request_id = r.id "
        "where r.request_type = 'onboarding' and r.status not in ('DRAFT', 'CANCELLED') "
        "and r.user_role_profile_id is not null and a.user_role_profile_id is null",
    ),
    orphans(DOCUMENTS, "verification_request_id", REQUESTS, "request", "a document belongs to a request", CRITICAL),
    Rule(
        DOCUMENTS,
        "file-url",
        "a document says where its file is",
        WARNING,
        reads={DOCUMENTS: "id file_url"},
        broken="select id from {batch} where btrim(file_url) = ''",
    ),
    Rule(
        APPROVALS,
        "decided-at",
        "a decision has its time",
        WARNING,
        reads={APPROVALS: "id status decided_at"},
        broken="select id from {batch} where status in ('APPROVED', 'REJECTED') and decided_at is null",
    ),
    Rule(
        APPROVALS,
        "same-profile",
        "an approval request and its verification request are about the same profile",
        CRITICAL,
        reads={APPROVALS: "id user_role_profile_id verification_request_id", REQUESTS: "id user_role_profile_id"},
        broken=f"select a.id from {{batch}} a join {REQUESTS} r on r.id = a.verification_request_id "
        "where r.user_role_profile_id is distinct from a.user_role_profile_id",
    ),
    Rule(
        APPROVALS,
        "same-status",
        "an approval request and its verification request have the same status",
        WARNING,
        reads={APPROVALS: "id status verification_request_id", REQUESTS: "id status"},
        broken=f"select a.id from {{batch}} a join {REQUESTS} r on r.id = a.verification_request_id "
        "where r.status <> a.status",
    ),
    orphans(
        "verification_logs", "verification_request_id", REQUESTS, "request", "an entry belongs to a request", CRITICAL
    ),
)
