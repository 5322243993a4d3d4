"""Activities become audit logs to the letter, and one change for every field that differs."""

import json

import pandas as pd
import pytest

from tests.unit.transforms.frames import records
from transforms import audit as subject
from transforms.outcome import TEXT, Outcome, Parameters
from transforms.steps import derived_id

ID, USER = "00000000-0000-0000-0000-000000000011", "00000000-0000-0000-0000-0000000000a1"
TIME = "2024-01-01 00:00:00+00"
COLUMNS = "id user_id action entity_type entity_id ip_address user_agent metadata created_at"
NAUGHTY = '{"b": 1.10,  "a": [12345678901234567890, 1e400, -0.0, "\\u00e9", "é"], "z": {}}'


def activities(*rows: dict) -> Outcome:
    filled = [{"id": ID, "created_at": TIME} | row for row in rows]
    data = {column: pd.Series([row.get(column) for row in filled], dtype=TEXT) for column in COLUMNS.split()}
    frame = pd.DataFrame(data).set_axis(range(10, 10 * len(rows) + 10, 10))
    return subject.activity_logs(
        frame, Parameters("activity_logs"), {"repeated_ids": pd.DataFrame({"id": []}, dtype=TEXT)}
    )


def logs(*rows: dict) -> list[dict]:
    return records(activities(*rows).frames["audit_logs"])


def changes(metadata: str) -> list[tuple]:
    found = records(activities({"metadata": metadata}).frames["audit_log_changes"])
    return [(each["field_name"], each["old_value"], each["new_value"]) for each in found]


def test_an_activity_is_a_log_with_the_same_id():
    activity = {"action": "job.update", "entity_type": "job", "entity_id": "42", "user_agent": "curl"}
    assert logs(activity | {"user_id": USER, "ip_address": "10.0.0.1", "metadata": NAUGHTY}) == [
        activity
        | {"label": 10, "id": ID, "actor_user_id": USER, "ip_address": "10.0.0.1", "metadata": NAUGHTY}
        | {"created_at": TIME}
    ]


def test_an_id_that_is_no_uuid_is_derived_and_mapped():
    outcome = activities({"id": "7", "metadata": '{"changes": {"f": {"old": 1, "new": 2}}}'}, {"id": ID.upper()})
    derived = derived_id("activity_logs:7")
    assert [row["id"] for row in records(outcome.frames["audit_logs"])] == [derived, ID]
    (change,) = records(outcome.frames["audit_log_changes"])
    assert (change["id"], change["audit_log_id"]) == (derived_id("audit_log_changes:activity_logs:7:f"), derived)
    assert [(each["label"], each["legacy_id"], each["target_id"]) for each in records(outcome.id_map)] == [
        (10, "7", derived)
    ]


@pytest.mark.parametrize(
    ("metadata", "kept"),
    [
        (None, '{"legacy_ip_address": "unknown"}'),
        ("{}", '{"legacy_ip_address": "unknown"}'),
        (" { \n} ", '{"legacy_ip_address": "unknown"}'),
        ('{"n": 1.10}', '{"n": 1.10, "legacy_ip_address": "unknown"}'),
        (NAUGHTY, NAUGHTY[:-1] + ', "legacy_ip_address": "unknown"}'),
        ('{"a": {}}\n', '{"a": {}, "legacy_ip_address": "unknown"}'),
        ('{"legacy_ip_address": 1}', '{"legacy_ip_address": 1, "legacy_ip_address_": "unknown"}'),
        ("[1.10, {}]", '{"legacy_metadata": [1.10, {}], "legacy_ip_address": "unknown"}'),
        ('"text"', '{"legacy_metadata": "text", "legacy_ip_address": "unknown"}'),
        ("null", '{"legacy_metadata": null, "legacy_ip_address": "unknown"}'),
    ],
)
def test_an_ip_that_is_no_address_is_kept_in_metadata(metadata, kept):
    (log,) = logs({"ip_address": "unknown", "metadata": metadata})
    assert (log["ip_address"], log["metadata"]) == (None, kept)
    json.loads(log["metadata"])


@pytest.mark.parametrize(
    "metadata", ["no json", "", "{", '{"a": 12', '{"a": {"b": 1}', '{"a": 1,}', '1, "b": 2', "{}}", "NaN"]
)
def test_metadata_that_is_no_json_is_kept_as_a_text_and_noted(metadata):
    outcome = activities({"ip_address": "unknown", "metadata": metadata})
    (log,) = records(outcome.frames["audit_logs"])
    assert json.loads(log["metadata"]) == {"legacy_metadata": metadata, "legacy_ip_address": "unknown"}
    assert outcome.notes["note"].tolist() == ["metadata_no_json"]


