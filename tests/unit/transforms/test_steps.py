"""The column functions: what PostgreSQL takes for a uuid, ids that never change, spellings, order, lookups."""

import uuid

import pandas as pd
import pytest

from config import note_kinds, reasons
from transforms import steps
from transforms.outcome import ID_MAP, NOTES, REJECTED, TEXT

ID = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"
STATUSES = {"underreview": "IN_REVIEW", "inreview": "IN_REVIEW", "approved": "APPROVED", "": "DRAFT"}
ROLES = {"makeupartist": "makeup_artist", "ugc": "ugc_content_creator", "videoeditor": "video_editor"}


def series(*values: str | None, labels: list[int] | None = None) -> pd.Series:
    return pd.Series(list(values), dtype=TEXT, index=labels)


def plain(values: pd.Series) -> list[str | None]:
    return [None if pd.isna(value) else value for value in values]


@pytest.mark.parametrize(
    "given",
    [
        ID,
        ID.upper(),
        "{" + ID + "}",
        ID.replace("-", ""),
        "{" + ID.replace("-", "").upper() + "}",
        "a0ee-bc99-9c0b-4ef8-bb6d-6bb9-bd38-0a11",
        "a0eebc99-9c0b4ef8-bb6d6bb9-bd380a11",
    ],
)
def test_every_form_of_a_uuid_has_one_canonical_form(given):
    assert plain(steps.canonical_uuid(series(given, None))) == [ID, None]


@pytest.mark.parametrize(
    "given",
    [
        "",
        "42",
        "{" + ID,
        ID + "}",
        " " + ID,
        ID + "\n",
        ID + "-",
        "-" + ID,
        ID[:-1],
        ID[:-1] + "g",
        ID[:-1] + "１",
        ID.replace("-", "--", 1),
        "a0e-ebc999c0b4ef8bb6d6bb9bd380a11",
    ],
)
def test_what_postgresql_refuses_is_no_uuid(given):
    assert plain(steps.canonical_uuid(series(ID, given))) == [ID, None]


def test_a_derived_id_is_the_uuid5_of_its_name_in_the_namespace():
    assert str(steps.NAMESPACE) == "76200ecb-c490-5053-adc9-ed358b5dcc90"  # a change would part two runs
    for name in ("", "professionals:42", "tutor_profiles:ü\u2028 42"):
        assert steps.derived_id(name) == str(uuid.uuid5(steps.NAMESPACE, name))


def test_a_target_id_is_the_legacy_one_unless_it_is_no_uuid_or_taken():
    given = series(ID.upper(), "42", None, ID[:-1] + "2", labels=[7, 3, 5, 9])
    got = steps.target_id(given, "services", taken=series(ID))
    assert got.index.tolist() == [7, 3, 5, 9]
    assert plain(got) == [
        steps.derived_id("services:" + ID.upper()),
        steps.derived_id("services:42"),
        None,
        ID[:-1] + "2",
    ]


def test_a_null_among_the_taken_ids_takes_nothing():
    assert plain(steps.target_id(series(ID, None), "services", taken=series(None))) == [ID, None]


def test_roles_and_statuses_are_matched_by_letters_and_digits_alone():
    roles = steps.role_keys(series("Makeup Artist", "UGC", "video-editor", "plumber", " ", None), ROLES)
    assert plain(roles) == ["makeup_artist", "ugc_content_creator", "video_editor", None, None, None]
    assert plain(steps.spelling(series(" Under_Review! ", None, "Ünder"))) == ["underreview", None, "nder"]


def test_a_status_is_normalised_blank_or_unknown():
    status, unknown = steps.statuses(
        series("Under-Review", " approved", None, "", "\t\u00a0", "NULL", labels=[9, 8, 7, 6, 5, 4]), STATUSES
    )
    assert plain(status) == ["IN_REVIEW", "APPROVED", None, None, None, None]
    assert unknown.to_dict() == {9: False, 8: False, 7: False, 6: False, 5: False, 4: True}


def test_text_without_letters_or_digits_is_unknown_and_not_blank():
    known = {key: value for key, value in STATUSES.items() if key}
    assert steps.statuses(series("--", ""), known)[1].tolist() == [True, False]


