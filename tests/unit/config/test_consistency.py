"""A mapping whose parts do not agree is refused as it is read, in a sentence: file, key, what was found and wanted."""

import re

import pandas as pd
import pytest

from config import consistency, feeds, mapping, masks, origins, target
from config.errors import ConfigError
from config.transforms import FIXED, TRANSFORMS
from engine.load.lookups import LOOKUPS
from transforms.outcome import TEXT, Parameters, empty
from transforms.registry import TRANSFORMS as FUNCTIONS

FILES = {name: origins.read(name) for name in ("common", *mapping.DOMAINS)}
CASES = [  # file, what stands there, what is put in its place, how the sentence goes
    ("profiles", '["user_role_profiles", "*_profiles"]\ncarry_into = "*', '["roots", "*_profiles"]\ncarry_into = "*',
     "profiles.toml: [photographer_profiles] targets: no DDL declares a table roots"),
    ("finance", '"order_items"', '"order_item"',
     "[payments] derives.targets: no DDL declares a table order_item; did you mean order_items"),
    ("marketplace", 'into = "review_display_settings"', 'into = "review_settings"',
     "marketplace.toml: [reviews] split.into: no DDL declares"),
    ("marketplace", 'key = "review_id"', 'key = "review"',
     "[reviews] split.key: review_display_settings declares no column review"),
    ("portfolio", 'transform = "owned_by_profile"', 'transform = "owned"',
     "[portfolio_items] transform: there is no transform owned; did you mean owned_by_profile?"),
    ("finance", 'transform = "orders"', 'transform = "order"',
     "[payments] derives.transform: there is no transform order; did you mean orders"),
    ("audit", '["repeated_ids"]', '["repeated_id"]',
     "[activity_logs] lookups: repeated_id is nothing that the transform activity_logs reads; did you mean "
     "repeated_ids"),
    ("audit", '["repeated_ids"]', "[]",
     "[activity_logs] lookups: repeated_ids is not there; the transform activity_logs reads it"),
    ("audit", "user_agent = [", "useragent = [",
     "[activity_logs] columns: useragent is nothing that the transform activity_logs reads; did you mean "
     "user_agent"),
    ("verification", 'required = ["id", "user_id", "status"]', 'required = ["state"]',
     "[onboarding_submissions] required: there is no rule column state"),
    ("audit", '"audit_logs.actor_user_id"', '"audit_logs.actor"',
     "[activity_logs] lands.user_id: there is no column audit_logs.actor among the targets"),
    ("audit", 'action = "action",', 'action = "deed",',
     "[activity_logs] arrives.action: none of the targets has a column deed"),
    ("audit", 'carry_into = "audit_logs"', 'carry_into = "audit_log"',
     "[activity_logs] carry_into: audit_log is none of the targets; did you mean audit_logs"),
    ("audit", 'root = "audit_logs"', 'root = "logs"',
     "[activity_logs] root: no DDL declares a table logs"),
    ("finance", 'order_id = "orders"', 'order_id = "order"',
     "[coupon_uses] adds.order_id: there is no target table order; did you mean orders"),
    ("finance", 'target = "coupon_redemptions"', 'target = "coupons"',
     "[coupon_uses] claims the target coupons, which [coupons] of config/mapping/finance.toml claims"),
    ("finance", 'target = "coupon_redemptions"', 'target = "orders"',
     "[coupon_uses] claims the target orders, which the DDL declares"),
    ("profiles", 'carry_into = "*_profiles"\nroot = "user_role_profiles"', 'carry_into = "*_profiles"\nroot = "users"',
     "[photographer_profiles] root: is users; wanted user_role_profiles, as of professionals"),
    ("profiles", 'transform = "professionals"', 'transform = "profiles"',
     "the transform professionals is that of no table; wanted one table, which was the root of the profiles"),
    ("finance", 'target = "coupon_redemptions"\n', "",
     "finance.toml: [coupon_uses] target: is not there"),
    ("audit", 'disposition = "reshape"', 'disposition = "archive"',
     "audit.toml: [activity_logs] transform: is of no use to what is archived"),
    ("identity", 'table = "users"', 'table = "user"',
     "identity.toml: [user_settings] completed_from.table: there is no legacy table user in the mapping; did "
     "you mean users"),
    ("common", 'job_id = { to = "jobs"', 'job_id = { to = "job"',
     "common.toml: [references] job_id: to: there is no legacy table job in the mapping; did you mean jobs"),
    ("common", 'owned = ["applications"]', 'owned = ["application"]',
     "[references] job_id: owned: application is none of its tables; did you mean applications"),
    ("common", 'ugc = "ugc_content_creator"', 'ugc = "ugc_creator"',
     "common.toml: [role_synonyms] ugc: there is no role ugc_creator; did you mean"),
    ("common", 'ugc = "ugc_content_creator"', 'Tutor = "developer"',
     "[role_synonyms] Tutor: means tutor as well as developer"),
    ("common", "EXPIRED = []", 'EXPIRED = ["new"]',
     "[statuses] new: means PENDING as well as EXPIRED"),
    ("common", "REFUNDED = []", "LOST = []",
     "[order_statuses] LOST: the DDL's check of orders.status does not allow it"),
    ("profiles", 'company = "other"', 'company = "other"\nevent_planner = "professional"',
     "role event_planner: the DDL's check of user_role_profiles.role does not allow it"),
    ("profiles", 'company = "other"', 'company = "others"',
     "profiles.toml: [company_profiles]: role: Input should be 'professional' or 'other'"),
    ("profiles", '["*_profiles".roles]', '["*_profiles".role]',
     'profiles.toml: ["*_profiles"] roles: is no table'),
    ("communication", "[notifications]", '[notifications]\ncolours = "red"',
     "communication.toml: [notifications]: colours: Extra inputs"),
]  # fmt: skip


