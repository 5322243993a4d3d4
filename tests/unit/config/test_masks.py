"""Which column gets which mask: what rules read is kept, what is personal masked, what nobody can mask refused."""

import hashlib
import re
from importlib.resources import files

import pytest

from config import mapping as mappings
from config import masks
from config.errors import ConfigError
from transforms.masks import Masker

MASKS, MAPPING = masks.load(), mappings.load()
MINIMAL = "personal = []\nkept = []\nkept_endings = []\n[names]\n[tables]\n"
DOMAINS = {"email_address": "varchar", "percentage": "numeric", "integer": "int4", "bigint": "int8", "smallint": "int2"}
DOMAINS |= {
    "boolean": "bool",
    "char": "bpchar",
    "double": "float8",
    "real": "float4",
    "serial": "int4",
    "bigserial": "int8",
}
ENUMS = {"user_status", "company_status", "job_status", "ledger_entry", "ticket_priority"}


def kind(table: str, column: str, base_type: str = "text") -> str | None:
    return masks.kind_of(MASKS, MAPPING, table, column, base_type)[0]


def why(table: str, column: str, base_type: str = "text") -> str:
    return masks.kind_of(MASKS, MAPPING, table, column, base_type)[1]


def reference_columns() -> list[tuple[str, str, str]]:
    """(table, column, base type) of the reference schema, types without their arrays."""
    text = (files("config") / "legacy" / "reference.sql").read_text("utf-8")
    found = []
    for table, body in re.findall(r"create table (\w+) \(\n(.*?)\n\);", text, re.DOTALL):
        for line in body.splitlines():
            column = re.match(r'\s+(?!constraint )("[^"]+"|\w+) (\w+)', line)
            if column:
                base = "enum" if column[2] in ENUMS else DOMAINS.get(column[2], column[2])
                found.append((table, column[1].strip('"'), base))
    return found


@pytest.mark.parametrize(
    ("table", "column", "base_type", "wanted"),
    [
        ("users", "email", "varchar", "email"),
        ("users", "phone", "varchar", "phone"),
        ("users", "phone", "int8", "phone"),
        ("users", "full_name", "text", "name"),
        ("users", "password_hash", "text", "text"),
        ("users", "last_login_ip", "inet", "ip"),
        ("users", "date_of_birth", "date", "date"),
        ("users", "pincode", "int4", "number"),
        ("users", "reset_token", "uuid", "hex"),
        ("users", "search", "tsvector", "null"),
        ("users", "mac_address", "macaddr", "hex"),
        ("refresh_tokens", "token_hash", "bytea", "bytes"),
        ("employees", "Full Name", "text", "name"),
        ("employees", "work_email", "varchar", "email"),
        ("tutor_profiles", "display_name", "text", "name"),
        ("tutor_profiles", "bio", "text", "text"),
        ("tutor_profiles", "rejection_reason", "text", "text"),
        ("company_profiles", "address", "jsonb", "json"),
        ("company_profiles", "address", "text", "text"),
        ("developer_profiles", "github_url", "text", "url"),
        ("submission_documents", "file_path", "text", "url"),
        ("onboarding_submissions", "form_data", "text", "json"),
        ("activity_logs", "ip_address", "text", "ip"),
        ("activity_logs", "metadata", "text", "json"),
        ("activity_logs", "user_agent", "text", "text"),
        ("payments", "provider_payment_id", "text", "text"),
        ("email_logs", "to_address", "varchar", "email"),
    ],
)
def test_what_is_personal_is_masked(table, column, base_type, wanted):
    assert kind(table, column, base_type) == wanted


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("professionals", "profession"), ("professionals", "category"), ("professionals", "status"), ("roles", "name"),
        ("roles", "key"), ("users", "language"), ("user_settings", "theme"), ("payments", "provider"),
        ("payments", "currency"), ("payments", "status"), ("jobs", "job_type"), ("jobs", "employment_type"),
        ("reviews", "badge_text"), ("onboarding_submissions", "role_key"), ("onboarding_states", "completed_at"),
        ("verifications", "verification_type"), ("verifications", "user_id"), ("submission_documents", "document_type"),
        ("submission_documents", "submission_id"), ("activity_logs", "action"), ("activity_logs", "entity_id"),
        ("lead_requests", "professional_id"), ("coupons", "code"),
        ("notes", "created_at"), ("notes", "user_id"), ("alembic_version", "anything"),
        ("verification_logs", "new_status"),
    ],
)  # fmt: skip
def test_what_rules_and_programs_read_by_value_is_kept(table, column):
    assert kind(table, column) in ("keep", "code")


