"""How the rows of a group hang together: by which columns, and which rows of the build are of which.

Laws
- Rows hang together that share a tie: an id that one of them has and another one names, or a user whom both name. What
  becomes of a row depends, within its group, on the rows that it hangs together with.
- A tie is a UUID in its plain form; of another id, what it is the id of stands before it.
- A row of the build is of such rows if a column of it (OWNERS) has one of their ties.
- A group with a table that has no key is derived whole, and one whose ids are compared by a collation.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from config.postgres.quoting import literal
from config.postgres.types import UUID_TEXT
from config.shapes import Column
from engine.following.units import INSERTED, Group
from engine.planning.ids import hyphened, is_uuid, word
from engine.planning.plan import Plan, TablePlan
from engine.planning.tables.reshaped import RULE, legacy_key
from engine.reflect.catalog import LegacyTable
from engine.reflect.select_list import plain

ROOT = "user_role_profiles"
USERS, IDS = "users", "ids"  # whose ids ties are: of users; of rows that several tables of one group may have
# Table of the build → (its column that has a tie of each row's legacy rows, whose id that is).
OWNERS = {
    ROOT: ("user_id", USERS),
    "verification_requests": ("user_id", USERS),
    "approval_requests": ("user_role_profile_id", IDS),
    "orders": ("id", IDS),
    "order_items": ("order_id", IDS),
    "payment_transactions": ("payment_id", "payments"),
    "user_settings": ("user_id", USERS),
}
# (table of the build, its column with an id that is made of its owner): such ids are ties, too.
MADE = ((ROOT, "id"), ("payment_transactions", "order_id"))
# Transforms of tables whose ids are compared with those of others, or are named by professional_id.
NAMED_BY_OTHERS = {"profiles", "professionals", "onboarding_submissions", "verifications"}
# Rule column, or column of a table that no rule reshapes → whose id it is; "": the table's own.
NAMED_BY_RULE = {"id": "", "user_id": USERS, "professional_id": IDS}
NAMED = {
    "user_settings": {"user_id": USERS},
    "invoices": {"payment_id": "payments"},
    "coupon_uses": {"payment_id": "payments"},
}
LOOKED_UP = "roles"  # its rows are no kin: all rows of a group look them up


@dataclass(frozen=True)
class Tied:
    """A legacy table of a group. whose: whose ids its own are; ties: SQL of each tie of a row under alias t, that of
    its key first; has_uuid: whether its key is one column, and that and its id are UUIDs by their types: texts of
    these have the plain form."""

    table: LegacyTable
    whose: str
    ties: tuple[str, ...]
    has_uuid: bool

    @property
    def name(self) -> str:
        return self.table.name

    @property
    def array(self) -> str:
        """SQL: the ties of a row under alias t, as an array."""
        return f"pg_catalog.array_remove(array[{', '.join(self.ties)}]::text[], null)"


Owner = tuple[str, str]  # a column, and whose id it is


@dataclass(frozen=True)
class Spec:
    """How the rows of a group hang together. owners: table of the build → OWNERS; None: all its rows are derived,
    however few others are."""

    group: Group
    tables: tuple[Tied, ...]
    owners: Mapping[str, Owner | None]

    @property
    def name(self) -> tuple[str, ...]:
        """The same in every round."""
        return tuple(route.name for route in self.group.routes)


def of(plan: Plan, group: Group) -> Spec | None:
    """None where the group can only be derived whole."""
    names = sorted(group.reads - {LOOKED_UP})
    build = sorted(name for is_archive, name in group.tables if not is_archive)
    inserted = {name for names in INSERTED.values() for name in names}
    tables = [_tied(plan, plan.table(name)) for name in names]
    own = tuple(table for table in tables if table)
    has_keys = all(len(plan.shape(name).primary_key) == 1 for name in build)
    if len(own) < len(tables) or not has_keys or not all(_is_judged_by_kin(plan, name) for name in build):
        return None
    return Spec(group, own, {name: None if name in inserted else _owner(plan, group, name) for name in build})


def _tied(plan: Plan, table: TablePlan) -> Tied | None:
    shape = table.legacy.shape
    whose = IDS if {route.transform for route in table.routes} & NAMED_BY_OTHERS else table.name
    if not shape.primary_key:
        return None
    named = dict(NAMED.get(table.name, {}))
    for item in (i for r in table.routes if r.transform and r.is_accounted for i in r.items):
        of_rule = NAMED_BY_RULE.get(item.name.removeprefix(RULE)) if item.name.startswith(RULE) else None
        named |= {
            c.name: of_rule or whose for c in shape.columns if of_rule is not None and plain(c) in item.expression
        }
    found = {name: of_whom for name, of_whom in named.items() if shape.find_column(name)}
    if any(shape.column(name).is_loose or shape.column(name).is_array for name in (*found, *shape.primary_key)):
        return None
    ids = [tie(plan.id_as(table.name, name), of_whom) for name, of_whom in found.items()]
    own = [column for column in map(shape.find_column, {*shape.primary_key, "id"}) if column]
    key = tie(hyphened(legacy_key(table.legacy)), whose)
    has_uuid = len(shape.primary_key) == 1 and all(map(is_uuid, own))
    return Tied(table.legacy, whose, (key, *ids), has_uuid)


def tie(text: str, whose: str) -> str:
    """SQL: the tie that an id makes. text: SQL, of a UUID in its plain form."""
    named = f"pg_catalog.concat({literal(whose + ':')}, {text})"
    return f"case when {text} ~ '{UUID_TEXT}' then {text} when {text} is not null then {named} end"


def tie_of_key(table: Tied, key: str) -> str:
    """SQL: the tie that the key of a legacy row is. key: SQL of it, as the books write it."""
    return tie(hyphened(key), table.whose)


def tie_of_id(table: Tied, id_: str) -> str:
    """SQL: the tie that the id of a legacy row is. id_: SQL of it, as the books write it."""
    return id_ if table.has_uuid else tie_of_key(table, id_)


def tie_of(column: Column, whose: str, value: str) -> str:
    """SQL: the tie that a value of a build's column is. value: where it stands."""
    text = word(column, None, value)
    return text if is_uuid(column) else tie(hyphened(text), whose)


def _owner(plan: Plan, group: Group, name: str) -> Owner:
    extensions = {t for r in group.routes if ROOT in r.targets for t in r.targets}
    of_extension = ("user_role_profile_id", IDS) if name in extensions else None
    return OWNERS.get(name) or of_extension or (plan.shape(name).primary_key[0], name)


def _is_judged_by_kin(plan: Plan, name: str) -> bool:
    """Whether which of its rows go can be told from these rows, their parents and those that share a key."""
    rules = [rule for rule in plan.rules if rule.table == name]
    has_rivals = any(rule.kind in "ui" and not rule.is_trusted for rule in rules)
    if has_rivals and name not in plan.hidden and plan.shape(name).primary_key != ("id",):
        return False
    return not any((rule.kind == "x" and not rule.is_trusted) or rule.has_period for rule in rules)