@pytest.mark.parametrize(("file", "old", "new", "said"), CASES, ids=[case[3][:60] for case in CASES])
def test_what_does_not_agree_is_refused_by_file_and_key(file, old, new, said):
    assert old in FILES[file]
    with pytest.raises(ConfigError, match=re.escape(said)) as caught:
        mapping.read(FILES | {file: FILES[file].replace(old, new, 1)})
    assert caught.value.exit_code == 2 and f"config/mapping/{file}.toml" in str(caught.value)


def test_all_that_is_wrong_is_said_at_once():
    wrong = {
        "audit": FILES["audit"].replace("repeated_ids", "x"),
        "common": FILES["common"].replace('to = "jobs"', 'to = "x"'),
    }
    with pytest.raises(ConfigError, match=r"activity_logs\] lookups.*and config/mapping/common.toml: \[ref"):
        mapping.read(FILES | wrong)


def test_a_table_of_a_role_has_its_own_beside_what_holds_for_all():
    own = '[tutor_profiles.columns]\nbio = ["about"]\n\n[professionals]'
    rule = mapping.read(FILES | {"profiles": FILES["profiles"].replace("[professionals]", own)}).tables[
        "tutor_profiles"
    ]
    assert rule.columns["bio"] == ("about",) and rule.columns["status"] == ("status",)
    assert rule.targets == ("user_role_profiles", "tutor_profiles") and rule.carry_into == "tutor_profiles"
    assert mapping.load().tables["developer_profiles"].removed.keys() == {"github_url", "portfolio_url"}


def test_masks_speak_of_rules_and_legacy_tables_that_are_there():
    known = masks.load()
    wrong = known.model_copy(update={"personal": ("user_agnt",), "tables": {"orders": {"status": "keep"}}})
    of_personal, of_tables = masks.inconsistencies(wrong, mapping.load())
    assert "masks.toml: personal: no rule has a column user_agnt; did you mean user_agent" in of_personal
    assert "masks.toml: [tables.orders]: is a table of the target" in of_tables


def test_a_transform_reads_and_writes_what_is_said_of_it():
    assert TRANSFORMS.keys() == FUNCTIONS.keys()
    assert {name for reads in TRANSFORMS.values() for name in reads.lookups} == LOOKUPS.keys()
    rules = [
        made for rule in mapping.load().tables.values() for made in (rule, rule.derives) if made and made.transform
    ]
    for made in {made.transform: made for made in rules}.values():
        reads, whole = TRANSFORMS[made.transform], () if getattr(made, "carries", True) else ("payload",)
        columns = ["key", *FIXED, *reads.columns, *whole]
        filled = _tried(made.transform, columns, reads.lookups)
        if into := getattr(made, "carry_into", None):
            into = "tutor_profiles" if into in mapping.load().profile_tables else into
            assert {*reads.writes} == {*filled[into].columns} - {*FIXED, *whole}
        for name in reads.columns:
            with pytest.raises(KeyError, match=name):
                _tried(made.transform, [column for column in columns if column != name], reads.lookups)
        for name in reads.lookups:
            with pytest.raises(KeyError, match=name):
                _tried(made.transform, columns, [lookup for lookup in reads.lookups if lookup != name])


OF_LOOKUPS = (
    "name id user_id role target_id legacy_table legacy_id payment_id tax_amount discount_amount coupon_id gateway"
)


def _tried(transform: str, columns: list[str], lookups):
    rows = pd.DataFrame({name: pd.Series([], dtype=TEXT) for name in columns})
    parameters = Parameters("tutor_profiles", professional_roles=mapping.load().professional_roles)
    found = {name: empty([*{*OF_LOOKUPS.split(), *columns}]) for name in lookups}
    return FUNCTIONS[transform](rows, parameters, found).frames


def test_a_check_of_the_ddl_that_lists_values_is_read():
    assert consistency._allowed(None, "x") == set()
    assert "photographer" in consistency._allowed(consistency.target.load()["user_role_profiles"], "role")


def test_feeds_name_columns_that_the_ddl_and_the_mapping_know():
    declared, tables = target.load(), mapping.load().tables
    for table, column in (*feeds.FED_BY, *feeds.ACTORS.items(), *feeds.BY_RULE):
        is_added = any(rule.target == table or column in rule.adds for rule in tables.values())
        assert is_added or declared[table].find_column(column)
    for table, name in (*feeds.FED_BY.values(), *feeds.REVIEWERS):
        rule = tables[table]
        assert not rule.columns or name in {**rule.columns, **(rule.derives.columns if rule.derives else {})}
