"""The target's SQL files say what the contract wants, and the parser takes nothing that it does not understand."""

import re

import pytest

from config import mapping, target
from config.errors import ConfigError

ROLES = list(mapping.load().roles)

TABLES = """-- Things.
create table things (
    id uuid default gen_random_uuid(),
    label text,
    price numeric(14,2) default 0
);

-- Parts of things.
create table parts (
    thing_id uuid,
    kind text
);
"""
KEYS = "alter table things add constraint things_pkey primary key (id);\n"


# Columns beside ids, references and times, which are of one type everywhere.
COLUMNS = {
    "user_role_profiles": "role text, display_name text, bio text, location text, status text, rejection_reason text",
    "verification_requests": "role text, request_type text, status text, payload jsonb, rejection_reason text",
    "verification_documents": "document_type text, file_url text, status text",
    "approval_requests": "status text, rejection_reason text",
    "orders": "status text, currency character(3), subtotal numeric(14,2), discount_amount numeric(14,2), "
    "tax_amount numeric(14,2), total numeric(14,2)",
    "order_items": "description text, quantity integer, unit_price numeric(14,2), line_total numeric(14,2)",
    "payment_gateway_configs": "gateway text, display_name text, is_active boolean, settings jsonb",
    "payment_transactions": "gateway_reference text, amount numeric(14,2), currency character(3), status text",
    "tax_rules": "name text, country character(2), region text, rate numeric(6,4), applies_to text",
    "kb_sections": "title text, slug text, position integer",
    "kb_article_feedback": "is_helpful boolean, comment text",
    "kb_article_related": "position integer",
    "audit_logs": "action text, entity_type text, entity_id text, ip_address inet, user_agent text, metadata jsonb",
    "audit_log_changes": "field_name text, old_value jsonb, new_value jsonb",
    "review_display_settings": "",
    "user_settings": "preferences jsonb",
} | {f"{role}_profiles": "" for role in ROLES}
IDS = ("id", "reviewed_by", "decided_by")
TIMES = ("valid_from", "valid_to")


@pytest.fixture
def files(tmp_path):
    """A function that writes one domain's two files and loads them."""

    def load(tables: str, constraints: str = ""):
        domain = tmp_path / "shop"
        domain.mkdir()
        (domain / "tables.sql").write_text(tables)
        (domain / "constraints.sql").write_text(constraints)
        return target.load(tmp_path)

    return load


def constraints_of(table: str, kind: str) -> dict[str, str]:
    return {c.name: c.definition for c in target.load()[table].constraints if c.kind == kind}


def test_every_table_of_the_target_is_declared_in_its_domain():
    domains = target.domains()
    assert set(domains) == set(target.load())
    profiles = {"user_role_profiles", *(f"{role}_profiles" for role in ROLES)}
    assert {name for name, domain in domains.items() if domain == "profiles"} == profiles
    assert {name: domain for name, domain in domains.items() if domain != "profiles"} == {
        "verification_requests": "verification",
        "verification_documents": "verification",
        "approval_requests": "verification",
        "orders": "finance",
        "order_items": "finance",
        "payment_gateway_configs": "finance",
        "payment_transactions": "finance",
        "tax_rules": "finance",
        "kb_sections": "knowledge_base",
        "kb_article_feedback": "knowledge_base",
        "kb_article_related": "knowledge_base",
        "audit_logs": "audit",
        "audit_log_changes": "audit",
        "review_display_settings": "marketplace",
        "user_settings": "identity",
    }


@pytest.mark.parametrize("table", target.load().values(), ids=lambda table: table.name)
def test_every_table_has_its_times_a_key_and_a_comment(table):
    times = {"created_at"} if table.name.startswith("audit_") else {"created_at", "updated_at"}
    found = {name for name in ("created_at", "updated_at") if table.find_column(name)}
    assert found == times
    for name in times:
        column = table.find_column(name)
        assert (column.type, column.default, column.not_null) == ("timestamp with time zone", "now()", True)
    assert table.primary_key
    assert table.comment
    for name in table.primary_key:
        assert table.column(name).not_null
        assert any(c.kind == "n" and c.columns == (name,) for c in table.constraints)


