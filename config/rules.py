"""The rules of the mapping as values: what becomes of each legacy table, in keys that docs/mapping.md describes.

Laws
- All are frozen, and an unknown key or a wrong type is refused.
- How words for roles and statuses are compared is said here alone: engine, auditor and transforms read it.
"""

import json
import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from config import origins

MAX_NAME_BYTES = 63  # PostgreSQL cuts longer ones silently
STAR = "*_profiles"
FORMER_ROOT = "professionals"  # the transform of the table that was the root of the profiles


def _fits(name: str) -> str:
    if not name or len(name.encode()) > MAX_NAME_BYTES:
        raise ValueError(f"{name!r} is no name for PostgreSQL; wanted 1 to {MAX_NAME_BYTES} bytes")
    return name


Name = Annotated[str, AfterValidator(_fits)]  # of something in the target


class _Frozen(BaseModel):
    """What stands under a field is its description, in docs/mapping.md too."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class ReferenceRule(_Frozen):
    """An undeclared reference: what columns of one name point at."""

    to: str
    """The table whose id such a column holds."""
    owned: tuple[str, ...] = ()
    """Tables whose rows belong to the row they point at: there an orphan is rejected, elsewhere set to null."""
    tables: tuple[str, ...] = Field(default=(), alias="in")
    """The tables that have such a column; none given: any table of the mapping, of user_id any table at all."""

    def on_orphan(self, table: str) -> str:
        return "reject" if table in self.owned else "null"


class Common(_Frozen):
    """What holds for every table (common.toml)."""

    tool_tables: tuple[str, ...]
    """The records of migration tools: archived, never in the product."""
    created_at_from: tuple[str, ...]
    """Times that stand for a missing `created_at`: the first that is set and finite, else the instant of the run."""
    functions: dict[str, str]
    """A legacy function that a default or a check calls: its replacement, or "" to drop what calls it."""
    carried_functions: tuple[str, ...] = ()
    """Functions with their owner's rights, or in languages that leave the database, which somebody has read."""
    references: dict[str, ReferenceRule]
    """Columns by name that point at a table though no foreign key may say so; see below."""
    role_synonyms: dict[str, str]
    """Spelling of a role: the role's key. Compared by letters and digits alone."""
    statuses: dict[str, tuple[str, ...]]
    """A status of profiles, requests and documents: its spellings beside itself."""
    order_statuses: dict[str, tuple[str, ...]]
    """A status of orders: its spellings among the payments' statuses."""


class Completion(_Frozen):
    """Columns of another table that move into this one, which gets a row for each row of the other."""

    table: str
    """The other table."""
    columns: tuple[str, ...]
    """Those of its columns that move, where it has them."""


class Split(_Frozen):
    """Columns that leave the table for one beside it, keyed by the table's own key."""

    into: str
    """The table beside it."""
    key: str
    """The column there that holds this table's key."""
    columns: tuple[str, ...]
    """The columns that leave, where the legacy table has them."""


class Derivation(_Frozen):
    """Rows of other tables made from each row of a copied one; they are not its accounted outcome."""

    transform: str
    """A name of `transforms/registry.py`."""
    targets: tuple[str, ...]
    """The declared tables that it fills."""
    required: tuple[str, ...] = ()
    """Legacy columns that it cannot do without; a plan without one is refused."""
    columns: dict[str, tuple[str, ...]] = {}
    """Rule column: the legacy columns that may be meant, the first that is there is."""
    lookups: tuple[str, ...] = ()
    """What it must know beyond its own rows; names of the engine's lookups."""


