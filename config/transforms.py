"""What each transform reads, by the name under which the mapping calls it.

The functions themselves stand in transforms/; a test tries each on exactly what is said here, and on less.
"""

from dataclasses import dataclass

FIXED = ("id", "user_id", "created_at", "updated_at")  # rule columns of every transform


@dataclass(frozen=True)
class Reads:
    """columns: rule columns beside the fixed ones; lookups: what it must know beyond its rows."""

    columns: tuple[str, ...] = ()
    lookups: tuple[str, ...] = ()


_OF_PROFILE = ("display_name", "bio", "location", "status", "rejection_reason", "approved_at")
TRANSFORMS = {
    "profiles": Reads(_OF_PROFILE, ("claimed_ids", "roles")),
    "professionals": Reads(
        ("role", *_OF_PROFILE), ("profiles", "rejected_profiles", "taken_ids", "siblings", "roles")
    ),
    "owned_by_profile": Reads(("professional_id",), ("professionals", "profiles", "profile_aliases")),
    "onboarding_submissions": Reads(
        ("role", "status", "payload", "submitted_at", "reviewed_by", "reviewed_at", "rejection_reason"), ("profiles",)
    ),
    "onboarding_states": Reads(
        ("role", "completed", "is_completed", "is_complete", "completed_at", "status"), ("submissions", "profiles")
    ),
    "verifications": Reads(
        ("type", "status", "verified_by", "verified_at", "rejection_reason", "payload", "submitted_at", "role"),
        ("submission_ids", "profiles"),
    ),
    "submission_documents": Reads(("submission_id", "document_type", "file_url", "status")),
    "orders": Reads(
        ("amount", "currency", "status", "package_id", "gateway", "gateway_reference"), ("payment_parts", "gateways")
    ),
    "kb_articles": Reads(("category_id",)),
    "kb_sections": Reads(),
    "activity_logs": Reads(
        ("action", "entity_type", "entity_id", "ip_address", "user_agent", "metadata"), ("repeated_ids",)
    ),
}  # fmt: skip
