"""Profiles keep their ids and lose their links; professionals find their profile, make it, or are refused."""

import pandas as pd
import pytest

from config import mapping, rules
from tests.unit.transforms.frames import records
from transforms import profiles as subject
from transforms.outcome import TEXT, Outcome, Parameters
from transforms.steps import derived_id

ROOT = "user_role_profiles"
ROLE_KEYS = rules.role_keys(mapping.load())
PROFESSIONAL = mapping.load().professional_roles
STATUSES = rules.spellings(mapping.load().common.statuses)
COMMON = ["display_name", "bio", "location", "status", "rejection_reason", "approved_at"]
TIME = "2024-01-01 00:00:00+00"
USER, OTHER_USER = "00000000-0000-0000-0000-0000000000a1", "00000000-0000-0000-0000-0000000000a2"


def uid(number: int) -> str:
    return f"00000000-0000-0000-0000-{number:012x}"


def table(columns: list[str], *rows: dict[str, str], labels: list[int] | None = None) -> pd.DataFrame:
    data = {column: pd.Series([row.get(column) for row in rows], dtype=TEXT) for column in columns}
    return pd.DataFrame(data).set_axis(labels or range(len(rows)))


def reasons(outcome: Outcome) -> dict[int, str]:
    return outcome.rejected["reason"].to_dict()


def profiles(*rows: dict, name: str = "developer_profiles", removed=(), claimed=(), roles=()) -> Outcome:
    columns = ["id", "user_id", *COMMON, "created_at", "updated_at", *removed]
    filled = [{"user_id": USER, "created_at": TIME, "updated_at": TIME} | row for row in rows]
    lookups = {
        "claimed_ids": table(["id"], *({"id": id_} for id_ in claimed)),
        "roles": table(["name", "id"], *({"name": name, "id": id_} for name, id_ in roles)),
    }
    frame = table(columns, *filled, labels=[10 * number for number in range(1, len(rows) + 1)])
    return subject.profiles(frame, Parameters(name, ROLE_KEYS, STATUSES, removed=tuple(removed)), lookups)


def professionals(*rows: dict, held=(), lost=(), taken=(), siblings=(), roles=()) -> Outcome:
    columns = ["key", "id", "user_id", "role", *COMMON, "created_at", "updated_at"]

    def filled(each: dict) -> dict:
        row = {"user_id": USER, "created_at": TIME, "updated_at": TIME} | each
        return {"key": row.get("id")} | row

    lookups = {
        "profiles": table(["user_id", "role", "id"], *({"user_id": u, "role": r, "id": i} for u, r, i in held)),
        "rejected_profiles": table(["user_id", "role"], *({"user_id": u, "role": r} for u, r in lost)),
        "taken_ids": table(["id"], *({"id": id_} for id_ in taken)),
        "siblings": table(columns, *map(filled, siblings)),
        "roles": table(["name", "id"], *({"name": name, "id": id_} for name, id_ in roles)),
    }
    frame = table(columns, *map(filled, rows), labels=[10 * number for number in range(1, len(rows) + 1)])
    return subject.professionals(
        frame, Parameters("professionals", ROLE_KEYS, STATUSES, professional_roles=PROFESSIONAL), lookups
    )


def resolved(outcome: Outcome) -> dict[int, tuple[str, str]]:
    return {label: (row["target_id"], row["why"]) for label, row in outcome.id_map.iterrows()}