def test_the_first_known_value_wins_and_an_empty_one_is_known():
    assert plain(steps.first_known(series(None, "", "a", None), series("b", "c", None, None))) == ["b", "", "a", None]


def test_a_lookup_matches_no_null_and_prefers_the_first_of_equal_keys():
    got = steps.looked_up(
        series("a", "b", None, "c", labels=[4, 3, 2, 1]), series("a", None, "a", "c"), series(*"1234")
    )
    assert got.index.tolist() == [4, 3, 2, 1] and plain(got) == ["1", None, None, "4"]
    assert steps.is_in(series("a", None), series(None, "a")).tolist() == [True, False]


def test_a_pair_is_null_where_either_half_is():
    assert plain(steps.paired(series("tutor", None, "tutor"), series("u", "u", None))) == ["tutor:u", None, None]


def test_moments_sort_by_time_beyond_four_digit_years_too():
    by_time = [
        "-infinity",
        "4713-01-01 00:00:00+00 BC",
        "0045-02-01 00:00:00+00 BC",
        "0044-03-15 00:00:00+00 BC",
        "0044-03-16 00:00:00+00 BC",
        "0001-01-01 00:00:00+00",
        "2024-01-02 03:04:05+00",
        "2024-01-02 03:04:05.6+00",
        "2024-01-02 03:04:05.678+00",
        "9999-12-31 23:59:59.999999+00",
        "10000-01-01 00:00:00+00",
        "294276-12-31 23:59:59+00",
        "infinity",
    ]
    assert steps.ranks(steps.moment_order(series(*by_time))).tolist() == list(range(1, len(by_time) + 1))


def test_moments_of_common_years_stay_as_they_are():
    assert steps.moment_order(series("2024-01-02 03:04:05+00", None)).tolist()[0] == "2024-01-02 03:04:05+00"


def test_integers_sort_by_number_and_uuids_by_their_canonical_form():
    by_height = series("-9223372036854775808", "-3", "0", "9", "10", "9223372036854775807")
    assert steps.id_order(by_height).is_monotonic_increasing
    assert steps.id_order(series("a" + ID[1:], "B" + ID[1:])).is_monotonic_increasing  # though 'B' < 'a'
    assert steps.id_order(series("9", "00" + ID[2:])).is_monotonic_increasing
    assert plain(steps.id_order(series(None, "5")))[0] is None


def test_the_order_of_two_ids_does_not_depend_on_the_company_they_keep():
    alone = steps.id_order(series("x", ID)).tolist()
    assert steps.id_order(series("x", ID, "5")).tolist()[:2] == alone


def test_equal_values_share_a_rank_and_null_is_the_lowest():
    assert steps.ranks(series("b", None, "a", "b")).tolist() == [2, -1, 1, 2]
    assert steps.ranks(series()).tolist() == [] and steps.ranks(series(None)).tolist() == [-1]


def test_a_frame_takes_series_at_its_labels_and_repeats_the_rest():
    got = steps.frame(pd.Index([3, 1, 1]), {"a": series("x", "y", "z", labels=[1, 2, 3]), "b": "same", "c": None})
    assert got["a"].tolist() == ["z", "x", "x"] and got["b"].tolist() == ["same"] * 3 and got["c"].isna().all()
    assert set(got.dtypes) == {TEXT}


def test_records_have_the_columns_of_an_outcome():
    labels, some = pd.Index([5]), series("v", labels=[5])
    assert list(steps.rejects(labels, "t", reasons.MISSING_ID, some)) == REJECTED
    assert steps.id_map(labels, some, "t", some, "derived").to_dict("records") == [
        dict(zip(ID_MAP, ["v", "t", "v", "derived"], strict=True))
    ]
    assert list(steps.notes(labels, "t", "c", note_kinds.NO_CATEGORY.saying(), some)) == NOTES
    assert list(steps.joined([], NOTES)) == NOTES


def test_each_distinct_value_is_worked_out_once():
    seen = []
    assert plain(steps.by_distinct(series("a", None, "a", "b"), lambda v: seen.append(v) or v * 2)) == [
        "aa",
        None,
        "aa",
        "bb",
    ]
    assert seen == ["a", "b"]
