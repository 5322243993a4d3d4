"""Two spellings of one expression are one; two expressions of the same words are not."""

import pytest

from checks.shape.definitions import eased, expression, names, sequences, unqualified

DECLARED = frozenset()  # casts of literals are spelling, and of no column
SAME = [
    ("total = subtotal - discount + tax", "(total = ((subtotal - discount) + tax))"),
    ("rate between 0 and 1", "((rate >= (0)::numeric) AND (rate <= (1)::numeric))"),
    ("rate not between 0 and 1", "((rate < (0)::numeric) OR (rate > (1)::numeric))"),
    ("status in ('A', 'B')", "(status = ANY (ARRAY['A'::text, 'B'::text]))"),
    ("status not in ('A', 'B')", "(status <> ALL (ARRAY['A'::text, 'B'::text]))"),
    ("(a and b) and c", "(a AND b AND c)"),
    ("name like 'x%' or not a", "((name ~~ 'x%'::text) OR (NOT a))"),
]
OTHER = [
    ("(a or b) and c", "a or (b and c)"),
    ("(x + y) * z", "x + (y * z)"),
    ("x - (y - z)", "(x - y) - z"),
    ("not (a and b)", "(not a) and b"),
    ("(price)::integer > 5", "price > 5"),
    ("'7'::integer", "'7'::text"),
    ("((a)::numeric / b)", "((a / b))::numeric"),
    ("case when a then b else c end", "case when a then c else b end"),
    ("f(a, b)", "f((a, b))"),
    ("(a is null) = b", "a is (null = b)"),
    ('"or"', "or"),
    ("(home).x > 1", "(home).y > 1"),
    ("extract(year from x)", "extract(month from x)"),
    ("(a || b) at time zone 'UTC'", "a || (b at time zone 'UTC')"),
]
VARCHAR = "((state)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[]))"
READ_AGAIN = "((state)::text = ANY (ARRAY[('a'::character varying)::text, ('b'::character varying)::text]))"
AS_TEXT = "(state = ANY (ARRAY['a'::text, 'b'::text]))"


@pytest.mark.parametrize(("one", "other"), SAME)
def test_what_the_declaration_says_is_what_postgresql_keeps_of_it(one: str, other: str) -> None:
    assert eased(expression(one, {}), DECLARED) == eased(expression(other, {}), DECLARED)


@pytest.mark.parametrize(("one", "other"), OTHER)
def test_the_same_words_in_other_brackets_or_casts_are_another_expression(one: str, other: str) -> None:
    assert expression(one, {}) != expression(other, {})


def test_a_cast_of_an_array_is_one_of_each_element() -> None:
    assert expression(VARCHAR, {}) == expression(READ_AGAIN, {})


def test_casts_of_a_column_of_another_type_are_spelling_and_no_others() -> None:
    retyped = frozenset({"state"})
    assert expression(VARCHAR, {}) != expression(AS_TEXT, {})
    assert eased(expression(VARCHAR, {}), retyped) == eased(expression(AS_TEXT, {}), retyped)
    cut, whole = f"{AS_TEXT} and price::integer > 5", f"{AS_TEXT} and price > 5"
    assert eased(expression(cut, {}), retyped) != eased(expression(whole, {}), retyped)


def test_names_are_those_of_the_target_and_schemas_are_spelling() -> None:
    assert expression("public.f(job_type, 'x'::public.citext)", {"job_type": "order"}) == expression(
        "f(\"order\", 'x'::citext)", {}
    )
    assert expression("(a OPERATOR(public.=) b)", {}) == expression("(a = b)", {})
    assert names("""f(t.*, "Full Name", 'text')""") == {"f", "t", "Full Name"}


def test_a_sequence_is_the_one_that_the_text_names() -> None:
    spelled = ["nextval('public.s'::text)", "nextval('s'::regclass)", "nextval(('pub' || 'lic.s')::regclass)"]
    assert {expression(text, {}) for text in spelled} == {expression("nextval('s')", {})}
    assert sequences("1 + nextval('public.\"My s\"'::regclass)") == {"My s"}


def test_what_is_no_expression_or_nested_too_deep_has_a_tree_all_the_same() -> None:
    for text in ("x) y", "((", "a ::", "not", "case", "[", ", ,", "(" * 5000 + "x" + ")" * 5000, "a or " * 5000):
        assert expression(text, {}) == expression(text, {})


def test_a_body_keeps_everything_but_schemas() -> None:
    body = "begin return Public.f(new.a) || 'public.x' || \"public\".g(t.public.z); end"
    assert unqualified(body, {"public"}) == "begin return f(new.a) || 'public.x' || g(t.public.z); end"