class TestProfiles:
    def test_the_root_and_the_extension_keep_the_id(self):
        own = {"display_name": "Ann", "bio": "", "location": "Goa", "rejection_reason": "blurred", "approved_at": TIME}
        outcome = profiles({"id": uid(1), "status": "Under Review", **own})
        assert records(outcome.frames[ROOT]) == [
            {"label": 10, "id": uid(1), "user_id": USER, "role": "developer", "role_id": None, "status": "IN_REVIEW"}
            | own
            | {"created_at": TIME, "updated_at": TIME}
        ]
        assert records(outcome.frames["developer_profiles"]) == [
            {"label": 10, "id": uid(1), "user_role_profile_id": uid(1), "created_at": TIME, "updated_at": TIME}
        ]
        assert outcome.id_map.empty and outcome.rejected.empty and outcome.merged.empty

    @pytest.mark.parametrize("status", [None, "", "  ", "draft"])
    def test_a_blank_status_is_draft(self, status):
        assert profiles({"id": uid(1), "status": status}).frames[ROOT]["status"].tolist() == ["DRAFT"]

    def test_an_unknown_status_is_rejected_and_named(self):
        outcome = profiles(
            {"id": uid(1), "status": "frozen"}, {"id": "7", "status": "NULL"}, {"id": uid(3)}, removed=["reel_url"]
        )
        assert outcome.rejected["reason"].to_dict() == {10: "unknown_status", 20: "unknown_status"}
        assert set(outcome.rejected["target_table"]) == {ROOT}
        assert "'frozen'" in outcome.rejected["detail"][10]
        assert [frame.index.tolist() for frame in outcome.frames.values()] == [[30], [30]]
        assert outcome.id_map.empty  # though 7 would have been derived

    def test_an_id_that_is_no_uuid_or_is_claimed_is_derived(self):
        outcome = profiles(
            {"id": "7"}, {"id": uid(15)}, {"id": uid(171).upper()}, {"id": uid(4)}, claimed=[uid(15), uid(99)]
        )
        seven, claimed = derived_id("developer_profiles:7"), derived_id("developer_profiles:" + uid(15))
        for frame, column in ((ROOT, "id"), ("developer_profiles", "user_role_profile_id")):
            assert outcome.frames[frame][column].tolist() == [seven, claimed, uid(171), uid(4)]
        assert records(outcome.id_map) == [
            {"label": 10, "legacy_id": "7", "target_table": ROOT, "target_id": seven, "why": "derived"},
            {"label": 20, "legacy_id": uid(15), "target_table": ROOT, "target_id": claimed, "why": "derived"},
        ]

    def test_a_missing_id_is_left_to_the_not_null_constraint(self):
        outcome = profiles({"id": None})
        assert outcome.frames[ROOT]["id"].isna().all() and outcome.rejected.empty and outcome.id_map.empty

    def test_removed_links_are_kept_for_their_owners(self):
        outcome = profiles(
            {"id": "7", "github_url": "https://g/1", "portfolio_url": ""},
            {"id": uid(2), "portfolio_url": "https://p/2"},
            {"id": uid(3), "github_url": "https://g/3", "status": "frozen"},
            removed=["github_url", "portfolio_url"],
        )
        seven = derived_id("developer_profiles:7")
        assert records(outcome.removed_links) == [
            {"label": 10, "user_role_profile_id": seven, "legacy_column": "github_url", "url": "https://g/1"},
            {"label": 10, "user_role_profile_id": seven, "legacy_column": "portfolio_url", "url": ""},
            {"label": 20, "user_role_profile_id": uid(2), "legacy_column": "portfolio_url", "url": "https://p/2"},
        ]
        assert not {"github_url", "portfolio_url"} & set(outcome.frames["developer_profiles"])

    def test_the_role_id_is_the_row_of_roles_spelled_like_the_key_before_a_synonym(self):
        roles = [("UGC", "1"), ("Ugc Content-Creator", "2"), ("admin", "3"), (None, "4")]
        outcome = profiles({"id": uid(1)}, name="ugc_content_creator_profiles", roles=roles)
        assert outcome.frames[ROOT][["role", "role_id"]].values.tolist() == [["ugc_content_creator", "2"]]
        assert profiles({"id": uid(1)}, roles=roles).frames[ROOT]["role_id"].isna().all()

    def test_no_rows_give_empty_frames_of_all_columns(self):
        outcome = profiles()
        assert list(outcome.frames) == [ROOT, "developer_profiles"]
        assert "status" in outcome.frames[ROOT] and len(outcome.frames[ROOT]) == 0


