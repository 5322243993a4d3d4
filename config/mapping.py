"""The mapping: what becomes of every legacy table, one TOML file per domain, read into the values of config.rules.

Laws
- A mapping names tables, columns and reasons, never expressions.
- An unknown key, a wrong type or a duplicate name is an error that names file, table and key.
- Column lists are variants: the first that the legacy table has is the one in use.
- `["*_profiles"]` stands for one table of each role in its `roles`, with the role in place of the star; a table's own
  block is added to it and takes precedence. `*_profiles` among the targets of another table means all of them.
"""

import hashlib
import tomllib
from functools import cache
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from config import consistency, origins
from config.errors import ConfigError
from config.rules import STAR, Common, Mapping, TableRule, table_of

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

Model = TypeVar("Model", bound=BaseModel)


@cache
def load() -> Mapping:
    """Read every mapping file (config.origins); ConfigError names the file and the key that is wrong."""
    return read({name: origins.read(name) for name in ("common", *DOMAINS)})


def read(texts: dict[str, str]) -> Mapping:
    """The mapping that these files, by name, make together. Errors: ConfigError."""
    tables: dict[str, TableRule] = {}
    domain_of: dict[str, str] = {}
    for domain in DOMAINS:
        for table, value in _parse(domain, texts[domain]).items():
            if table in tables:
                raise ConfigError(f"{origins.shown(domain)}: [{table}] stands in {domain_of[table]}.toml already")
            tables[table], domain_of[table] = (
                _check(TableRule, value, f"{origins.shown(domain)}: [{table}]"),
                domain,
            )
    common = _check(Common, _parse("common", texts["common"]), origins.shown("common"))
    digest = hashlib.sha256("\0".join(texts.values()).encode()).hexdigest()
    found = Mapping(common=common, tables=tables, domain_of=domain_of, digest=digest)
    if faults := consistency.faults(found):
        raise ConfigError("; and ".join(faults))
    return found


def _parse(name: str, text: str) -> dict[str, Any]:
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{origins.shown(name)} is no TOML: {error}") from None
    every = found.get(STAR)
    if every is None:
        return found
    if not isinstance(every, dict) or not isinstance(every.get("roles"), dict):
        place = f'{origins.shown(name)}: ["{STAR}"] roles'
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
