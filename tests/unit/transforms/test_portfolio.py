"""Whose an item, service or request is: its professional's, else the profile's it names, else the user's only one."""

import pandas as pd
import pytest

from config import mapping
from transforms.outcome import TEXT, Outcome, Parameters
from transforms.portfolio import owned_by_profile

PROFESSIONAL = mapping.load().professional_roles
USER = "00000000-0000-0000-0000-0000000000a1"


def uid(number: int) -> str:
    return f"00000000-0000-0000-0000-{number:012x}"


def table(columns: list[str], rows: list[tuple]) -> pd.DataFrame:
    return pd.DataFrame({c: pd.Series([row[n] for row in rows], dtype=TEXT) for n, c in enumerate(columns)})


def owned(*rows: tuple, professionals=(), profiles=(), aliases=(), name="services") -> Outcome:
    """rows: (professional_id, user_id), labelled 10, 20, …"""
    frame = table(["professional_id", "user_id"], rows).set_axis(range(10, 10 * len(rows) + 10, 10))
    others = dict.fromkeys(("key", "id", "created_at", "updated_at"), frame["user_id"])
    lookups = {
        "professionals": table(["id", "target_id"], list(professionals)),
        "profiles": table(["user_id", "role", "id"], list(profiles)),
        "profile_aliases": table(["legacy_table", "legacy_id", "target_id"], list(aliases)),
    }
    return owned_by_profile(frame.assign(**others), Parameters(name, professional_roles=PROFESSIONAL), lookups)


def owners(outcome: Outcome) -> dict[int, str]:
    (frame,) = outcome.frames.values()
    assert list(frame) == ["user_role_profile_id"] and not set(frame.index) & set(outcome.rejected.index)
    return frame["user_role_profile_id"].to_dict()


def reasons(outcome: Outcome) -> dict[int, str]:
    return outcome.rejected["reason"].to_dict()


def test_a_row_follows_its_professional():
    professionals = [("7", uid(1)), (uid(175), uid(2)), ("lost", None)]
    outcome = owned(("7", None), (uid(175), USER), ("lost", USER), professionals=professionals, name="lead_requests")
    assert owners(outcome) == {10: uid(1), 20: uid(2)} and reasons(outcome) == {30: "parent_rejected"}
    assert list(outcome.frames) == ["lead_requests"] and outcome.rejected["target_table"].tolist() == ["lead_requests"]


def test_a_uuid_is_the_same_however_it_is_written():
    assert owners(owned((uid(175).upper(),) * 2, professionals=[("{" + uid(175) + "}", uid(2))])) == {10: uid(2)}


def test_a_professional_that_is_absent_makes_an_orphan_even_where_the_user_has_a_profile():
    outcome = owned((uid(9), USER), ("", USER), profiles=[(USER, "tutor", uid(1))])
    assert reasons(outcome) == {10: "orphan_professional", 20: "orphan_professional"}


def test_an_id_that_names_a_profile_is_taken_as_it():
    assert owners(owned((uid(171).upper(), None), profiles=[(USER, "company", uid(171))])) == {10: uid(171)}


def test_a_professional_goes_before_a_profile_of_the_same_id():
    profiles = [(USER, "tutor", uid(1))]
    assert owners(owned((uid(1), None), profiles=profiles, professionals=[(uid(1), uid(2))])) == {10: uid(2)}
    assert reasons(owned((uid(1), None), profiles=profiles, professionals=[(uid(1), None)])) == {10: "parent_rejected"}


def test_a_legacy_profile_id_that_changed_is_followed():
    aliases = [("tutor_profiles", "7", uid(1)), ("tutor_profiles", uid(171), uid(2)), ("tutor_profiles", "8", None)]
    outcome = owned(("7", None), (uid(171).upper(), None), ("8", None), aliases=aliases)
    assert owners(outcome) == {10: uid(1), 20: uid(2)} and reasons(outcome) == {30: "parent_rejected"}


def test_a_profile_that_kept_the_id_goes_before_one_that_had_to_change_it():
    profiles, aliases = [(USER, "tutor", uid(1))], [("developer_profiles", uid(1), uid(2))]
    assert owners(owned((uid(1), None), profiles=profiles, aliases=aliases)) == {10: uid(1)}


def test_an_id_that_names_several_owners_names_none():
    aliases = [("tutor_profiles", "7", uid(1)), ("developer_profiles", "7", uid(2))]
    assert reasons(owned(("7", USER), aliases=aliases)) == {10: "orphan_professional"}
    several = [("7", uid(1)), ("7", None), ("7", uid(2))]
    assert reasons(owned(("7", USER), professionals=several)) == {10: "orphan_professional"}
    professionals = [("7", uid(1)), ("7", None), ("7", uid(1)), ("8", None), ("8", None)]
    outcome = owned(("7", USER), ("8", USER), professionals=professionals)
    assert owners(outcome) == {10: uid(1)} and reasons(outcome) == {20: "parent_rejected"}


def test_without_a_professional_the_only_professional_role_of_the_user_serves():
    profiles = [(USER, "company", uid(1)), (USER, "tutor", uid(2)), (USER, "tutor", uid(2)), ("u2", "tutor", uid(3))]
    outcome = owned((None, USER), (None, "u2"), profiles=profiles)
    assert owners(outcome) == {10: uid(2), 20: uid(3)} and outcome.rejected.empty


@pytest.mark.parametrize("roles", [[], ["company", "customer", "job_seeker"], ["tutor", "developer"]])
def test_no_professional_and_no_single_profile_makes_an_orphan(roles):
    profiles = [(USER, role, uid(number)) for number, role in enumerate(roles)]
    outcome = owned((None, USER), (None, None), profiles=profiles)
    assert reasons(outcome) == {10: "orphan_professional", 20: "orphan_professional"} and owners(outcome) == {}
    assert outcome.rejected["detail"].str.contains("user_id").all()


def test_no_rows_give_an_empty_frame():
    assert owners(owned()) == {}
