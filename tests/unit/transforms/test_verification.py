"""Submissions, verifications and documents become requests; what reached review is an approval; drafts stay drafts."""

import json

import pandas as pd
import pytest

from config import mapping, rules
from tests.unit.transforms.frames import records, table
from transforms import verification as subject
from transforms.outcome import TEXT, Outcome, Parameters
from transforms.steps import derived_id

ROLE_KEYS = rules.role_keys(mapping.load())
STATUSES = rules.spellings(mapping.load().common.statuses)
TIME, LATER = "2024-01-01 00:00:00+00", "2024-01-02 00:00:00+00"
USER, OTHER = "00000000-0000-0000-0000-0000000000a1", "00000000-0000-0000-0000-0000000000a2"
ID, PROFILE = "00000000-0000-0000-0000-0000000000c1", "00000000-0000-0000-0000-0000000000b1"

SUBMISSION = (
    "id user_id role status payload submitted_at reviewed_by reviewed_at rejection_reason created_at updated_at"
)
STATE = "key id user_id role completed is_completed is_complete completed_at status payload created_at updated_at"
VERIFICATION = (
    "id user_id type status verified_by verified_at rejection_reason payload submitted_at role created_at updated_at"
)
DOCUMENT = "id submission_id document_type file_url status created_at updated_at"


def profiles_of(*held: tuple[str, str, str]) -> pd.DataFrame:
    return table("user_id role id", *({"user_id": u, "role": r, "id": i} for u, r, i in held))


def submissions(*rows: dict, held=((USER, "tutor", PROFILE),)) -> Outcome:
    filled = [
        {"id": ID, "user_id": USER, "role": "tutor", "created_at": TIME, "updated_at": LATER} | row for row in rows
    ]
    parameters = Parameters("onboarding_submissions", ROLE_KEYS, STATUSES)
    return subject.onboarding_submissions(table(SUBMISSION, *filled), parameters, {"profiles": profiles_of(*held)})


def states(*rows: dict, submitted=(), held=()) -> Outcome:
    filled = [
        {"key": "1", "id": ID, "user_id": USER, "payload": "{}", "created_at": TIME, "updated_at": LATER} | row
        for row in rows
    ]
    lookups = {
        "submissions": table("user_id role", *({"user_id": user, "role": role} for user, role in submitted)),
        "profiles": profiles_of(*held),
    }
    return subject.onboarding_states(
        table(STATE, *filled), Parameters("onboarding_states", ROLE_KEYS, STATUSES), lookups
    )


def verifications(*rows: dict, taken=(), held=()) -> Outcome:
    base = {"id": ID, "user_id": USER, "type": "kyc", "status": "pending", "created_at": TIME, "updated_at": LATER}
    lookups = {"submission_ids": table("id", *({"id": id_} for id_ in taken)), "profiles": profiles_of(*held)}
    parameters = Parameters("verifications", ROLE_KEYS, STATUSES)
    return subject.verifications(table(VERIFICATION, *(base | row for row in rows)), parameters, lookups)


def documents(*rows: dict) -> Outcome:
    base = {"id": ID, "submission_id": PROFILE, "document_type": "pan", "file_url": "s3://1"}
    filled = [base | {"created_at": TIME, "updated_at": LATER} | row for row in rows]
    parameters = Parameters("submission_documents", ROLE_KEYS, STATUSES)
    return subject.submission_documents(table(DOCUMENT, *filled), parameters, {})


