"""The rehearsal of a cut-over, as a cut-over is held to it: the latest certificate that has one.

Laws
- A profile that requires a rehearsal's certificate requires one of the cut-over, from which nothing differs now.
- Under any other what is missing or differs is told, and no more. So is a rehearsed pause beyond the budget.
"""

from collections.abc import Callable, Mapping
from typing import Any

import psycopg

from config.errors import PlanRefused
from config.settings import Settings
from engine.gates import certificate as certificates
from engine.gates.certificate import Certificate
from engine.planning.plan import Plan


def latest(conn: psycopg.Connection, source_schema: str) -> Certificate | None:
    """The last one that was issued in this target for a source schema of this name, and rehearsed its cut-over."""
    return certificates.latest(conn, source_schema, of_cutover=True)


def hold_to(
    conn: psycopg.Connection, settings: Settings, plan: Plan, budget: float, tell: Callable[[str], object]
) -> Certificate | None:
    """The rehearsal of what is to be cut over, with all that a person should know of it told.

    Errors: PlanRefused, where the profile requires one, and there is none, or another.
    """
    found, parts = latest(conn, settings.source_schema), certificates.stated(plan, settings)
    if refused := faults(settings, found, parts):
        raise PlanRefused(refused)
    for remark in remarks(settings, found, parts, budget):
        tell(remark)
    return found


def faults(settings: Settings, found: Certificate | None, parts: Mapping[str, Any]) -> list[str]:
    """Why a cut-over may not begin, one sentence each. parts: of now, as far as they are known."""
    said = _differs(settings, found, parts)
    again = f"`nxtgauge-migrate {certificates.profiled(settings)}rehearse --cutover --refresh` rehearses it"
    return [*said, again] if said and settings.require_certificate else []


def remarks(settings: Settings, found: Certificate | None, parts: Mapping[str, Any], budget: float) -> list[str]:
    """What a person should know before a cut-over that may begin, one sentence each."""
    said = [] if settings.require_certificate else _differs(settings, found, parts)
    if found and (seconds := found.parts["cutover"]["pause_seconds"]) > budget:
        said.append(
            f"rehearsed in run {found.run_id}, the pause was {seconds:.1f} s, and the budget is {budget:g} s: allow "
            "more (--budget), or take an hour with fewer writes"
        )
    return said


def _differs(settings: Settings, found: Certificate | None, parts: Mapping[str, Any]) -> list[str]:
    """That it was not rehearsed, or how it differs from what was."""
    if found is None:
        required = f"profile {settings.profile} requires that it was, and " if settings.require_certificate else ""
        return [f"this cut-over was not rehearsed: {required}this target has no certificate of a rehearsed cut-over of "
                f"source schema {settings.source_schema}"]  # fmt: skip
    return [f"not as rehearsed by run {found.run_id}: {each}" for each in certificates.drift(found.parts, parts)]
