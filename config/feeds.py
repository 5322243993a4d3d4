"""What columns of the declared tables hold, where their foreign keys do not say it.

The engine and the auditor both read it; what follows for types and constraints, each decides with its own code.
"""

# (declared table, column) → the legacy table and rule column whose values it holds, not ids of the table it points at.
FED_BY = {
    ("orders", "coupon_id"): ("coupon_uses", "coupon_id"),
    ("order_items", "pricing_package_id"): ("payments", "package_id"),
}
# Declared table → its column that names who decided: a user or an employee, so that no foreign key can be declared.
ACTORS = {"verification_requests": "reviewed_by", "approval_requests": "decided_by"}
REVIEWERS = (("onboarding_submissions", "reviewed_by"), ("verifications", "verified_by"))  # what fills these columns
# What fills a column, in words, where no single legacy column does; by final names.
BY_RULE = {
    ("user_role_profiles", "role"): "the role of its legacy table",
    ("user_role_profiles", "role_id"): "the row of roles that its role names",
    ("verification_requests", "user_role_profile_id"): "the profile of its user and role",
    ("verification_requests", "request_type"): "'onboarding' of submissions and states",
    ("verification_requests", "status"): "'DRAFT' of states",
    ("approval_requests", "user_role_profile_id"): "the profile of its user and role",
    ("approval_requests", "verification_request_id"): "the request that it decides",
    ("audit_log_changes", "audit_log_id"): "the audit log that tells of it",
    ("review_display_settings", "review_id"): "reviews.id",
    ("coupon_redemptions", "order_id"): "the order of the payment that the use names",
    ("kb_articles", "section_id"): "the section of the article's category",
    ("user_settings", "preferences"): "settings found on users",
}