def test_a_reviewed_submission_is_a_request_and_an_approval():
    outcome = submissions(
        {"status": "Approved", "payload": '{"a": 1.10}', "submitted_at": TIME, "reviewed_by": "e1"}
        | {"reviewed_at": LATER, "rejection_reason": "none"}
    )
    assert records(outcome.frames["verification_requests"]) == [
        {
            "label": 10,
            "id": ID,
            "user_id": USER,
            "user_role_profile_id": PROFILE,
            "role": "tutor",
            "request_type": "onboarding",
            "status": "APPROVED",
            "payload": '{"a": 1.10}',
            "submitted_at": TIME,
            "reviewed_by": "e1",
            "reviewed_at": LATER,
            "rejection_reason": "none",
            "created_at": TIME,
            "updated_at": LATER,
        }
    ]
    assert records(outcome.frames["approval_requests"]) == [
        {
            "label": 10,
            "id": derived_id(f"approval_requests:onboarding_submissions:{ID}"),
            "user_role_profile_id": PROFILE,
            "verification_request_id": ID,
            "status": "APPROVED",
            "decided_by": "e1",
            "decided_at": LATER,
            "rejection_reason": "none",
            "created_at": TIME,
            "updated_at": LATER,
        }
    ]
    assert not len(outcome.id_map) and not len(outcome.notes) and not len(outcome.rejected)


@pytest.mark.parametrize("status", ["draft", "Cancelled", "withdrawn"])
def test_what_never_reached_review_has_no_approval(status):
    outcome = submissions({"status": status})
    assert len(outcome.frames["verification_requests"]) == 1
    assert not len(outcome.frames["approval_requests"]) and not len(outcome.notes)


@pytest.mark.parametrize("status", ["new", "in review", "VERIFIED", "failed", "needs-info", "expired", "blocked"])
def test_everything_else_did(status):
    requests = submissions({"status": status}).frames
    assert len(requests["approval_requests"]) == 1
    assert (
        records(requests["approval_requests"])[0]["status"] == records(requests["verification_requests"])[0]["status"]
    )


@pytest.mark.parametrize("status", ["lost", "", "  ", "…", None])
def test_a_submission_or_verification_without_a_known_status_is_rejected(status):
    for outcome in (submissions({"status": status}), verifications({"status": status})):
        rejected = records(outcome.rejected)
        assert [(each["label"], each["target_table"], each["reason"]) for each in rejected] == [
            (10, "verification_requests", "unknown_status")
        ]
        assert rejected[0]["detail"]
        assert not any(len(frame) for frame in outcome.frames.values())
        assert not len(outcome.id_map) and not len(outcome.notes)


def test_without_a_profile_the_role_stays_and_the_approval_is_noted():
    outcome = submissions({"status": "approved", "role": "Makeup-Artist"}, held=[(OTHER, "makeup_artist", PROFILE)])
    request = records(outcome.frames["verification_requests"])[0]
    assert (request["role"], request["user_role_profile_id"]) == ("makeup_artist", None)
    assert not len(outcome.frames["approval_requests"])
    assert records(outcome.notes) == [
        {
            "label": 10,
            "target_table": "approval_requests",
            "target_column": "user_role_profile_id",
            "note": "no_profile_for_approval",
            "legacy_value": None,
        }
    ]


def test_an_unknown_role_is_noted_and_a_blank_one_is_not():
    outcome = submissions(
        {"status": "draft", "role": "wizard"}, {"status": "draft", "role": " "}, {"status": "draft", "role": None}
    )
    assert [row["role"] for row in records(outcome.frames["verification_requests"])] == [None] * 3
    assert [(note["label"], note["note"], note["legacy_value"]) for note in records(outcome.notes)] == [
        (10, "unknown_role", "wizard")
    ]


def test_notes_stand_in_the_order_of_their_rows():
    outcome = submissions(*({"status": "new", "role": "wizard", "id": id_} for id_ in ("1", "2")))
    assert [(note["label"], note["note"]) for note in records(outcome.notes)] == [
        (10, "unknown_role"),
        (10, "no_profile_for_approval"),
        (20, "unknown_role"),
        (20, "no_profile_for_approval"),
    ]


