"""Onboarding, verifications and their documents: users' submissions, and the decisions on them.

Laws (contract, 4.5: onboarding, and 4.6)
- Every submission and verification becomes one verification_request; an onboarding that reached review also becomes one
  approval_request, which holds the decision.
- A request keeps its role even if its user has no profile of that role; an approval needs the profile.
- An onboarding state becomes a draft request, unless its user has submitted or it says that it is complete.
- A payload that jsonb does not take becomes an object with the text under `legacy_payload`, and is noted.
"""

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from config import note_kinds, reasons
from transforms import jsonb, steps
from transforms.outcome import NOTES, Outcome, Parameters

REQUESTS = "verification_requests"
APPROVALS = "approval_requests"
DOCUMENTS = "verification_documents"

LEGACY_PAYLOAD = "legacy_payload"  # a name in the payload

NOT_REVIEWED = ["DRAFT", "CANCELLED"]

_TRUE = frozenset({"true", "t", "yes", "y", "on", "1"})
_FALSE = frozenset({"false", "f", "no", "n", "off", "0"})
_COMPLETIONS = ["completed", "is_completed", "is_complete"]
_DONE = frozenset({"complete", "completed", "done", "finished"})  # of a state, beside what means APPROVED

_TIMES = ["created_at", "updated_at"]
_CARRIED = ["user_id", "reviewed_by", "reviewed_at", "rejection_reason", "submitted_at", *_TIMES]


def onboarding_submissions(rows: pd.DataFrame, parameters: Parameters, lookups: Mapping[str, pd.DataFrame]) -> Outcome:
    """One verification_request per submission, and one approval_request per submission that reached review.

    In: id, user_id, role, status, payload, submitted_at, reviewed_by, reviewed_at, rejection_reason, the times. Out:
    verification_requests (these columns, with user_role_profile_id and request_type) and approval_requests (id,
    user_role_profile_id, verification_request_id, status, decided_by, decided_at, rejection_reason, the times).
    Rejected: unknown_status, also without any status. Notes: unknown_role, payload_no_json, no_profile_for_approval.
    """
    typed = rows.assign(type=steps.constant("onboarding", rows.index))
    requests, outcome = _requests(typed, parameters, lookups)
    reviewed = requests.loc[~requests["status"].isin(NOT_REVIEWED)]
    homeless = reviewed.index[reviewed["user_role_profile_id"].isna()]
    approvals = _approvals(reviewed.drop(homeless), rows["id"], parameters.legacy_table)
    no_profile = steps.notes(homeless, APPROVALS, "user_role_profile_id", note_kinds.NO_PROFILE.saying(), None)
    return replace(
        outcome,
        frames={REQUESTS: requests, APPROVALS: approvals},
        notes=_in_order(outcome.notes, no_profile),
    )


def onboarding_states(rows: pd.DataFrame, parameters: Parameters, lookups: Mapping[str, pd.DataFrame]) -> Outcome:
    """A draft verification_request per state that is not complete and whose user has submitted nothing; others are
    archived.

    In: key, id, user_id, role, completed, is_completed, is_complete, completed_at, status, payload (the whole state),
    the times. Out: verification_requests (id, user_id, user_role_profile_id, role, request_type, status, payload, the
    times). Nothing is rejected. Notes: unknown_role, payload_no_json, unknown_completion (a text that says neither yes
    nor no).
    """
    kept = rows.loc[~_is_complete(rows, parameters) & ~_is_submitted(rows, lookups["submissions"], parameters)]
    legacy_id = steps.first_known(kept["id"], kept["key"])
    ids = steps.derived_ids(legacy_id, f"{REQUESTS}:{parameters.legacy_table}")
    role, profile_id = _role_and_profile(kept, parameters, lookups["profiles"])
    payload, no_json = _payloads(kept["payload"], is_json=True)
    drafts = steps.frame(
        kept.index,
        {"id": ids, "user_id": kept["user_id"], "user_role_profile_id": profile_id, "role": role}
        | {"request_type": "onboarding", "status": "DRAFT", "payload": payload}
        | {name: kept[name] for name in _TIMES},
    )
    return Outcome(
        frames={REQUESTS: drafts},
        id_map=steps.id_map(kept.index, legacy_id, REQUESTS, ids, "derived"),
        notes=_in_order(_unknown_roles(kept["role"], role), no_json, _unknown_completions(kept)),
    )