@pytest.mark.parametrize("metadata", ['{"a": "\\u0000"}', '["\\ud800"]', '{"a": [1e131073]}', '{"a": 1e-16384}'])
def test_json_that_jsonb_does_not_take_is_a_text(metadata):
    (log,) = logs({"metadata": metadata})
    assert json.loads(log["metadata"]) == {"legacy_metadata": metadata}


@pytest.mark.parametrize("ip", ['quo"te', "back\\slash", "", " 10.0.0.1", "tab\there", "é", "10.0.0.1, 10.0.0.2"])
def test_any_text_may_stand_in_the_place_of_an_ip(ip):
    (log,) = logs({"ip_address": ip, "metadata": '{"a": 1}'})
    assert log["ip_address"] is None
    assert json.loads(log["metadata"]) == {"a": 1, "legacy_ip_address": ip}


@pytest.mark.parametrize("ip", ["10.0.0.1", "10.0.0.1/8", "::1", "2001:DB8::1/32", "::ffff:1.2.3.4", None])
def test_an_address_leaves_metadata_alone(ip):
    assert [(log["ip_address"], log["metadata"]) for log in logs({"ip_address": ip, "metadata": " {} "})] == [
        (ip, " {} ")
    ]


def test_good_and_bad_ips_do_not_touch_each_other():
    found = logs({"ip_address": "x", "metadata": None}, {"ip_address": "::1", "metadata": None}, {"ip_address": "y"})
    assert [log["metadata"] for log in found] == ['{"legacy_ip_address": "x"}', None, '{"legacy_ip_address": "y"}']


@pytest.mark.parametrize(
    ("metadata", "found"),
    [
        ('{"changes": {"f": {"old": 1.10, "new": 1.2}}}', [("f", "1.10", "1.2")]),
        ('{"changes": {"f": {"old": 1.10, "new": 1.1}}}', []),
        ('{"changes": {"f": {"old": 1E2, "new": 100}}}', []),
        ('{"changes": {"f": {"old": -0, "new": 0}}}', []),
        ('{"changes": {"f": {"old": 1, "new": true}}}', [("f", "1", "true")]),
        ('{"changes": {"f": {"old": 0, "new": false}}}', [("f", "0", "false")]),
        ('{"changes": {"f": {"old": 1, "new": "1"}}}', [("f", "1", '"1"')]),
        ('{"changes": {"f": {"old": 0.1, "new": 0.10000000000000000001}}}', [("f", "0.1", "0.10000000000000000001")]),
        (
            '{"changes": {"f": {"old": 12345678901234567890, "new": 12345678901234567891}}}',
            [("f", "12345678901234567890", "12345678901234567891")],
        ),
        ('{"changes": {"f": {"old": {"a": 1, "b": [2]}, "new": {"b": [2.0], "a": 1.0}}}}', []),
        ('{"changes": {"f": {"old": [1, 2], "new": [2, 1]}}}', [("f", "[1, 2]", "[2, 1]")]),
        ('{"changes": {"f": {"old": null, "new": 1}}}', [("f", "null", "1")]),
        ('{"changes": {"f": {"old": null, "new": null}}}', []),
        ('{"changes": {"f": {"new": 1}}}', [("f", None, "1")]),
        ('{"changes": {"f": {"old": null}}}', [("f", "null", None)]),
        ('{"changes": {"f": {"old": "é", "new": "\\"\\\\"}}}', [("f", '"é"', '"\\"\\\\"')]),
        (
            '{"changes": {"é": {"old": {"k": {}}, "new": []}, "": {"old": 1, "new": 2}}}',
            [("é", '{"k": {}}', "[]"), ("", "1", "2")],
        ),
        ('{"changes": {"f": {"old": 1, "new": 2, "label": "F"}}}', [("f", "1", "2")]),
        ('{"changes": {"f": {"old": 1, "old": 3, "new": 2}}}', [("f", "3", "2")]),
        ('{"ch\\u0061nges": {"f": {"old": 1, "new": 2}}}', [("f", "1", "2")]),
        ('{"changes": {"f": {"old": "\\u00e9", "new": "e"}}}', [("f", '"é"', '"e"')]),
        ('{"changes": {"f": {}, "g": 1, "h": [1, 2], "i": null, "j": {"was": 1}}}', []),
        ('{"changes": [{"field": "f", "old": 1, "new": 2}]}', []),
        ('{"changes": null}', []),
        ('{"changes": 3}', []),
        ('[{"changes": {"f": {"old": 1, "new": 2}}}]', []),
        ('"changes"', []),
        ('{"deep": {"changes": {"f": {"old": 1, "new": 2}}}}', []),
        (
            '{"before": {"a": 1, "b": 1.0, "c": null}, "after": {"b": 1, "a": 2}}',
            [("a", "1", "2"), ("c", "null", None)],
        ),
        ('{"after": {"n": 1.50, "a": 1}, "before": {"a": 1}}', [("n", None, "1.50")]),
        ('{"before": null, "after": {"a": null}}', [("a", None, "null")]),
        ('{"before": {"a": 1}, "after": null}', [("a", "1", None)]),
        ('{"before": null, "after": null}', []),
        ('{"before": {"a": 1}}', []),
        ('{"before": "2024-01-01", "after": "2023-01-01"}', []),
        ('{"before": [1], "after": [2]}', []),
        (
            '{"before": {"a": 1, "b": 1}, "after": {"a": 2, "b": 2}, "changes": {"b": {"old": 8, "new": 9}}}',
            [("a", "1", "2"), ("b", "8", "9")],
        ),
        ('{"changes": {"f": {"old": 1, "new": 2}}', []),
        ('{"changes": {"f": {"old": 1, "new": NaN}}}', []),
        ('{"changes": {"f": {"old": 1, "new": 01}}}', []),
        ('{"changes": {"f": {"old": "\\u0000", "new": 2}}}', []),
        ('{"changes": {"f\\u0000": {"old": 1, "new": 2}}}', []),
        ('{"changes": {"f": {"old": ["\\ud800"], "new": 2}}}', []),
        ('{"changes": {"\\ud83d\\ude00": {"old": 1, "new": 2}}}', [("😀", "1", "2")]),
        ('{"changes": {"f": {"old": "\\\\u0000", "new": 2}}}', [("f", '"\\\\u0000"', "2")]),
        ('{"changes": {"f": {"old": 1e99999999999999999999, "new": 2}}}', []),
    ],
)
def test_changes_are_the_fields_that_differ(metadata, found):
    assert changes(metadata) == found