def test_an_id_that_is_no_uuid_is_derived_and_mapped():
    outcome = submissions({"id": "sub-1", "status": "new"}, {"id": "{" + ID.upper() + "}", "status": "new"})
    derived = derived_id("onboarding_submissions:sub-1")
    assert [row["id"] for row in records(outcome.frames["verification_requests"])] == [derived, ID]
    assert [row["verification_request_id"] for row in records(outcome.frames["approval_requests"])] == [derived, ID]
    assert records(outcome.id_map) == [
        {
            "label": 10,
            "legacy_id": "sub-1",
            "target_table": "verification_requests",
            "target_id": derived,
            "why": "derived",
        }
    ]


def test_no_payload_is_an_empty_document_and_any_other_stays():
    payloads = [None, "null", "[]", "1.10"]
    outcome = submissions(*({"status": "new", "payload": payload} for payload in payloads))
    assert [row["payload"] for row in records(outcome.frames["verification_requests"])] == ["{}", "null", "[]", "1.10"]
    assert not len(outcome.notes)


@pytest.mark.parametrize("payload", ["no json", "", " ", '"\\u0000"', "[1e-16384]"])
def test_a_payload_that_is_no_json_is_kept_as_a_text_and_noted(payload):
    outcome = submissions({"status": "new", "payload": payload})
    (request,) = records(outcome.frames["verification_requests"])
    assert json.loads(request["payload"]) == {"legacy_payload": payload}
    assert outcome.notes["note"].tolist() == ["payload_no_json"]


def test_a_state_of_which_nothing_was_submitted_is_a_draft():
    outcome = states({"role": "Tutor", "payload": '{"step": 2}'}, held=[(USER, "tutor", PROFILE)])
    draft = derived_id(f"verification_requests:onboarding_states:{ID}")
    assert records(outcome.frames["verification_requests"]) == [
        {
            "label": 10,
            "id": draft,
            "user_id": USER,
            "user_role_profile_id": PROFILE,
            "role": "tutor",
            "request_type": "onboarding",
            "status": "DRAFT",
            "payload": '{"step": 2}',
            "created_at": TIME,
            "updated_at": LATER,
        }
    ]
    assert [(each["legacy_id"], each["target_id"]) for each in records(outcome.id_map)] == [(ID, draft)]


@pytest.mark.parametrize(
    ("role", "submitted", "is_archived"),
    [
        ("tutor", (USER, "Tutor"), True),
        ("UGC", (USER, "ugc_content_creator"), True),
        ("tutor", (USER, "developer"), False),
        ("tutor", (OTHER, "tutor"), False),
        ("tutor", (USER, None), False),
        (None, (USER, "tutor"), True),
        (None, (USER, None), True),
        (" ", (OTHER, "tutor"), False),
        ("Wizard", (USER, "wizard"), True),
        ("wizard", (USER, "witch"), False),
        ("照片", (USER, "照片"), True),
        ("照片", (USER, "视频"), False),
    ],
)
def test_a_submission_for_the_same_user_and_role_archives_the_state(role, submitted, is_archived):
    outcome = states({"role": role}, submitted=[submitted])
    assert len(outcome.frames["verification_requests"]) == (0 if is_archived else 1)
    assert not len(outcome.rejected)
    assert len(outcome.id_map) == len(outcome.frames["verification_requests"])


@pytest.mark.parametrize(
    ("state", "is_complete"),
    [
        ({"completed": "true"}, True),
        ({"is_completed": "T"}, True),
        ({"is_complete": "1"}, True),
        ({"is_complete": "Yes"}, True),
        ({"completed": "false"}, False),
        ({"is_completed": "0"}, False),
        ({"completed": ""}, False),
        ({"completed_at": TIME}, True),
        ({"completed_at": "infinity"}, True),
        ({"status": "Completed"}, True),
        ({"status": "approved"}, True),
        ({"status": "complete"}, True),
        ({"status": "done"}, True),
        ({"status": "in_progress"}, False),
        ({"status": "rejected"}, False),
        ({"status": ""}, False),
        ({"completed": "false", "status": "completed"}, True),
        ({}, False),
    ],
)
def test_a_complete_state_is_archived(state, is_complete):
    outcome = states({"role": "tutor"} | state)
    assert len(outcome.frames["verification_requests"]) == (0 if is_complete else 1)


