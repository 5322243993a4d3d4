"""The rules as they are written: complete, distinct, and in the form that those who pass them on can read."""

import re
from string import Formatter

import pytest

from checks.expectations.rule import Rule, kinds, orphans
from checks.expectations.schema import Schema, SchemaColumn, SchemaTable
from checks.expectations.suites import BY_DOMAIN, rules
from checks.expectations.suites.profiles import ROLES
from checks.verdict import CRITICAL, INFO, WARNING
from config import mapping, target

RULES = [rule for module in BY_DOMAIN.values() for rule in module.RULES]
KNOWN = {rule.target or legacy for legacy, rule in mapping.load().tables.items()} | set(target.load())


def test_every_domain_has_rules() -> None:
    assert tuple(BY_DOMAIN) == mapping.DOMAINS
    assert all(module.RULES for module in BY_DOMAIN.values())
    assert sum(map(len, rules().values())) == len(RULES)


def test_names_are_slugs_and_stand_once() -> None:
    names = [rule.check for rule in RULES]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", rule.name) for rule in RULES)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.check)
def test_a_rule_reads_known_tables_and_names_its_own(rule: Rule) -> None:
    assert rule.table in rule.reads
    assert set(rule.reads) <= KNOWN
    assert rule.severity in (CRITICAL, WARNING, INFO)
    assert not rule.title.endswith(".")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.check)
def test_a_rule_can_be_passed_on(rule: Rule) -> None:
    """Braces and per cent signs are read on the way, and a batch without an alias cannot be joined."""
    assert [field for _, field, _, _ in Formatter().parse(rule.broken) if field is not None] == ["batch"]
    assert "%" not in rule.broken and ";" not in rule.broken
    assert (" join " in rule.broken) == bool(re.search(r"\{batch\} \w+ (left )?join", rule.broken))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.check)
def test_a_rule_selects_keys_alone(rule: Rule) -> None:
    selected = re.match(r"select (?:\w+\.)?(\w+) from", rule.broken)[1]
    assert selected in rule.reads[rule.table].split()
    assert selected == "id" or selected.endswith("_id")


def test_a_rule_says_what_it_reads() -> None:
    """Every word of a rule's SQL that is a column of a declared table it reads stands in what it reads."""
    for rule in RULES:
        words = set(re.findall(r"\w+", re.sub(r"'[^']*'", "", rule.broken)))
        read = {name for columns in rule.reads.values() for name in kinds(columns)}
        declared = {c.name for table in rule.reads if table in target.load() for c in target.load()[table].columns}
        assert words & declared - read <= {"role", "position"}, rule.check


def test_extensions_are_held_to_their_roots() -> None:
    assert set(ROLES.values()) == set(mapping.load().profile_tables)
    assert all(any(rule.name == "root" for rule in rules()[table]) for table in ROLES.values())


def test_what_a_schema_lacks_is_said() -> None:
    rule = Rule("a", "b", "c", INFO, reads={"a": "id x", "other": "id"}, broken="select id from {batch}")
    column = SchemaColumn("uuid", False, True, "uuid", "uuid")
    assert rule.lacking(Schema("s", {})) == "there is no table a"
    assert rule.lacking(Schema("s", {"a": SchemaTable({"id": column}, ())})) == "a has no column x"
    complete = SchemaTable({"id": column, "x": column}, ())
    assert rule.lacking(Schema("s", {"a": complete})) == "there is no table other"
    assert rule.lacking(Schema("s", {"a": complete, "other": complete})) is None


def test_a_rule_that_reckons_is_not_applied_to_what_is_no_number() -> None:
    rule = Rule("a", "b", "c", INFO, reads={"a": "x:number y:time z"}, broken="select x from {batch}")
    text = SchemaColumn("character varying(9)", True, False, "character varying(9)", "varchar")
    of = {base: SchemaColumn(base, False, False, base, base) for base in ("money", "date", "bool")}
    fit = {"x": of["money"], "y": of["date"], "z": of["bool"]}
    assert rule.lacking(Schema("s", {"a": SchemaTable(fit, ())})) is None
    said = rule.lacking(Schema("s", {"a": SchemaTable(fit | {"x": of["date"], "y": text}, ())}))
    assert said == "a.x is date, a number is wanted, a.y is character varying(9), a date or a timestamp is wanted"


def test_a_rule_is_not_applied_to_a_reference_that_holds_another_column_than_the_id() -> None:
    rule = orphans("a", "b_id", "b", "b", "a has its b", CRITICAL)
    column = SchemaColumn("uuid", False, True, "uuid", "uuid")
    tables = {
        "a": SchemaTable({"id": column, "b_id": column}, ()),
        "b": SchemaTable({"id": column, "code": column}, ()),
    }
    for held, said in ((["b.code"], "a.b_id holds b.code, not the id"), (["b.id"], None), (["c.code"], None)):
        assert rule.lacking(Schema("s", tables, {"a.b_id": held})) == said
    number = SchemaColumn("bigint", False, True, "bigint", "int8")
    other = tables | {"b": SchemaTable({"id": number}, ())}
    assert rule.lacking(Schema("s", other)) == "a.b_id is uuid, and the id of b bigint"