def verifications(rows: pd.DataFrame, parameters: Parameters, lookups: Mapping[str, pd.DataFrame]) -> Outcome:
    """One verification_request of its type per verification; an id that a submission holds is replaced.

    In: id, user_id, type, status, verified_by, verified_at, rejection_reason, payload, submitted_at, role, the times.
    Out: verification_requests, as of onboarding_submissions. Rejected: unknown_status, also without any status. Notes:
    unknown_role, payload_no_json.
    """
    review = {"reviewed_by": rows["verified_by"], "reviewed_at": rows["verified_at"]}
    _, outcome = _requests(rows.assign(**review), parameters, lookups, taken=lookups["submission_ids"]["id"])
    return outcome


def submission_documents(rows: pd.DataFrame, parameters: Parameters, lookups: Mapping[str, pd.DataFrame]) -> Outcome:
    """One verification_document per document of a submission.

    In: id, submission_id (the verification_request's), document_type, file_url, status, the times. Out:
    verification_documents (these columns; submission_id as verification_request_id). Rejected: unknown_status; a
    document without a status keeps none.
    """
    status, is_unknown = steps.statuses(rows["status"], parameters.statuses)
    kept = rows.loc[~is_unknown]
    ids = steps.target_id(kept["id"], parameters.legacy_table)
    carried = {name: kept[name] for name in ("document_type", "file_url", *_TIMES)}
    own = {"id": ids, "verification_request_id": kept["submission_id"], "status": status}
    return Outcome(
        frames={DOCUMENTS: steps.frame(kept.index, own | carried)},
        rejected=_unknown_statuses(rows["status"].loc[is_unknown], DOCUMENTS),
        id_map=_replaced_ids(kept["id"], ids, DOCUMENTS),
    )


def _requests(
    rows: pd.DataFrame, parameters: Parameters, lookups: Mapping[str, pd.DataFrame], taken: pd.Series | None = None
) -> tuple[pd.DataFrame, Outcome]:
    """(the verification_requests of all rows whose status is known, the outcome that holds them).

    In: id, user_id, role, type, status, payload, submitted_at, reviewed_by, reviewed_at, rejection_reason, the times.
    """
    status = steps.meant(rows["status"], parameters.statuses)
    kept = rows.loc[status.notna()]
    ids = steps.target_id(kept["id"], parameters.legacy_table, taken)
    role, profile_id = _role_and_profile(kept, parameters, lookups["profiles"])
    own = {"id": ids, "user_role_profile_id": profile_id, "role": role, "request_type": kept["type"], "status": status}
    carried = {name: kept[name] for name in _CARRIED}
    payload, no_json = _payloads(kept["payload"], "payload" in parameters.documents)
    requests = steps.frame(kept.index, {**own, **carried, "payload": payload})
    return requests, Outcome(
        frames={REQUESTS: requests},
        rejected=_unknown_statuses(rows["status"].loc[status.isna()], REQUESTS),
        id_map=_replaced_ids(kept["id"], ids, REQUESTS),
        notes=_in_order(_unknown_roles(kept["role"], role), no_json),
    )


def _approvals(requests: pd.DataFrame, legacy_id: pd.Series, legacy_table: str) -> pd.DataFrame:
    """The approval_requests of reviewed verification_requests, whose profiles are known."""
    renamed = {
        "user_role_profile_id": "user_role_profile_id",
        "verification_request_id": "id",
        "status": "status",
        "decided_by": "reviewed_by",
        "decided_at": "reviewed_at",
        "rejection_reason": "rejection_reason",
        "created_at": "created_at",
        "updated_at": "updated_at",
    }
    ids = steps.derived_ids(legacy_id.loc[requests.index], f"{APPROVALS}:{legacy_table}")
    return steps.frame(requests.index, {"id": ids} | {new: requests[old] for new, old in renamed.items()})