def test_a_state_without_an_id_goes_by_its_key():
    outcome = states({"id": None, "key": '["u", "tutor"]'}, {"id": None, "key": "(0,2)", "role": "wizard"})
    names = ['["u", "tutor"]', "(0,2)"]
    ids = [derived_id(f"verification_requests:onboarding_states:{name}") for name in names]
    assert [row["id"] for row in records(outcome.frames["verification_requests"])] == ids
    assert [(note["label"], note["note"]) for note in records(outcome.notes)] == [(20, "unknown_role")]


def test_a_verification_is_a_request_of_its_type():
    outcome = verifications(
        {"status": "Verified", "verified_by": "e1", "verified_at": LATER, "role": "tutor", "submitted_at": TIME},
        held=[(USER, "tutor", PROFILE)],
    )
    assert list(outcome.frames) == ["verification_requests"]
    assert records(outcome.frames["verification_requests"]) == [
        {
            "label": 10,
            "id": ID,
            "user_id": USER,
            "user_role_profile_id": PROFILE,
            "role": "tutor",
            "request_type": "kyc",
            "status": "APPROVED",
            "payload": "{}",
            "submitted_at": TIME,
            "reviewed_by": "e1",
            "reviewed_at": LATER,
            "rejection_reason": None,
            "created_at": TIME,
            "updated_at": LATER,
        }
    ]


def test_an_id_that_a_submission_holds_is_derived_for_the_verification():
    given = [ID.upper(), PROFILE, "7"]
    outcome = verifications(*({"id": id_} for id_ in given), taken=[ID])
    ids = [derived_id(f"verifications:{ID.upper()}"), PROFILE, derived_id("verifications:7")]
    assert [row["id"] for row in records(outcome.frames["verification_requests"])] == ids
    assert [(each["label"], each["legacy_id"], each["target_id"]) for each in records(outcome.id_map)] == [
        (10, ID.upper(), ids[0]),
        (30, "7", ids[2]),
    ]


def test_a_type_is_carried_as_it_is():
    outcome = verifications(*({"type": type_} for type_ in ("PAN Card", "", None)))
    assert [row["request_type"] for row in records(outcome.frames["verification_requests"])] == ["PAN Card", "", None]


def test_documents_follow_their_submission_with_a_normalised_status():
    outcome = documents(
        {"status": "Verified"}, {"status": None}, {"status": " "}, {"id": "5", "status": "odd"}, {"id": "6"}
    )
    found = records(outcome.frames["verification_documents"])
    assert [(row["label"], row["status"]) for row in found] == [(10, "APPROVED"), (20, None), (30, None), (50, None)]
    assert found[0] == {
        "label": 10,
        "id": ID,
        "verification_request_id": PROFILE,
        "document_type": "pan",
        "file_url": "s3://1",
        "status": "APPROVED",
        "created_at": TIME,
        "updated_at": LATER,
    }
    assert [(each["label"], each["target_table"], each["reason"]) for each in records(outcome.rejected)] == [
        (40, "verification_documents", "unknown_status")
    ]
    assert "'odd'" in records(outcome.rejected)[0]["detail"]
    assert [(each["legacy_id"], each["target_id"]) for each in records(outcome.id_map)] == [
        ("6", derived_id("submission_documents:6"))
    ]


@pytest.mark.parametrize("transform", [submissions, states, verifications, documents])
def test_no_rows_give_no_rows(transform):
    outcome = transform()
    frames = [*outcome.frames.values(), outcome.rejected, outcome.id_map, outcome.notes]
    assert not any(len(frame) for frame in frames)
    assert all(dtype == TEXT for frame in frames for dtype in frame.dtypes)
