"""Why a row may be rejected: the one list that engine, auditor and docs read.

Laws
- Code names a reason by this list, never by a text of its own. What is rejected by a constraint has the constraint's
  name as its reason; what that means, and what to do, follow from the constraint's kind.
- `transforms` are those whose rules reject for the reason. `is_general`: a row of any table may be rejected for it.
- A meaning is a sentence about the legacy row; a remedy says what to do so that the row arrives.
"""

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Reason:
    """name: as it stands in migration.rejects, and under [tolerance] of a profile."""

    name: str
    meaning: str
    remedy: str
    transforms: tuple[str, ...] = ()
    is_general: bool = False

    @property
    def told(self) -> dict[str, str]:
        return {"name": self.name, "meaning": self.meaning, "remedy": self.remedy}


UNKNOWN_STATUS = Reason(
    "unknown_status",
    "Its status is none of the known ones, nor one of their spellings; a submission or verification has none at all.",
    "Add the spelling to the status that it means, under [statuses] in config/mapping/common.toml, or mend the row.",
    ("profiles", "professionals", "onboarding_submissions", "verifications", "submission_documents"),
)
DUPLICATE_PROFILE = Reason(
    "duplicate_profile",
    "Its user has another profile of the same role that was updated later, or as late and with the higher id; that one "
    "stays, and what points at this one moves to it.",
    "Merge the two in the source, or tolerate so many: the row stands whole in migration.rejects.",
    ("profiles", "professionals"),
)
MISSING_ID = Reason(
    "missing_id",
    "It has no id, so nothing can be made of it or point at it.",
    "Give the row an id in the source.",
    ("professionals",),
)
AMBIGUOUS_PROFESSIONAL = Reason(
    "ambiguous_professional",
    "It names no usable role, and its user has several profiles of professional roles.",
    "Give the row a role in the source, or add the spelling of its role under [role_synonyms] in "
    "config/mapping/common.toml.",
    ("professionals",),
)
UNRESOLVABLE_PROFESSIONAL = Reason(
    "unresolvable_professional",
    "It names no usable role, and its user has no profile of a professional role.",
    "Give the row a role in the source, or add the spelling of its role under [role_synonyms] in "
    "config/mapping/common.toml.",
    ("professionals",),
)
ORPHAN_PROFESSIONAL = Reason(
    "orphan_professional",
    "Its professional_id names no single professional or profile, or is null while its user has not exactly one "
    "profile of a professional role.",
    "Set professional_id, or user_id where it is null, in the source.",
    ("owned_by_profile",),
)
PARENT_REJECTED = Reason(
    "parent_rejected",
    "A row that it belongs to was rejected.",
    "Mend that row: this one follows it.",
    ("professionals", "owned_by_profile"),
    is_general=True,
)
INVALID_VALUE = Reason(
    "invalid_value",
    "A value of it does not fit the type of its column in the target.",
    "Mend the value in the source; the detail names the column.",
    is_general=True,
)

ALL = (
    UNKNOWN_STATUS, DUPLICATE_PROFILE, MISSING_ID, AMBIGUOUS_PROFESSIONAL, UNRESOLVABLE_PROFESSIONAL,
    ORPHAN_PROFESSIONAL, PARENT_REJECTED, INVALID_VALUE,
)  # fmt: skip
BY_NAME = {reason.name: reason for reason in ALL}

# Kind of a constraint (pg_constraint.contype, i: a unique index without one) → what its name means as a reason.
OF_CONSTRAINTS = {
    "n": Reason("not null", "A column that must have a value is null.", "Give it one in the source."),
    "c": Reason("check", "A check of the target does not hold.", "Mend the values in the source."),
    "f": Reason(
        "foreign key",
        "It points at a row that is not there, and may not stand without it.",
        "Mend the reference in the source, or put the missing row there.",
    ),
    "p": Reason(
        "primary key",
        "Another row that stays has the same key.",
        "Give one of the two another key in the source, or delete it there.",
    ),
    "u": Reason(
        "unique",
        "Another row that stays has the same values.",
        "Change or delete one of the two in the source.",
    ),
    "i": Reason(
        "unique index",
        "Another row that stays has the same values.",
        "Change or delete one of the two in the source.",
    ),
    "x": Reason(
        "exclusion",
        "Another row that stays is in its way, such as one whose period overlaps.",
        "Change or delete one of the two in the source.",
    ),
}
UNNAMED = Reason(
    "a constraint",
    "It violates the constraint of this name in the target.",
    "Read the row's detail in migration.rejects, and mend the row in the source.",
)


def of_constraint(kind: str, name: str) -> Reason:
    """The reason of what a constraint rejects. kind: as in OF_CONSTRAINTS."""
    return replace(OF_CONSTRAINTS[kind], name=name)


def of_name(name: str) -> Reason:
    """The reason of this name; for a constraint of unknown kind, one that holds for all of them."""
    return BY_NAME.get(name) or replace(UNNAMED, name=name)


def of_transforms(transforms: set[str]) -> list[Reason]:
    """Those for which the rules of these transforms reject, in the list's order."""
    return [reason for reason in ALL if transforms & set(reason.transforms)]
