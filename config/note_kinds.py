"""What a note may say of a row that arrived, but not quite as it was: the one list that engine, auditor and docs read.

Laws
- Only `saying` makes a Note, so that code can note nothing but these kinds; the type checker enforces it.
- A form is how the note is written; its words in capitals differ from note to note.
- A meaning says what became of the value; a remedy says what to do so that it arrives.
- `rules` are the transforms, and the keys of a table's mapping, that write such notes; without any, every table may.
"""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import NewType

Note = NewType("Note", str)  # as it stands in migration.notes
WORD = re.compile(r"\b[A-Z]{2,}\b")


@dataclass(frozen=True)
class NoteKind:
    form: str
    meaning: str
    remedy: str
    rules: tuple[str, ...] = ()

    @property
    def told(self) -> dict[str, str]:
        return {"note": self.form, "meaning": self.meaning, "remedy": self.remedy}

    def saying(self, *words: str) -> Note:
        """The note with these words in place of those in capitals. Errors: ValueError if there are not as many."""
        fixed = WORD.split(self.form)
        pairs = zip(fixed, (*words, ""), strict=True)
        return Note("".join(part + word for part, word in pairs))

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """What matches such a note whole, with a group for each word."""
        return re.compile("(.+?)".join(map(re.escape, WORD.split(self.form))), re.DOTALL)

    def says(self, note: str) -> bool:
        return self.pattern.fullmatch(note) is not None


ORPHAN = NoteKind(
    "orphan: no such row in TABLE",
    "A reference led nowhere and is null now; the note keeps its value.",
    "Put the missing row into the source, or set the reference to null there.",
)
NOT_MADE = NoteKind(
    "not_made: REASON: DETAIL",
    "The row is there; what should have been made of it beside is not.",
    "Do what is to be done about that reason: it stands above, or is a constraint's name.",
)
NO_USER = NoteKind(
    "order_not_made: no user",
    "The payment is there, without an order: it has no user.",
    "Set the payment's user_id in the source.",
    ("orders",),
)
NO_AMOUNT = NoteKind(
    "order_not_made: no amount",
    "The payment is there, without an order: it has no amount.",
    "Set the payment's amount in the source.",
    ("orders",),
)
UNKNOWN_ORDER_STATUS = NoteKind(
    "order_not_made: unknown status",
    "The payment is there, without an order: its status is none of an order, nor a spelling of one.",
    "Add the spelling to the status that it means, under [order_statuses] in config/mapping/common.toml.",
    ("orders",),
)
NO_CURRENCY = NoteKind(
    "order_not_made: currency is not three letters",
    "The payment is there, without an order: its currency is no code.",
    "Set the payment's currency to one such as EUR in the source.",
    ("orders",),
)
UNFIT_AMOUNT = NoteKind(
    "order_not_made: AMOUNT does not fit numeric(14,2)",
    "The payment is there, without an order: two decimals, or twelve digits before them, do not hold the amount.",
    "Mend the amount of the payment, its invoices or its coupon uses in the source.",
    ("orders",),
)
OUTDATED = NoteKind(
    "merged: another value, of a row updated later, stands",
    "A professional's value gave way to another's; the note keeps it.",
    "Nothing, if the later value is right; else mend that one in the source.",
    ("professionals",),
)
OVERRULED = NoteKind(
    "COLUMN differs and was not kept",
    "Two legacy columns become one, and both were set; the note keeps the value that gave way.",
    "Nothing, if the other value is right; else mend that one in the source.",
    ("coalesced",),
)
NO_PREFERENCES = NoteKind(
    "preferences are no object; it was not kept",
    "A setting of users could not be added to the preferences; the note keeps it.",
    "Make the user's preferences a JSON object in the source.",
    ("completed_from",),
)
UNFIT_SETTING = NoteKind(
    "does not fit user_settings.COLUMN and was not kept",
    "A setting of users is not of the type of its new column; the note keeps it.",
    "Mend the setting in the source.",
    ("completed_from",),
)
BLANK_TIME = NoteKind(
    "blank: no time",
    "A text where a time belongs is blank; the time is null.",
    "Nothing, or set the time in the source.",
)
UNKNOWN_ROLE = NoteKind(
    "unknown_role",
    "The request's role is none that is known; its role is null, and the note keeps what was said.",
    "Add the spelling of the role under [role_synonyms] in config/mapping/common.toml.",
    ("onboarding_submissions", "onboarding_states", "verifications"),
)
UNKNOWN_COMPLETION = NoteKind(
    "unknown_completion: COLUMN",
    "A state's completion says neither yes nor no, and counts as no.",
    "Mend the completion in the source.",
    ("onboarding_states",),
)
NO_PROFILE = NoteKind(
    "no_profile_for_approval",
    "The request is there, without an approval: its user has no profile of its role.",
    "Put the user's profile into the source, if there should be one.",
    ("onboarding_submissions",),
)
NO_CATEGORY = NoteKind(
    "no_category",
    "The article has no category, and so no section.",
    "Set the article's category_id in the source.",
    ("kb_articles",),
)
CHANGES_NOT_READ = NoteKind(
    "changes_not_read",
    "The metadata is nested too deeply to be read; it is carried, without rows of its changes.",
    "Nothing: the log has it whole.",
    ("activity_logs",),
)
NO_OBJECT = NoteKind(
    "metadata_no_object",
    "The metadata is JSON, but no object; it stands in one under legacy_metadata.",
    "Nothing: the log has it whole.",
    ("activity_logs",),
)
METADATA_NO_JSON = NoteKind(
    "metadata_no_json",
    "The metadata is no JSON; it stands as a text under legacy_metadata.",
    "Nothing: the log has it whole.",
    ("activity_logs",),
)
PAYLOAD_NO_JSON = NoteKind(
    "payload_no_json",
    "The payload is no JSON; it stands as a text under legacy_payload.",
    "Nothing: the request has it whole.",
    ("onboarding_submissions", "onboarding_states", "verifications"),
)

ALL = (
    ORPHAN, NOT_MADE, NO_USER, NO_AMOUNT, UNKNOWN_ORDER_STATUS, NO_CURRENCY, UNFIT_AMOUNT, OUTDATED, OVERRULED,
    NO_PREFERENCES, UNFIT_SETTING, BLANK_TIME, UNKNOWN_ROLE, UNKNOWN_COMPLETION, NO_PROFILE, NO_CATEGORY,
    CHANGES_NOT_READ, NO_OBJECT, METADATA_NO_JSON, PAYLOAD_NO_JSON,
)  # fmt: skip


def of_note(note: str) -> NoteKind | None:
    """The kind that a note is of."""
    return next((kind for kind in ALL if kind.says(note)), None)
