"""What each transform reads and writes, by the name under which the mapping calls it.

The functions themselves stand in transforms/; a test tries each on exactly the columns and lookups that are named here,
and on less.
"""

from dataclasses import dataclass

FIXED = ("id", "user_id", "created_at", "updated_at")  # rule columns of every transform, and columns of what it makes


@dataclass(frozen=True)
class Signature:
    """columns: rule columns beside the fixed ones; lookups: what it must know beyond its rows.

    writes: columns beside the fixed ones that it fills in the table which takes carried columns.
    """

    columns: tuple[str, ...] = ()
    lookups: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()


_OF_PROFILE = ("display_name", "bio", "location", "status", "rejection_reason", "approved_at")
_REQUEST = (
    "user_role_profile_id", "role", "request_type", "status", "payload", "submitted_at", "reviewed_at", "reviewed_by",
    "rejection_reason",
)  # fmt: skip
TRANSFORMS = {
    "profiles": Signature(_OF_PROFILE, ("claimed_ids", "roles"), ("user_role_profile_id",)),
    "professionals": Signature(
        ("role", *_OF_PROFILE),
        ("profiles", "rejected_profiles", "taken_ids", "siblings", "roles"),
        ("role", "role_id", *_OF_PROFILE),
    ),
    "owned_by_profile": Signature(("professional_id",), ("professionals", "profiles", "profile_aliases")),
    "onboarding_submissions": Signature(
        ("role", "status", "payload", "submitted_at", "reviewed_by", "reviewed_at", "rejection_reason"),
        ("profiles",),
        _REQUEST,
    ),
    "onboarding_states": Signature(
        ("role", "completed", "is_completed", "is_complete", "completed_at", "status"), ("submissions", "profiles")
    ),
    "verifications": Signature(
        ("type", "status", "verified_by", "verified_at", "rejection_reason", "payload", "submitted_at", "role"),
        ("submission_ids", "profiles"),
        _REQUEST,
    ),
    "submission_documents": Signature(
        ("submission_id", "document_type", "file_url", "status"),
        writes=("verification_request_id", "document_type", "file_url", "status"),
    ),
    "orders": Signature(
        ("amount", "currency", "status", "package_id", "gateway", "gateway_reference"), ("payment_parts", "gateways")
    ),
    "kb_articles": Signature(("category_id",)),
    "kb_sections": Signature(),
    "activity_logs": Signature(
        ("action", "entity_type", "entity_id", "ip_address", "user_agent", "metadata"),
        ("repeated_ids",),
        ("actor_user_id", "action", "entity_type", "entity_id", "ip_address", "user_agent", "metadata"),
    ),
}