def _role_and_profile(
    rows: pd.DataFrame, parameters: Parameters, profiles: pd.DataFrame
) -> tuple[pd.Series, pd.Series]:
    """(role key or null, the profile of that role and user or null)."""
    role = steps.role_keys(rows["role"], parameters.role_keys)
    known = steps.paired(profiles["role"], profiles["user_id"])
    return role, steps.looked_up(steps.paired(role, rows["user_id"]), known, profiles["id"])


def _is_complete(rows: pd.DataFrame, parameters: Parameters) -> pd.Series:
    done = ~steps.is_blank(rows["completed_at"])
    for name in _COMPLETIONS:
        done |= steps.spelling(rows[name]).isin(_TRUE)
    meanings = {spelling: status for spelling, status in parameters.statuses.items() if status == "APPROVED"}
    meant = steps.meant(rows["status"], meanings | dict.fromkeys(_DONE, "APPROVED"))
    return done | meant.notna()


def _is_submitted(rows: pd.DataFrame, submissions: pd.DataFrame, parameters: Parameters) -> pd.Series:
    """Whether the state's user has submitted for its role; a state without a role is served by any submission."""
    role = _role_word(rows["role"], parameters)
    same_role = steps.paired(_role_word(submissions["role"], parameters), submissions["user_id"])
    by_role = steps.is_in(steps.paired(role, rows["user_id"]), same_role)
    return by_role | (role.isna() & steps.is_in(rows["user_id"], submissions["user_id"]))


def _role_word(role: pd.Series, parameters: Parameters) -> pd.Series:
    """The role key, else the role's spelling, else (no Latin letter in it) the role itself; null where blank."""
    spelling = steps.spelling(role)
    words = steps.first_known(steps.role_keys(role, parameters.role_keys), spelling.mask(spelling == ""), role)
    return words.mask(steps.is_blank(role))


def _unknown_roles(given: pd.Series, role: pd.Series) -> pd.DataFrame:
    unknown = given.index[role.isna() & ~steps.is_blank(given)]
    return steps.notes(unknown, REQUESTS, "role", note_kinds.UNKNOWN_ROLE.saying(), given)


def _unknown_completions(rows: pd.DataFrame) -> pd.DataFrame:
    parts = []
    for name in _COMPLETIONS:
        unknown = ~steps.spelling(rows[name]).isin(_TRUE | _FALSE) & ~steps.is_blank(rows[name])
        note = note_kinds.UNKNOWN_COMPLETION.saying(name)
        parts.append(steps.notes(rows.index[unknown], REQUESTS, None, note, rows[name]))
    return steps.joined(parts, NOTES)


def _unknown_statuses(status: pd.Series, target_table: str) -> pd.DataFrame:
    detail = steps.status_details(status).mask(steps.is_blank(status), "status is missing")
    return steps.rejects(status.index, target_table, reasons.UNKNOWN_STATUS, detail)


def _payloads(payload: pd.Series, is_json: bool) -> tuple[pd.Series, pd.DataFrame]:
    """The payloads, an empty object where there is none; and notes of those that were no JSON."""
    is_taken = jsonb.taken(payload, is_json)
    odd = payload.index[~is_taken]
    result = steps.first_known(payload, steps.constant("{}", payload.index))
    result.loc[odd] = jsonb.under(LEGACY_PAYLOAD, payload.loc[odd], is_taken.loc[odd])
    return result, steps.notes(odd, REQUESTS, "payload", note_kinds.PAYLOAD_NO_JSON.saying(), None)


def _in_order(*notes: pd.DataFrame) -> pd.DataFrame:
    """In the order of their rows, so that chunks put together give the same as the whole."""
    return steps.joined(notes, NOTES).sort_index(kind="stable")


def _replaced_ids(legacy: pd.Series, ids: pd.Series, target_table: str) -> pd.DataFrame:
    canonical = steps.canonical_uuid(legacy)
    replaced = ids.index[ids.notna() & (canonical.isna() | (canonical != ids))]
    return steps.id_map(replaced, legacy.loc[replaced], target_table, ids.loc[replaced], "derived")
