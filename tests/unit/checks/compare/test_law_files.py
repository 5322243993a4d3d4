"""How a law says what it is, and what it needs of the legacy database."""

from types import SimpleNamespace

import pytest

from checks.compare import law_files as laws
from checks.reading.catalog import Catalog
from config.shapes import Column, Table

LAW = """-- A wallet is never
-- empty.
-- table: wallets
-- severity: info
-- needs: wallets.balance | amount, ledger
-- needs: wallets.id
-- holds
select id::text as key, balance > 0 as holds from wallets;
"""


@pytest.fixture
def law(tmp_path) -> laws.Law:
    path = tmp_path / "finance" / "never_empty.sql"
    path.parent.mkdir()
    path.write_text(LAW, encoding="utf-8")
    return laws._read(path)


def facts(**tables: tuple[str, ...]) -> SimpleNamespace:
    """Of a legacy database with these tables and columns."""
    found = {name: Table(name, tuple(Column(c, "text") for c in columns)) for name, columns in tables.items()}
    return SimpleNamespace(source=Catalog("public", found))


def test_a_law_says_what_it_is(law):
    assert (law.domain, law.name, law.table, law.severity) == ("finance", "never_empty", "wallets", "info")
    assert law.title == "A wallet is never empty."
    assert law.holds == "select id::text as key, balance > 0 as holds from wallets"
    assert law.needs == ("wallets.balance | amount", "ledger", "wallets.id")


def test_one_of_several_names_is_enough(law):
    assert law.lacks(facts(wallets=("id", "amount"), ledger=())) == []
    assert law.lacks(facts(wallets=("id", "balance"), ledger=())) == []


def test_what_it_lacks_is_named(law):
    assert law.lacks(facts(wallets=("id",), ledger=())) == ["wallets.balance | amount"]
    assert law.lacks(facts(wallets=("id", "balance"))) == ["ledger"]
    assert law.lacks(facts()) == ["wallets.balance | amount", "ledger", "wallets.id"]


def test_a_law_without_needs_is_always_planned(tmp_path):
    path = tmp_path / "law.sql"
    path.write_text("-- A rule.\n-- table: orders\n-- holds\nselect id as key, true as holds from orders\n")
    assert laws._read(path).lacks(facts()) == []


def test_laws_that_are_left_out_are_told():
    told = laws.left_out(facts())
    assert any(text.startswith("law/coupon_redemptions/redemptions: ") for text in told)
    assert not any("law/orders/orders:" in text for text in told)
    named = {laws.name_of(law) for law in laws.planned(facts())}
    assert "law/orders/orders" in named
    assert "law/coupon_redemptions/redemptions" not in named


def test_every_law_has_one_kind_and_a_title():
    for law in laws.load():
        kinds = (bool(law.target), bool(law.holds), bool(law.derived))
        assert sum(kinds) == 1, law.name
        assert not law.target or law.source, law.name
        assert law.title.rstrip(")").endswith("."), law.name