@pytest.mark.parametrize("table", target.load().values(), ids=lambda table: table.name)
def test_every_column_has_its_type(table):
    others = []
    for column in table.columns:
        if column.name in IDS or (column.name.endswith("_id") and column.name != "entity_id"):
            assert column.type == "uuid"
        elif column.name in TIMES or column.name.endswith("_at"):
            assert column.type == "timestamp with time zone"
        else:
            others.append(f"{column.name} {column.type}")
    assert ", ".join(others) == COLUMNS[table.name]


@pytest.mark.parametrize("role", ROLES)
def test_an_extension_row_belongs_to_one_root(role):
    table = target.load()[f"{role}_profiles"]
    assert [column.name for column in table.columns] == ["id", "user_role_profile_id", "created_at", "updated_at"]
    key = f"{role}_profiles_user_role_profile_id_key"
    assert constraints_of(table.name, "u") == {key: "UNIQUE (user_role_profile_id)"}
    reference = next(c for c in table.constraints if c.kind == "f")
    assert (reference.columns, reference.ref_table, reference.ref_columns) == (
        ("user_role_profile_id",),
        "user_role_profiles",
        ("id",),
    )


def test_checks_hold_the_lists_and_the_sum():
    assert constraints_of("orders", "c")["orders_check"] == "CHECK (total = subtotal - discount_amount + tax_amount)"
    assert constraints_of("order_items", "c") == {"order_items_quantity_check": "CHECK (quantity > 0)"}
    assert constraints_of("tax_rules", "c") == {"tax_rules_rate_check": "CHECK (rate between 0 and 1)"}
    assert constraints_of("kb_article_related", "c") == {
        "kb_article_related_check": "CHECK (article_id <> related_article_id)"
    }
    roles = constraints_of("user_role_profiles", "c")["user_role_profiles_role_check"]
    assert sorted(re.findall(r"'(\w+)'", roles)) == sorted(ROLES)
    statuses = constraints_of("approval_requests", "c")["approval_requests_status_check"]
    assert len(re.findall(r"'\w+'", statuses)) == 9


def test_actors_have_no_foreign_key():
    for table, column in (("verification_requests", "reviewed_by"), ("approval_requests", "decided_by")):
        assert target.load()[table].column(column).type == "uuid"
        assert not any(c.kind == "f" and column in c.columns for c in target.load()[table].constraints)


def test_foreign_keys_lead_to_declared_or_copied_tables():
    copied = {"users", "roles", "coupons", "pricing_packages", "payments", "reviews", "kb_categories", "kb_articles"}
    led = {c.ref_table for table in target.load().values() for c in table.constraints if c.kind == "f"}
    assert led - set(target.load()) == copied


def test_every_foreign_key_is_indexed_first():
    for table in target.load().values():
        keys = [c.columns for c in table.constraints if c.kind in "pu"] + [index.columns for index in table.indexes]
        for c in table.constraints:
            assert c.kind != "f" or any(key[: len(c.columns)] == c.columns for key in keys), c.name


def test_names_are_the_ones_postgresql_would_choose():
    suffixes = {"p": "pkey", "u": "key", "f": "fkey", "c": "check", "n": "not_null"}
    for table in target.load().values():
        for c in table.constraints:
            columns = "" if c.kind == "p" or (c.kind == "c" and len(c.columns) > 1) else "_" + "_".join(c.columns)
            assert c.name == f"{table.name}{columns}_{suffixes[c.kind]}"
        for index in table.indexes:
            assert index.name == f"{table.name}_{'_'.join(index.columns)}_idx"


def test_a_small_pair_of_files_is_read_in_full(files):
    tables = files(
        TABLES,
        KEYS
        + "-- a part needs its thing\n"
        + "alter table parts alter column thing_id set not null;\n"
        + "alter table parts add constraint parts_thing_id_fkey\n"
        + "    foreign key (thing_id) references things (id) on delete cascade;\n"
        + "alter table parts add constraint parts_kind_check check (\n    kind in ('( a', 'label;')\n);\n"
        + "create unique index parts_kind_idx on parts (kind, thing_id);\n",
    )
    things, parts = tables["things"], tables["parts"]
    assert things.comment == "Things."
    assert [(c.name, c.type, c.base, c.default, c.not_null) for c in things.columns] == [
        ("id", "uuid", "uuid", "gen_random_uuid()", True),
        ("label", "text", "text", None, False),
        ("price", "numeric(14,2)", "numeric", "0", False),
    ]
    assert [(c.name, c.kind, c.columns, c.definition) for c in parts.constraints] == [
        ("parts_thing_id_not_null", "n", ("thing_id",), "NOT NULL thing_id"),
        (
            "parts_thing_id_fkey",
            "f",
            ("thing_id",),
            "FOREIGN KEY (thing_id) REFERENCES things(id) ON DELETE CASCADE",
        ),
        ("parts_kind_check", "c", ("kind",), "CHECK (kind in ('( a', 'label;'))"),
    ]
    assert parts.constraints[-1].expression == "kind in ('( a', 'label;')"
    assert parts.indexes[0].definition == "CREATE UNIQUE INDEX parts_kind_idx ON parts USING btree (kind, thing_id)"
    assert parts.indexes[0].is_unique


