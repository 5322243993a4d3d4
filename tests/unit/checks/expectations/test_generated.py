"""What follows from the declared tables and the mapping, and what is done with Data Docs; no database."""

from collections.abc import Callable
from types import ModuleType

import pytest

from checks.expectations import data_docs
from checks.expectations.schema import Schema, SchemaColumn, SchemaTable
from checks.verdict import CRITICAL, FAIL, INFO, PASS, Check
from config import target
from config.shapes import Constraint


def check_of(expression: str) -> Constraint:
    return Constraint("c", "t", "c", ("x",), f"CHECK ({expression})", expression=expression)


def column(type_: str = "uuid", is_text: bool = False, is_required: bool = False) -> SchemaColumn:
    return SchemaColumn(type_, is_text, is_required, type_, type_)


def declared(name: str, **changed: SchemaColumn) -> SchemaTable:
    """A table as its declaration wants it, with some columns otherwise."""
    shape = target.load()[name]
    columns = {c.name: column(c.type, c.base == "text", c.not_null) for c in shape.columns}
    return SchemaTable(columns | changed, shape.primary_key)


@pytest.fixture(scope="module")
def generated() -> ModuleType:
    """It brings Great Expectations, for which a process that only collects this module need not wait some seconds."""
    from checks.expectations import generated

    return generated


@pytest.fixture
def planned(generated) -> Callable[[str, Schema], dict]:
    """What is planned for a table, by its name without the suite's."""

    def plans(table: str, schema: Schema) -> dict:
        found = [*generated.of_rows(table, schema), *generated.of_columns(table, schema, {})]
        return {plan.name.removeprefix(f"suite/{table}/"): plan for plan in found}

    return plans


def test_every_declared_check_is_said_by_an_expectation_or_a_rule(generated) -> None:
    assert generated.unsaid() == []


@pytest.mark.parametrize(
    ("expression", "wanted"),
    [
        ("x in ('A', 'it''s')", {"value_set": ["A", "it's"]}),
        ("x between 0 and 1", {"min_value": 0, "max_value": 1, "strict_min": False}),
        ("x > 0", {"min_value": 0, "max_value": None, "strict_min": True}),
        ("x >= -5", {"min_value": -5, "strict_min": False}),
    ],
)
def test_declared_checks_become_expectations(generated, expression: str, wanted: dict) -> None:
    expectation = generated.said(check_of(expression))
    assert expectation.column == "x" and expectation.severity.value == CRITICAL
    assert {name: getattr(expectation, name) for name in wanted} == wanted


@pytest.mark.parametrize("expression", ["x = y + z", "x <> y", "x in ('A') or (y)", "x > 0 and x < 9"])
def test_a_check_of_another_form_is_not_half_said(generated, expression: str) -> None:
    assert generated.said(check_of(expression)) is None


def test_a_declared_table_is_held_to_its_declaration(planned) -> None:
    plans = planned("orders", Schema("s", {"orders": declared("orders")}))
    assert set(plans) == {"columns", "required", "values/status", "types"}
    strict = [c.name for c in target.load()["orders"].columns if c.not_null]
    assert [part.column for part in plans["required"].parts] == strict
    assert plans["required"].parts[0].keys == 'select "id" from {batch} where "id" is null'


def test_a_lacking_column_is_one_finding(planned) -> None:
    table = declared("orders")
    del table.columns["status"]
    plans = planned("orders", Schema("s", {"orders": table}))
    assert plans["columns"].parts[0].found == "status not there"
    assert "values/status" not in plans
    assert "status" not in [part.column for part in plans["required"].parts]
    assert not any("status" in typed for typed in plans["types"].parts[0].expectation.value_set)


def test_a_reference_has_the_type_of_its_key(planned) -> None:
    users = SchemaTable({"id": column("bigint")}, ("id",))
    wrong = Schema("s", {"orders": declared("orders"), "users": users})
    assert planned("orders", wrong)["types"].parts[0].found == "user_id is uuid, bigint expected"
    right = Schema("s", {"orders": declared("orders", user_id=column("bigint")), "users": users})
    assert planned("orders", right)["types"].parts[0].found == ""


def test_a_copied_table_is_held_to_its_own_columns_and_to_the_mapping(planned) -> None:
    columns = {"id": column(is_required=True), "language": column(), "created_at": column()}
    plans = planned("users", Schema("s", {"users": SchemaTable(columns, ())}))
    assert set(plans) == {"columns", "required", "gone"}
    assert plans["columns"].parts[0].found == "updated_at not there"
    assert plans["required"].parts[0].keys == 'select concat(ctid) from {batch} where "id" is null'
    assert plans["gone"].parts[0].found == "language still there"


def test_renamed_and_moved_columns_are_gone(generated) -> None:
    names = ("jobs", "lead_requests", "reviews", "coupon_redemptions")
    gone = {name: generated._gone_columns(name, SchemaTable({}, ())) for name in names}
    assert gone["jobs"] == ["job_type"]
    assert set(gone["lead_requests"]) == {"requirement_id", "professional_id"}
    assert "highlight_color" in gone["reviews"]
    assert gone["coupon_redemptions"] == ["used_at"]


def test_a_table_may_keep_both_names_of_a_renaming(generated) -> None:
    both = SchemaTable({"redeemed_at": column(), "used_at": column()}, ())
    assert "used_at" not in generated._gone_columns("coupon_redemptions", both)
    taken_in = SchemaTable({"employment_type": column(), "job_type": column()}, ())
    assert "job_type" in generated._gone_columns("jobs", taken_in)


def test_forbidden_links_are_critical_and_others_a_question(generated, planned) -> None:
    text = column("text", is_text=True)
    table = declared("developer_profiles", github_url=text, website=text)
    plans = planned("developer_profiles", Schema("s", {"developer_profiles": table}))
    assert plans["gone"].severity == CRITICAL and plans["gone"].parts[0].found == "github_url still there"
    assert {"github_url", "portfolio_url", "user_id", "status"} <= set(
        generated._gone_columns("developer_profiles", SchemaTable({}, ()))
    )
    assert plans["links"].severity == INFO
    assert [part.column for part in plans["links"].parts] == ["website"]


def test_a_parameter_has_a_plain_name(generated) -> None:
    assert generated.parameter('Full "Name"') == "rows_Full__Name_"


def test_a_page_fetches_nothing() -> None:
    page = """<html><head><link rel="stylesheet" href="https://cdn.example/a.css"><link href='//b.example/x' />
    <link rel="stylesheet" href="static/own.css"><script src="https://c.example/j.js"></script>
    <script>\nrun("https://d.example")\n</script></head><body><img src="https://e.example/p.png"><img src="own.png">
    <p>kept</p></body></html>"""
    made = data_docs.offline(page)
    assert ".example" not in made and "<script" not in made
    assert "static/own.css" in made and "own.png" in made and "<p>kept</p>" in made and "<style>" in made


def test_the_first_page_names_what_did_not_pass() -> None:
    checks = [
        Check("suite/a/x", "suite", "audit", "a <b>", "all is well", PASS),
        Check("suite/a/y", "suite", "audit", "a <b>", "x & y agree", FAIL, INFO, detail="3 rows"),
    ]
    page = data_docs.index(checks, {"a <b>": "validations/a b/p.html"})
    assert '<a href="validations/a%20b/p.html">a &lt;b&gt;</a></td><td>2</td>' in page
    assert "info FAIL: x &amp; y agree — 3 rows" in page and "all is well" not in page
