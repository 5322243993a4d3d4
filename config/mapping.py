"""The mapping: what becomes of every legacy table, one TOML file per domain, read into frozen values.

Laws
- A mapping names tables, columns and reasons, never expressions.
- An unknown key, a wrong type or a duplicate name is an error that names file, table and key.
- Column lists are variants: the first that the legacy table has is the one in use.
- `["*_profiles"]` stands for one table of each role in its `roles`, with the role in place of the star; a table's own
  block is added to it and takes precedence. `*_profiles` among the targets of another table means all of them.
"""

import hashlib
import json
import re
import tomllib
from functools import cache
from importlib.resources import files
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from config import consistency
from config.errors import ConfigError
from config.spelling import spelling

MAX_NAME_BYTES = 63  # PostgreSQL cuts longer ones silently
STAR = "*_profiles"
FORMER_ROOT = "professionals"  # the transform of the table that was the root of the profiles
DOMAINS = (
    "identity",
    "profiles",
    "portfolio",
    "marketplace",
    "verification",
    "finance",
    "communication",
    "knowledge_base",
    "audit",
)


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
        return f"config/mapping/{self.domain_of.get(table, 'common')}.toml"


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


Model = TypeVar("Model", bound=BaseModel)


@cache
def load() -> Mapping:
    """Read every file of config/mapping; ConfigError names the file and the key that is wrong."""
    return read({name: _read(name) for name in ("common", *DOMAINS)})


def read(texts: dict[str, str]) -> Mapping:
    """The mapping that these files, by name, make together. Errors: ConfigError."""
    tables: dict[str, TableRule] = {}
    domain_of: dict[str, str] = {}
    for domain in DOMAINS:
        for table, value in _parse(domain, texts[domain]).items():
            if table in tables:
                raise ConfigError(f"config/mapping/{domain}.toml: [{table}] stands in {domain_of[table]}.toml already")
            tables[table], domain_of[table] = (
                _check(TableRule, value, f"config/mapping/{domain}.toml: [{table}]"),
                domain,
            )
    common = _check(Common, _parse("common", texts["common"]), "config/mapping/common.toml")
    digest = hashlib.sha256("\0".join(texts.values()).encode()).hexdigest()
    found = Mapping(common=common, tables=tables, domain_of=domain_of, digest=digest)
    if faults := consistency.faults(found):
        raise ConfigError("; and ".join(faults))
    return found


def _read(name: str) -> str:
    return (files("config") / "mapping" / f"{name}.toml").read_text("utf-8")


def _parse(name: str, text: str) -> dict[str, Any]:
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"config/mapping/{name}.toml is no TOML: {error}") from None
    every = found.get(STAR)
    if every is None:
        return found
    if not isinstance(every, dict) or not isinstance(every.get("roles"), dict):
        place = f'config/mapping/{name}.toml: ["{STAR}"] roles'
        raise ConfigError(f'{place}: is no table; wanted each role with "professional" or "other"')
    return _one_per_role(found)


def _one_per_role(tables: dict[str, Any]) -> dict[str, Any]:
    """The tables of a file, STAR replaced by the table of each role."""
    roles: dict[str, Any] = tables[STAR]["roles"]
    every = {key: value for key, value in tables[STAR].items() if key != "roles"}
    names = {role: table_of(role) for role in roles}
    expanded = {}
    for role, kind in roles.items():
        own = tables.get(names[role], {})
        added = _added(_with_role(every, [names[role]]), own) if isinstance(own, dict) else {names[role]: own}
        expanded[names[role]] = added | {"role": kind}
    others = {name: _with_role(block, list(names.values())) for name, block in tables.items() if name not in expanded}
    return expanded | {name: block for name, block in others.items() if name != STAR}


def _with_role(block: Any, names: list[str]) -> Any:
    """STAR among its targets stands for all of these tables, as a single name for the one."""
    if not isinstance(block, dict):
        return block  # no table: the model says so
    found = dict(block)
    if isinstance(block.get("targets"), list):
        found["targets"] = [name for target in block["targets"] for name in (names if target == STAR else [target])]
    if block.get("carry_into") == STAR:
        found["carry_into"] = names[0]
    return found


def _added(every: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """What a table says itself goes before what holds for every table; two tables of names become one."""
    tables = [key for key in own if isinstance(own[key], dict) and isinstance(every.get(key), dict)]
    met = {key: {**every[key], **own[key]} for key in tables}
    return every | own | met


def _check(kind: type[Model], value: Any, where: str) -> Model:
    try:
        return kind.model_validate(value)
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise ConfigError(f"{where}: {faults}") from None