class TestProfessionals:
    def test_a_row_is_merged_into_the_profile_of_its_role_and_user(self):
        held = [(USER, "tutor", uid(1)), (USER, "developer", uid(2)), (OTHER_USER, "tutor", uid(3))]
        outcome = professionals({"id": "77", "role": "Tutor", "status": "frozen"}, held=held)
        assert outcome.merged.tolist() == [10] and not len(outcome.frames[ROOT])
        assert records(outcome.id_map) == [
            {"label": 10, "legacy_id": "77", "target_table": ROOT, "target_id": uid(1), "why": "merged"}
        ]

    def test_a_row_without_a_profile_creates_one_and_an_empty_extension(self):
        own = {
            "display_name": "Bob",
            "bio": "teaches",
            "location": "Goa",
            "rejection_reason": None,
            "approved_at": TIME,
        }
        outcome = professionals(
            {"id": uid(1), "role": "UGC", "updated_at": "2025-01-01 00:00:00+00", **own}, roles=[("ugc", "5")]
        )
        times = {"created_at": TIME, "updated_at": "2025-01-01 00:00:00+00"}
        assert records(outcome.frames[ROOT]) == [
            {"label": 10, "id": uid(1), "user_id": USER, "role": "ugc_content_creator", "role_id": "5"}
            | {"status": "DRAFT"}
            | own
            | times
        ]
        assert records(outcome.frames["ugc_content_creator_profiles"]) == [
            {"label": 10, "id": uid(1), "user_role_profile_id": uid(1)} | times
        ]
        assert resolved(outcome) == {10: (uid(1), "created")} and outcome.merged.empty

    def test_each_role_has_its_own_extension(self):
        outcome = professionals(
            {"id": uid(1), "role": "tutor", "status": "active"}, {"id": uid(2), "role": "customer", "status": "pending"}
        )
        labels = {name: frame.index.tolist() for name, frame in outcome.frames.items()}
        assert labels == {ROOT: [10, 20], "tutor_profiles": [10], "customer_profiles": [20]}
        assert outcome.frames[ROOT]["status"].tolist() == ["APPROVED", "PENDING"]

    def test_an_id_that_is_taken_or_no_uuid_is_derived(self):
        outcome = professionals(
            {"id": uid(15).upper(), "role": "tutor"}, {"id": "8", "role": "developer"}, taken=[uid(15)]
        )
        taken, odd = derived_id("professionals:" + uid(15).upper()), derived_id("professionals:8")
        assert resolved(outcome) == {10: (taken, "created"), 20: (odd, "created")}
        assert outcome.frames[ROOT]["id"].tolist() == [taken, odd]
        assert outcome.frames["tutor_profiles"]["user_role_profile_id"].tolist() == [taken]

    def test_the_last_updated_of_a_user_and_role_creates_and_the_others_merge(self):
        outcome = professionals(
            {"id": uid(9), "role": "tutor", "updated_at": "2024-03-01 00:00:00+00"},
            {"id": uid(1), "role": "TUTOR", "updated_at": "2024-03-01 00:00:00.1+00"},
            {"id": uid(8), "role": "tutor", "updated_at": "2024-02-01 00:00:00+00", "status": "frozen"},
            {"id": uid(7), "role": "tutor", "user_id": OTHER_USER},
        )
        assert resolved(outcome) == {
            10: (uid(1), "merged"),
            20: (uid(1), "created"),
            30: (uid(1), "merged"),
            40: (uid(7), "created"),
        }
        assert sorted(outcome.merged) == [10, 30] and outcome.rejected.empty

    def test_a_year_of_five_digits_is_later_than_one_of_four(self):
        late, early = (
            {"id": uid(n), "role": "tutor", "updated_at": f"{year}{TIME[4:]}"} for n, year in ((1, 12024), (2, 9999))
        )
        assert resolved(professionals(late, early)) == {10: (uid(1), "created"), 20: (uid(1), "merged")}

    def test_of_equally_late_rows_the_higher_id_creates(self):
        assert resolved(professionals({"id": "9", "role": "tutor"}, {"id": "10", "role": "tutor"}))[20][1] == "created"
        lower, higher = uid(1).replace("00000000-", "B0000000-"), uid(1).replace("00000000-", "c0000000-")
        assert (
            resolved(professionals({"id": higher, "role": "tutor"}, {"id": lower, "role": "tutor"}))[10][1] == "created"
        )
        lower = lower.replace("B", "a")
        upper = "{" + higher.upper() + "}"
        assert (
            resolved(professionals({"id": lower, "role": "tutor"}, {"id": upper, "role": "tutor"}))[20][1] == "created"
        )

    def test_an_unknown_status_cannot_create_and_the_next_row_does(self):
        outcome = professionals(
            {"id": uid(1), "role": "tutor", "updated_at": "2024-01-01 00:00:00+00"},
            {"id": uid(2), "role": "tutor", "updated_at": "2024-03-01 00:00:00+00", "status": "frozen"},
            {"id": uid(3), "role": "tutor", "updated_at": "2024-02-01 00:00:00+00", "status": "active"},
        )
        assert reasons(outcome) == {20: "unknown_status"} and "'frozen'" in outcome.rejected["detail"][20]
        assert resolved(outcome) == {10: (uid(3), "merged"), 30: (uid(3), "created")}

    def test_without_any_valid_status_nobody_creates(self):
        outcome = professionals(
            {"id": uid(1), "role": "tutor", "status": "x"}, {"id": uid(2), "role": "tutor", "status": "y"}
        )
        assert reasons(outcome) == {10: "unknown_status", 20: "unknown_status"} and outcome.id_map.empty

    def test_siblings_in_other_chunks_take_part_but_are_not_returned(self):
        row = {"id": uid(1), "role": "tutor", "updated_at": "2024-01-01 00:00:00+00"}
        later = {"id": "late", "role": "tutor", "updated_at": "2024-05-01 00:00:00+00"}
        outcome = professionals(row, siblings=[later, row])
        assert resolved(outcome) == {10: (derived_id("professionals:late"), "merged")}
        assert not len(outcome.frames[ROOT])
        assert resolved(professionals(later, siblings=[later, row])) == {
            10: (derived_id("professionals:late"), "created")
        }

    def test_rows_that_share_an_id_are_told_apart_by_their_key(self):
        one, two = ({"id": uid(1), "key": key, "role": "tutor"} for key in ("(0,1)", "(0,2)"))
        assert resolved(professionals(one, siblings=[one, two])) == {10: (uid(1), "merged")}
        assert resolved(professionals(two, siblings=[two, one])) == {10: (uid(1), "created")}

    def test_a_rejected_profile_takes_its_professional_along(self):
        outcome = professionals({"id": uid(1), "role": "tutor"}, lost=[(USER, "tutor")])
        assert reasons(outcome) == {10: "parent_rejected"} and "tutor" in outcome.rejected["detail"][10]

    def test_a_rejected_duplicate_does_not_matter_while_another_profile_stays(self):
        outcome = professionals({"id": uid(1), "role": "tutor"}, lost=[(USER, "tutor")], held=[(USER, "tutor", uid(2))])
        assert resolved(outcome) == {10: (uid(2), "merged")}

    @pytest.mark.parametrize("role", [None, "", "plumber"])
    def test_without_a_usable_role_the_only_professional_role_serves(self, role):
        held = [
            (USER, "company", uid(1)),
            (USER, "customer", uid(2)),
            (USER, "job_seeker", uid(3)),
            (USER, "tutor", uid(4)),
        ]
        assert resolved(professionals({"id": uid(9), "role": role}, held=held)) == {10: (uid(4), "merged")}

    def test_without_a_role_several_profiles_are_ambiguous_and_none_is_unresolvable(self):
        held = [(USER, "tutor", uid(1)), (USER, "developer", uid(2)), (OTHER_USER, "company", uid(3))]
        outcome = professionals({"id": uid(8), "role": "plumber"}, {"id": uid(9), "user_id": OTHER_USER}, held=held)
        assert reasons(outcome) == {10: "ambiguous_professional", 20: "unresolvable_professional"}
        assert "'plumber'" in outcome.rejected["detail"][10] and "blank" in outcome.rejected["detail"][20]

    def test_a_profile_made_by_another_row_of_the_user_counts_as_its_profile(self):
        maker, vague = {"id": uid(1), "role": "tutor"}, {"id": uid(2)}
        assert resolved(professionals(maker, vague))[20] == (uid(1), "merged")
        assert resolved(professionals(vague, siblings=[maker, vague])) == {10: (uid(1), "merged")}
        held = [(USER, "developer", uid(5))]
        assert reasons(professionals(vague, siblings=[maker, vague], held=held)) == {10: "ambiguous_professional"}

    def test_a_profile_made_for_no_professional_role_does_not_count(self):
        outcome = professionals({"id": uid(1), "role": "company"}, {"id": uid(2)})
        assert reasons(outcome) == {20: "unresolvable_professional"}

    def test_a_profile_seen_twice_is_still_the_only_one(self):
        held = [(USER, "tutor", uid(1)), (USER, "tutor", uid(1))]
        assert resolved(professionals({"id": uid(9)}, held=held)) == {10: (uid(1), "merged")}

    def test_rows_without_a_user_share_none(self):
        rows = [{"id": uid(number), "user_id": None, "role": "tutor"} for number in (1, 2)]
        outcome = professionals(*rows, {"id": uid(3), "user_id": None}, siblings=rows)
        assert resolved(outcome) == {10: (uid(1), "created"), 20: (uid(2), "created")}  # for the not-null constraint
        assert reasons(outcome) == {30: "unresolvable_professional"}

    def test_a_row_without_an_id_is_rejected_and_takes_no_part(self):
        late = {"id": None, "key": "(0,9)", "role": "tutor", "updated_at": "2025-01-01 00:00:00+00"}
        outcome = professionals({"id": uid(1), "role": "tutor"}, late)
        assert reasons(outcome) == {20: "missing_id"} and resolved(outcome) == {10: (uid(1), "created")}

    def test_no_rows_give_empty_frames(self):
        outcome = professionals()
        assert list(outcome.frames) == [ROOT] and not len(outcome.frames[ROOT]) and "role" in outcome.frames[ROOT]