@pytest.mark.parametrize(
    ("wrong", "line", "said"),
    [
        (TABLES.replace("label text", "label text not null"), 4, "label text not null"),
        (TABLES.replace("default 0", "default 0 unique"), 5, "constraints stand apart"),
        (TABLES.replace("label text", "label varchar"), 4, "type varchar"),
        (TABLES.replace("label text", "label text(3)"), 4, r"type text\(3\)"),
        (TABLES.replace("numeric(14,2)", "numeric"), 5, "type numeric"),
        (TABLES.replace("label text,", "label text"), 4, "comma"),
        (TABLES.replace("default 0\n", "default 0,\n"), 5, "comma"),
        (TABLES.replace("label text", "id text"), 4, "id stands twice"),
        (TABLES.replace("-- Things.\n", ""), 1, "no comment"),
        (TABLES.replace("-- Things.\n", "-- Things.\n\n"), 3, "no comment"),
        (TABLES.replace("table parts", "table things"), 9, "things stands twice"),
        (TABLES.replace("kind text\n);\n", "kind text\n"), 9, "has no end"),
        (TABLES.replace("    thing_id uuid,\n    kind text\n", ""), 9, "no columns"),
        (TABLES + "insert into things values (1);\n", 13, "insert into"),
        (TABLES.replace("create table parts", "create unlogged table parts"), 9, "unlogged"),
    ],
)
def test_a_wrong_table_is_refused_where_it_stands(files, wrong, line, said):
    with pytest.raises(ConfigError, match=rf"^shop/tables\.sql:{line}: .*{said}"):
        files(wrong)


@pytest.mark.parametrize(
    ("wrong", "line", "said"),
    [
        ("drop table things;\n", 2, "drop table things"),
        ("alter table things alter column label drop not null;\n", 2, "drop not null"),
        ("\nalter table things alter column nothing set not null;\n", 3, "no column nothing"),
        ("alter table nothing alter column id set not null;\n", 2, "nothing is not declared"),
        ("alter table things add constraint things_pkey2 primary key (label);\n", 2, "primary key already"),
        ("alter table things add constraint things_pkey unique (label);\n", 2, "things_pkey stands twice"),
        ("alter table things add constraint c check (label > '') not valid;\n", 2, "not valid"),
        ("alter table things add constraint c check (true), add constraint d check (false);\n", 2, "one expression"),
        ("alter table things add constraint c check ((label > '');\n", 2, "one expression"),
        ("alter table things add constraint c check (1 = 1);\n", 2, "no column of this check"),
        ("alter table things add constraint c check ('label' = '');\n", 2, "no column of this check"),
        ("alter table things add constraint c unique (label)\n", 2, "without an end"),
        ("alter table things add constraint " + "c" * 64 + " unique (label);\n", 2, "63 bytes"),
        ("create index i on things (lower(label));\n", 2, "lower"),
        ("create index i on things (label) where true;\n", 2, "where true"),
        ("alter table things alter column id set not null; drop table things;\n", 2, "drop table"),
    ],
)
def test_a_wrong_constraint_is_refused_where_it_stands(files, wrong, line, said):
    with pytest.raises(ConfigError, match=rf"^shop/constraints\.sql:{line}: .*{said}"):
        files(TABLES, KEYS + wrong)


def test_a_foreign_key_needs_a_key_to_point_at(files):
    wrong = "alter table parts add constraint f foreign key (kind) references things (label);\n"
    with pytest.raises(ConfigError, match=r"^shop/constraints\.sql:2: f references things \(label\)"):
        files(TABLES, KEYS + wrong)