class TableRule(_Frozen):
    """What becomes of one legacy table."""

    disposition: Literal["copy", "rename", "reshape", "archive"]
    """What becomes of it, as docs/contract.md says in section 2."""
    target: Name | None = None
    """Its name in the target, where that is another."""
    transform: str | None = None
    """The function that reshapes it: a name of `transforms/registry.py`."""
    targets: tuple[str, ...] = ()
    """The declared tables that it is reshaped into."""
    carry_into: str | None = None
    """Of a reshaped table: which target takes the columns that no rule mentions."""
    carries: bool = True
    """false: such columns are not carried, since the transform keeps the whole row in what it makes."""
    keeps_shape: bool = False
    """Of a reshaped table: it remains itself, with single columns changed."""
    also_archived: bool = False
    """Its rows are kept in legacy_archive too."""
    must_exist: bool = False
    """A source without it is refused."""
    wave: Literal[1, 2, 3] = 1
    """When it is loaded; a later wave may look up what an earlier one has loaded."""
    required: tuple[str, ...] = ()
    """Rule columns that it cannot do without; a plan without one is refused."""
    columns: dict[str, tuple[str, ...]] = {}
    """Rule column: the legacy columns that may be meant, the first that is there is; `user_id = []` is no rule's."""
    renamed: dict[Name, tuple[str, ...]] = {}
    """Target column: the legacy columns that may become it, the first that is there does."""
    coalesced: dict[str, tuple[str, ...]] = {}
    """Target column: legacy columns of which the first that is not null fills it."""
    arrives: dict[str, str] = {}
    """Legacy column: the target column that holds its value as it is."""
    lands: dict[str, tuple[str, ...]] = {}
    """Rule column: the `table.column` of the target where its value may be found, where that is called otherwise."""
    becomes: dict[str, str] = {}
    """Legacy column: the target column in its place, whose value the transform decides."""
    adds: dict[str, str] = {}
    """New column: the table that it points at."""
    removed: dict[str, str] = {}
    """Legacy column: the rule that removes it; its values go to migration.removed_links."""
    root: Name | None = None
    """Of a reshaped table: the target table that references to its rows lead to, where that is not the table itself."""
    role: Literal["professional", "other"] | None = None
    """Of the profile table of a role: whether a row that names no role may be taken for this one."""
    settled: tuple[str, ...] = ()
    """Columns about which the plan asks nothing more."""
    names: dict[str, Name] = {}
    """Legacy index or key: its name in the target, where that takes the legacy one itself."""
    lookups: tuple[str, ...] = ()
    """What its transform must know beyond its own rows; names of the engine's lookups."""
    split: Split | None = None
    """Columns that leave it for a table beside it; see below."""
    completed_from: Completion | None = None
    """Columns of another table that move into it; see below."""
    derives: Derivation | None = None
    """Rows of other tables that are made from its rows beside; see below."""


class Mapping(_Frozen):
    """All rules. tables keeps the files' order, which is the rank among the profile tables."""

    common: Common
    tables: dict[str, TableRule]
    domain_of: dict[str, str]
    digest: str  # of the files' bytes

    @property
    def profile_tables(self) -> tuple[str, ...]:
        """In the order of the roles."""
        return tuple(name for name, rule in self.tables.items() if rule.role)

    @property
    def roles(self) -> dict[str, str]:
        """Role key → the profile table of its legacy rows and of its extensions."""
        return {role_of(table): table for table in self.profile_tables}

    @property
    def professional_roles(self) -> tuple[str, ...]:
        """Roles that a row without a role may be taken for."""
        return tuple(role for role, table in self.roles.items() if self.tables[table].role == "professional")

    @property
    def profile_root(self) -> str:
        """The target table that has a row for every profile, of whatever role."""
        return next(root for rule in self.tables.values() if rule.role and (root := rule.root))

    @property
    def former_root(self) -> str:
        """The legacy table that was the root of the profiles; its rows are merged into the profiles' roots."""
        return next(table for table, rule in self.tables.items() if rule.transform == FORMER_ROOT)

    @property
    def profile_sources(self) -> tuple[str, ...]:
        """Legacy tables whose rows are profiles, or lead to one."""
        return (self.former_root, *self.profile_tables)

    def root_of(self, table: str | None) -> str | None:
        """The target table that references to rows of this legacy table lead to; None: the table itself."""
        rule = self.tables.get(table or "")
        return rule.root if rule else None

    def file_of(self, table: str) -> str:
        return origins.shown(self.domain_of.get(table, "common"))


def toml_key(name: str) -> str:
    """A name as a key of a mapping file."""
    return name if re.fullmatch(r"[\w-]+", name, re.ASCII) else json.dumps(name, ensure_ascii=False)


def role_of(profile_table: str) -> str:
    return profile_table.removesuffix(STAR.removeprefix("*"))


def table_of(role: str) -> str:
    """Its profile table."""
    return STAR.replace("*", role)


def role_keys(mapping: Mapping) -> dict[str, str]:
    """Spelling → role key."""
    return {spelling(key): key for key in mapping.roles} | {
        spelling(s): k for s, k in mapping.common.role_synonyms.items()
    }


def spellings(statuses: dict[str, tuple[str, ...]]) -> dict[str, str]:
    """Spelling → status."""
    return {spelling(word): status for status, words in statuses.items() for word in (status, *words)}


def spelling(text: str) -> str:
    """Lower case, Latin letters and digits only: how roles and statuses are compared, whatever way they are written."""
    return re.sub(r"[^A-Za-z0-9]", "", text).lower()
