"""The words of a report: its groups of checks, their kinds, the outcomes of rows, and counts in words."""

from collections.abc import Sequence

from checks.verdict import Json

# Group of checks: its heading, and what it is about.
GROUPS = {
    "failure": (
        "What failed",
        "The data is not as the rule says. Each of these keeps the gate closed unless it is waived.",
    ),
    "error": (
        "What could not be checked",
        "These checks broke off, so nothing is known; what is not known counts as not right.",
    ),
    "stale": (
        "What could not be compared",
        "Something was written here since, or is gone, and differs from what the migration made: neither passed nor "
        "failed. Whatever else these checks looked at is equal.",
    ),
    "warning": ("Warnings", "Worth knowing; they do not keep anything from being published."),
    "passed": ("What passed", ""),
}
OF_VERIFICATION = {  # the same once no gate is before what is judged
    "failure": "The data is not as the rule says. Each of these makes the verification fail unless it is waived.",
    "warning": "Worth knowing; they do not make the verification fail.",
}
KINDS = {
    "approval": "a person has approved this build",
    "balance": "every legacy row has exactly one outcome",
    "content": "what arrives unchanged is equal on both sides, row by row",
    "law": "the rules of reshaping hold, row by row",
    "books": "rejected, merged and noted rows agree with the source",
    "catalog": "tables, constraints, indexes and sequences are as declared",
    "money": "sums per currency agree to the last digit",
    "suite": "expectations on the new schema itself",
    "policy": "what the profile allows",
    "rehearsal": "every write that was acknowledged in a rehearsed cut-over is in the build, and none came after it",
    "seal": "nobody has changed the build, its archive or its books since it was verified",
    "verification": "the build was verified as a whole",
}
BREAKS = "breaks the rule"  # what is wrong with a row that is named under its rule
TOLERANCE, SOURCE_CHANGED = "tolerance/", "source/changed"
OUTCOMES = {
    "loaded": "stands in the new schema",
    "merged": "became part of another row",
    "rejected": "left out, for the reason given; kept in migration.rejects",
    "archived": "kept as it was, in the schema legacy_archive",
}


def about(group: str, report: Json) -> str:
    """A sentence on what a group of checks is about; blank if its heading is enough."""
    text = GROUPS[group][1]
    return OF_VERIFICATION.get(group, text) if report["kind"] == "verify" else text


def said(row: Json) -> str:
    """What is wrong with a row; nothing where that is what the heading says already."""
    return "" if row["what"] == BREAKS else row["what"]


def row_text(row: Json) -> str:
    """A row that a check names, on one line."""
    return " ".join(filter(None, (said(row), row["key"], ", ".join(row["columns"]))))


def title_of_gate(gate: Json) -> str:
    """The rule behind a gate that is no check of the verification's, as a sentence."""
    if gate["check_name"].startswith(TOLERANCE):
        return "no more rows are rejected for a reason than the profile tolerates"
    if gate["check_name"] == SOURCE_CHANGED:
        return "the source stood still while it was read"
    return KINDS.get(gate["kind"], "held when this build was judged before")


def unnamed(count: int, named: int) -> str:
    """The phrase about rows that are counted but not named; blank if there are none."""
    if count <= 0:
        return ""
    return (
        f"and {some(count, 'more row')}, not named here" if named else f"{some(count, 'row')}, none of them named here"
    )


def some(count: int, what: str) -> str:
    """1 row, 2 rows."""
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


def joined(parts: Sequence[str]) -> str:
    return " and ".join(parts) if len(parts) < 3 else f"{', '.join(parts[:-1])} and {parts[-1]}"