def test_changes_carry_their_log_and_its_time():
    metadata = '{"changes": {"a": {"old": 1, "new": 2}, "b": {"old": 1, "new": 2}}}'
    outcome = activities({"metadata": "{}"}, {"metadata": metadata, "id": USER, "created_at": "2024-05-05 00:00:00+00"})
    assert records(outcome.frames["audit_log_changes"]) == [
        {
            "label": 20,
            "id": derived_id(f"audit_log_changes:activity_logs:{USER}:{field}"),
            "audit_log_id": USER,
            "field_name": field,
            "old_value": "1",
            "new_value": "2",
            "created_at": "2024-05-05 00:00:00+00",
        }
        for field in ("a", "b")
    ]


def test_a_log_without_an_id_has_no_changes():
    outcome = activities({"id": None, "metadata": '{"changes": {"f": {"old": 1, "new": 2}}}'})
    assert not len(outcome.frames["audit_log_changes"])


def test_what_is_nested_too_deeply_is_carried_and_noted():
    deep = '{"changes": {"f": {"old": 1, "new": ' + "[" * 5_000 + "]" * 5_000 + "}}}"
    over = '{"changes": {"f": {"old": 1, "new": ' + "[" * 98 + "]" * 98 + "}}}"
    just = '{"changes": {"f": {"old": 1, "new": ' + "[" * 97 + "]" * 97 + "}}}"
    flat = '{"changes": {"f": {"old": "' + "[{" * 500 + '\\"", "new": ' + str([{}] * 300) + "}}}"
    outcome = activities(*({"metadata": text, "ip_address": "x"} for text in (deep, just, flat, over)))
    assert [row["label"] for row in records(outcome.frames["audit_log_changes"])] == [20, 30]
    assert [(note["label"], note["target_table"], note["note"]) for note in records(outcome.notes)] == [
        (10, "audit_log_changes", "changes_not_read"),
        (40, "audit_log_changes", "changes_not_read"),
    ]
    assert records(outcome.frames["audit_logs"])[0]["metadata"] == deep[:-1] + ', "legacy_ip_address": "x"}'


def test_no_rows_give_no_rows():
    outcome = activities()
    frames = [*outcome.frames.values(), outcome.id_map, outcome.notes]
    assert not any(len(frame) for frame in frames)
    assert all(dtype == TEXT for frame in frames for dtype in frame.dtypes)
