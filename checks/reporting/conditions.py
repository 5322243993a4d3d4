"""Conditions on which a report's headline and its next steps depend."""

from checks.verdict import Json

AWAITING = "awaiting"  # the state of a run that a person has to approve
NOTHING_THERE = "published"  # the check that fails where a verification finds nothing to judge


def closing(report: Json, group: str) -> list[Json]:
    return [check for check in report["checks"] if check["closes"] and check["group"] == group]


def unbalanced(report: Json) -> list[Json]:
    return [row for row in report["tables"] if not row.get("balanced")]


def is_shut(report: Json) -> bool:
    """Whether a check keeps the gate closed."""
    return any(check["closes"] for check in report["checks"])


def is_awaiting(report: Json) -> bool:
    return report["kind"] in ("migrate", "cutover") and report["state"] == AWAITING


def is_about_nothing(report: Json) -> bool:
    return any(check["name"] == NOTHING_THERE and check["closes"] for check in report["checks"])


def is_quick_look(report: Json) -> bool:
    """Whether the verification was asked to leave something out."""
    made = report["verification"]
    return made is not None and (made["level"] not in ("full", None) or made["sample"] is not None)
