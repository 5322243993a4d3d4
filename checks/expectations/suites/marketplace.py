"""Rules about jobs and applications, leads and answers, and reviews."""

from checks.expectations.rule import Rule, orphans
from checks.verdict import CRITICAL, INFO, WARNING

RULES = (
    orphans("job_applications", "job_id", "jobs", "job", "an application belongs to a job", CRITICAL),
    Rule(
        "job_applications",
        "applicant",
        "an application comes from a job seeker's profile",
        WARNING,
        reads={"job_applications": "id job_seeker_profile_id", "user_role_profiles": "id role"},
        broken="select a.id from {batch} a "
        "left join user_role_profiles p on concat(p.id) = concat(a.job_seeker_profile_id) "
        "where a.job_seeker_profile_id is not null and p.role is distinct from 'job_seeker'",
    ),
    orphans("lead_requests", "lead_id", "leads", "lead", "a request belongs to a lead", CRITICAL),
    orphans(
        "lead_requests",
        "user_role_profile_id",
        "user_role_profiles",
        "profile",
        "a request comes from a profile that is there",
        CRITICAL,
    ),
    Rule(
        "lead_requests",
        "quoted-price",
        "a quoted price is not negative",
        WARNING,
        reads={"lead_requests": "id quoted_price:number"},
        broken="select id from {batch} where quoted_price::numeric < 0",
    ),
    orphans("leads", "user_id", "users", "user", "a lead comes from a user that is there", CRITICAL),
    Rule(
        "leads",
        "budget",
        "a budget begins below its end",
        WARNING,
        reads={"leads": "id budget_min:number budget_max:number"},
        broken="select id from {batch} where budget_min::numeric > budget_max::numeric",
    ),
    Rule(
        "jobs",
        "expires-after-published",
        "a job expires after it was published",
        INFO,
        reads={"jobs": "id published_at:time expires_at:time"},
        broken="select id from {batch} where expires_at < published_at",
    ),
    Rule(
        "reviews",
        "rating",
        "a rating is a number from 1 to 5",
        WARNING,
        reads={"reviews": "id rating:number"},
        broken="select id from {batch} where rating::numeric not between 1 and 5",
    ),
    orphans(
        "review_display_settings",
        "review_id",
        "reviews",
        "review",
        "display settings belong to a review",
        CRITICAL,
        "review_id",
    ),
)
