"""The mapping: what becomes of every legacy table, one TOML file per domain, read into frozen values.

Laws
- A mapping names tables, columns and reasons, never expressions.
- An unknown key, a wrong type or a name that stands twice is an error that names file, table and key.
- Column lists are variants: the first that the legacy table has is the one in use.
"""

import hashlib
import json
import re
import tomllib
from functools import cache
from importlib.resources import files
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from config.errors import ConfigError

MAX_NAME_BYTES = 63  # PostgreSQL cuts longer ones silently
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
    model_config = ConfigDict(frozen=True, extra="forbid")


class Reference(_Frozen):
    """An undeclared reference: columns of one name, in the tables `in` (none given: all), point at the table `to`.

    owned: tables whose rows belong to the row they point at: there an orphan is rejected, elsewhere set to null.
    """

    to: str
    owned: tuple[str, ...] = ()
    tables: tuple[str, ...] = Field(default=(), alias="in")

    def on_orphan(self, table: str) -> str:
        return "reject" if table in self.owned else "null"


class Common(_Frozen):
    """What holds for every table (common.toml)."""

    tool_tables: tuple[str, ...]
    created_at_from: tuple[str, ...]
    functions: dict[str, str]
    carried_functions: tuple[str, ...] = ()
    references: dict[str, Reference]
    role_synonyms: dict[str, str]
    statuses: dict[str, tuple[str, ...]]
    order_statuses: dict[str, tuple[str, ...]]


class Completion(_Frozen):
    """Columns of another table that move into this one, which gets a row for each row of the other."""

    table: str
    columns: tuple[str, ...]


class Split(_Frozen):
    """Columns that leave the table for one beside it, keyed by the table's own key."""

    into: str
    key: str
    columns: tuple[str, ...]


class Derivation(_Frozen):
    """Rows of other tables made from each row of a copied one; they are not its accounted outcome."""

    transform: str
    targets: tuple[str, ...]
    required: tuple[str, ...] = ()
    columns: dict[str, tuple[str, ...]] = {}
    lookups: tuple[str, ...] = ()


class TableRule(_Frozen):
    """What becomes of one legacy table."""

    disposition: Literal["copy", "rename", "reshape", "archive"]
    target: Name | None = None  # rename: the new name
    transform: str | None = None  # reshape: a name of transforms.registry
    targets: tuple[str, ...] = ()
    carry_into: str | None = None  # reshape: where columns go that no rule mentions
    carries: bool = True  # false: the transform keeps every column in what it makes of the whole row
    keeps_shape: bool = False  # reshape: the table itself, with single columns changed
    also_archived: bool = False
    must_exist: bool = False
    wave: Literal[1, 2, 3] = 1
    required: tuple[str, ...] = ()
    columns: dict[str, tuple[str, ...]] = {}  # rule column → legacy variants; user_id = [] is none of the rule's
    renamed: dict[Name, tuple[str, ...]] = {}  # target column → legacy variants
    coalesced: dict[str, tuple[str, ...]] = {}  # target column → legacy columns, the first that is not null wins
    arrives: dict[str, str] = {}  # legacy column → target column that holds its value as it is
    lands: dict[str, tuple[str, ...]] = {}  # rule column → table.column, where the target calls it otherwise
    becomes: dict[str, str] = {}  # legacy column → target column whose value the transform decides
    adds: dict[str, str] = {}  # new column → table it points at
    removed: dict[str, str] = {}  # legacy column → the rule that removes it
    settled: tuple[str, ...] = ()  # columns about which the plan asks nothing more
    names: dict[str, Name] = {}  # legacy index or key → its name in the target, where that takes the legacy one itself
    lookups: tuple[str, ...] = ()
    split: Split | None = None
    completed_from: Completion | None = None
    derives: Derivation | None = None


class Mapping(_Frozen):
    """All rules. tables keeps the files' order, which is the rank among the profile tables."""

    common: Common
    tables: dict[str, TableRule]
    domain_of: dict[str, str]
    digest: str  # of the files' bytes

    @property
    def profile_tables(self) -> tuple[str, ...]:
        return tuple(name for name, rule in self.tables.items() if rule.transform == "profiles")

    def file_of(self, table: str) -> str:
        return f"config/mapping/{self.domain_of.get(table, 'common')}.toml"


def toml_key(name: str) -> str:
    """A name as a key of a mapping file."""
    return name if re.fullmatch(r"[\w-]+", name, re.ASCII) else json.dumps(name, ensure_ascii=False)


def spelling(text: str) -> str:
    """Lower case, Latin letters and digits only: how roles and statuses are compared."""
    return re.sub(r"[^A-Za-z0-9]", "", text).lower()


def role_keys(mapping: Mapping) -> dict[str, str]:
    """Spelling → role key; a key is the profile table's name without `_profiles`."""
    keys = [name.removesuffix("_profiles") for name in mapping.profile_tables]
    return {spelling(key): key for key in keys} | {spelling(s): k for s, k in mapping.common.role_synonyms.items()}


def spellings(statuses: dict[str, tuple[str, ...]]) -> dict[str, str]:
    """Spelling → status."""
    return {spelling(word): status for status, words in statuses.items() for word in (status, *words)}


@cache
def load() -> Mapping:
    """Read every file of config/mapping; ConfigError names the file and the key that is wrong."""
    texts = {name: _read(name) for name in ("common", *DOMAINS)}
    tables, domain_of = {}, {}
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
    return Mapping(common=common, tables=tables, domain_of=domain_of, digest=digest)


def _read(name: str) -> str:
    return (files("config") / "mapping" / f"{name}.toml").read_text("utf-8")


def _parse(name: str, text: str) -> dict:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"config/mapping/{name}.toml is no TOML: {error}") from None


def _check(kind: type[BaseModel], value: dict, where: str):
    try:
        return kind.model_validate(value)
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise ConfigError(f"{where}: {faults}") from None