@pytest.mark.parametrize(
    "text",
    [
        "asha rao",
        "Asha Rao",
        "9876512345",
        "98765-12345",
        "a@b.example",
        "https://b.example",
        "10.1.2.3",
        "ä",
        "x" * 41,
    ],
)
def test_what_is_called_like_a_code_and_is_none_is_masked(text):
    """And becomes no code, so that no two values become one; codes and ids stay."""
    mask = Masker(b"k").function("code")
    assert mask(text) != text and mask(mask(text)) != mask(text)
    for code in ("users.read", "IN_REVIEW", "2024", "gold+", "", "7d444840-9dc0-11d1-b245-5ffdce74fad2"):
        assert mask(code) == code
    assert kind("x", "kind") == kind("x", "code") == kind("x", "payment_status") == "code"
    assert kind("x", "slug") == "text" and kind("roles", "slug") == "keep"


def test_a_reference_is_one_in_its_tables_only():
    assert kind("kb_articles", "category_id") == "keep"
    assert kind("portfolio_items", "category_id") == "id"


@pytest.mark.parametrize(
    "column", ["contact_email", "contactEmail", "Contact E-Mail", "email2", "email_1", "CONTACT_EMAIL"]
)
def test_a_name_is_found_however_it_is_written(column):
    assert kind("somebody", column) == "email"


def test_a_whole_name_goes_before_its_ending_and_a_name_before_the_type():
    assert kind("x", "code") == "code"
    assert kind("x", "ifsc_code") == "text"
    assert kind("x", "payment_status") == "code"
    assert kind("x", "blood group") == "text"
    assert kind("x", "telegram_id") == "id"
    assert kind("x", "session_id") == "text"


@pytest.mark.parametrize(
    "base_type", ["bool", "int4", "numeric", "float8", "uuid", "timestamptz", "date", "enum", "daterange"]
)
def test_numbers_times_and_enums_need_no_mask(base_type):
    assert kind("x", "whatever", base_type) is None
    assert kind("users", "status", base_type) is None


@pytest.mark.parametrize("base_type", ["geo_point", "point", "xml", "hstore", "geometry", "span", ""])
def test_a_type_that_no_mask_knows_is_emptied_and_that_is_said(base_type):
    assert kind("x", "whatever", base_type) == kind("x", "email", base_type) == "null"
    assert why("x", "whatever", base_type) == f"no mask knows type {base_type}: emptied"
    assert kind("jobs", "geo", base_type) == "keep"


def test_the_tables_own_word_goes_before_everything():
    own = masks.parsed(MINIMAL + '[tables.payments]\nstatus = "text"\npayload = "keep"\npoint = "null"\nn = "text"')
    asked = [("status", "text"), ("payload", "jsonb"), ("point", "point"), ("n", "int4")]
    found = [masks.kind_of(own, MAPPING, "payments", column, base) for column, base in asked]
    assert [one for one, _ in found] == ["text", "keep", "null", "unknown"]
    assert found[0][1] == "[tables.payments] status"
    assert found[3][1].startswith("type int4 cannot be masked as text ([tables.payments] n); say n =")


def test_why_says_who_decided():
    assert why("payments", "provider") == "rule column gateway of [payments]"
    assert why("users", "language") == "a setting that moves to user_settings"
    assert why("x", "user_id") == "a reference to users"
    assert why("x", "home_phone") == "[names] phone"
    assert why("x", "whatever") == "type text"
    assert why("x", "email", "jsonb") == "type jsonb"


def test_every_column_of_the_reference_schema_has_a_mask_or_needs_none():
    columns = reference_columns()
    assert len(columns) > 550
    assert [c for c in columns if kind(*c) == "unknown"] == []


def test_every_kind_has_a_function():
    for name in {*masks.Kind.__args__} - {"null", "unknown"}:
        assert Masker(b"k").function(name)("") == ""


def test_the_masks_are_no_part_of_what_a_certificate_hangs_on():
    texts = [
        (files("config") / "mapping" / f"{name}.toml").read_text("utf-8") for name in ("common", *mappings.DOMAINS)
    ]
    assert hashlib.sha256("\0".join(texts).encode()).hexdigest() == MAPPING.digest


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("names = 1", "names"),
        (MINIMAL + "[more]", "more"),
        (MINIMAL + '[tables.x]\ny = "nonsense"', "tables.x.y"),
        (MINIMAL.replace("[names]", '[names]\nrole = "text"').replace("kept = []", 'kept = ["role"]'), "role stand"),
        ("names = ", "no TOML"),
    ],
)
def test_a_wrong_file_is_refused_and_the_key_named(text, found):
    with pytest.raises(ConfigError, match=r"config/mapping/masks.toml") as caught:
        masks.parsed(text)
    assert found in str(caught.value)
