"""What happens to one table by the mapping and the target's DDL alone, without a source.

Laws
- A name may be that of a legacy table, its name in the target, or that of one of the target's own tables.
- The rules are the mapping's keys in words, and the docstring of the transform's module.
"""

import inspect
import re
import sys
from collections.abc import Iterable, Iterator
from typing import Any

from config import feeds, mapping, note_kinds, origins, reasons, target
from config.rules import Derivation, TableRule
from config.shapes import Table

DISPOSITIONS = {
    "copy": "copied as it is, under its name: the legacy catalogue says its shape",
    "rename": "copied as {target}; its columns and keys follow",
    "reshape": "reshaped by {transform}",
    "archive": "kept whole in legacy_archive, and nowhere else",
}
MANY = 4  # so many legacy tables are not named again for each column
GATEWAYS, GATEWAY_TABLE = "gateways", "payment_gateway_configs"  # a lookup for which rows are made, and where


def known() -> set[str]:
    """Every table name that can be explained without a source."""
    rules = mapping.load()
    return {*rules.tables, *(rule.target for rule in rules.tables.values() if rule.target), *target.load()}


def near(name: str, others: Iterable[str] = ()) -> str:
    """Known names that resemble this one."""
    return origins.near(name, {*known(), *others})


def mapped_json(name: str) -> dict[str, Any] | None:
    """The table as JSON; None if neither mapping nor DDL has the name."""
    rules, declared = mapping.load(), target.load()
    legacy = name if name in rules.tables else _renamed(name)
    if legacy is None and name not in declared:
        return None
    makers = [legacy] if legacy else [table for table in rules.tables if name in _made(rules.tables[table])]
    made = list(dict.fromkeys(_made(rules.tables[legacy]))) if legacy else [name]
    shape = declared.get(name)
    return {
        "name": name,
        "legacy_table": legacy,
        "domain": rules.domain_of[legacy] if legacy else target.domains()[name],
        "file": rules.file_of(legacy) if legacy else _ddl(name),
        "disposition": rules.tables[legacy].disposition if legacy else None,
        "targets": list(dict.fromkeys([*_kept(legacy), *made])) if legacy else made,
        "declared_in": sorted({_ddl(table) for table in made if table in declared}),
        "what": shape.comment if shape else None,
        "columns": list(_columns(shape, makers)) if shape and not legacy else [],
        "made_from": makers if not legacy else [],
        "rules": list(_rules(legacy, rules.tables[legacy]) if legacy else _rules_about(name, makers)),
        "transforms": [_transform(one) for one in _transforms([rules.tables[table] for table in makers])],
        "reasons": [reason.told for reason in _reasons([rules.tables[table] for table in makers], bool(legacy))],
        "notes": [kind.told for kind in _notes([rules.tables[table] for table in makers])],
        "constraints": [c.name for table in made for c in (declared[table].constraints if table in declared else ())],
    }


def _renamed(name: str) -> str | None:
    """The legacy table that is called so in the target."""
    return next((table for table, rule in mapping.load().tables.items() if rule.target == name), None)


def _kept(table: str) -> tuple[str, ...]:
    """Where the rows of a legacy table are that keep their shape, or that nothing but the archive has."""
    rule = mapping.load().tables[table]
    if rule.disposition == "archive":
        return (f"legacy_archive.{table}",)
    return (rule.target or table,) if rule.disposition != "reshape" or rule.keeps_shape else ()


def _made(rule: TableRule) -> tuple[str, ...]:
    """Tables of the target that rows of a legacy table are made into."""
    derived = rule.derives.targets if rule.derives else ()
    gateways = (GATEWAY_TABLE,) if GATEWAYS in (rule.derives.lookups if rule.derives else rule.lookups) else ()
    return (*rule.targets, *derived, *gateways, *((rule.split.into,) if rule.split else ()))


def _ddl(table: str) -> str:
    return f"config/target/{target.domains()[table]}/tables.sql"


def _columns(shape: Table, makers: list[str]) -> Iterator[dict[str, str]]:
    for column in shape.columns:
        found = list(_sources(shape.name, column.name, makers))
        by_rule = feeds.BY_RULE.get((shape.name, column.name))
        rest = (
            f"the rules of {', '.join(makers) if len(makers) < MANY else 'these tables'}" if makers else "nothing yet"
        )
        filled = [*found, *([by_rule] if by_rule else [])] or [rest]
        yield {"name": column.name, "type": column.type, "filled_by": ", ".join(filled)}
    yield from _split_columns(shape.name, makers)


def _split_columns(table: str, makers: list[str]) -> Iterator[dict[str, str]]:
    """Columns that leave another table for this one, where they are found there: their type is what it is there."""
    for maker in makers:
        split = mapping.load().tables[maker].split
        for name in split.columns if split and split.into == table else ():
            yield {"name": name, "type": "(its type)", "filled_by": f"{maker}.{name}, where it is there"}


def _sources(table: str, column: str, makers: list[str]) -> Iterator[str]:
    """Legacy columns that arrive in a column of a new table, where few tables make it."""
    for maker in makers if len(makers) < MANY else ():
        rule = mapping.load().tables[maker]
        read = rule.derives.columns if rule.derives else rule.columns
        for name, variants in read.items():
            lands = [place.partition(".")[::2] for place in rule.lands.get(name, ())]
            if (table, column) in lands or (not lands and name == column and variants):
                yield f"{maker}.{' | '.join(variants)}"


def _rules(table: str, rule: TableRule) -> Iterator[str]:
    """The mapping's keys in words."""
    yield DISPOSITIONS[rule.disposition].format(target=rule.target, transform=rule.transform)
    read = {**rule.columns, **(rule.derives.columns if rule.derives else {})}
    several = {name: variants for name, variants in read.items() if len(variants) > 1}
    yield from (f"{name} is the first of {', '.join(variants)} that is there" for name, variants in several.items())
    plain = [variants[0] for variants in read.values() if len(variants) == 1]
    if plain:
        yield f"read where they are there: {', '.join(plain)}"
    if rule.required:
        yield f"refused without {', '.join(rule.required)}"
    if rule.must_exist:
        yield "a source without this table is refused"
    yield from (f"{' | '.join(variants)} is called {new}" for new, variants in rule.renamed.items())
    yield from (f"{new} is the first of {', '.join(old)} that is not null" for new, old in rule.coalesced.items())
    yield from (f"{old} becomes {new}, whose value the transform decides" for old, new in rule.becomes.items())
    yield from (f"{new} is added, a reference to {to}" for new, to in rule.adds.items())
    for old, why in rule.removed.items():
        yield f"{old} is removed ({why}); its values go to migration.removed_links"
    if rule.split:
        yield f"{', '.join(rule.split.columns)} move to {rule.split.into}, where they are found"
    if rule.completed_from:
        moved = rule.completed_from
        yield f"{', '.join(moved.columns)} of {moved.table} move here, where they are found"
        yield f"each row of {moved.table} gets a row here"
    yield from _completing(table)
    if rule.derives:
        yield f"each row also makes {', '.join(rule.derives.targets)}, by {rule.derives.transform}"
    if GATEWAY_TABLE in _made(rule):
        yield f"each gateway that its rows name is one row of {GATEWAY_TABLE}"
    if rule.carry_into:
        yield f"columns that no rule reads are carried into {rule.carry_into}"
    if rule.root and rule.root != table:
        yield f"references to its rows lead to {rule.root}"
    if rule.also_archived:
        yield "its rows are kept in legacy_archive too"
    yield from _references(table)


def _completing(table: str) -> Iterator[str]:
    """Columns of the table that move into another."""
    for other, rule in mapping.load().tables.items():
        if rule.completed_from and rule.completed_from.table == table:
            yield f"{', '.join(rule.completed_from.columns)} move to {other}, where they are found"


def _rules_about(name: str, makers: list[str]) -> Iterator[str]:
    """What the mapping of the tables that make a new one says of it."""
    said: dict[str, list[str]] = {}
    for maker in makers:
        rule = mapping.load().tables[maker]
        made = [f"rows become rows of {name}, by {rule.transform}"] if name in rule.targets else []
        for text in [*made, *(one for one in _rules(maker, rule) if re.search(rf"\b{name}\b", one))]:
            said.setdefault(text, []).append(maker)
    yield from (f"{', '.join(found) if len(found) < MANY else 'these tables'}: {text}" for text, found in said.items())


def _references(table: str) -> Iterator[str]:
    """What the mapping declares that other tables' columns point at here."""
    for column, reference in mapping.load().common.references.items():
        if reference.to == table:
            where = f" of {', '.join(reference.tables)}" if reference.tables else ""
            owned = f"; a row of {', '.join(reference.owned)} without one is rejected" if reference.owned else ""
            yield f"{column}{where} points here, declared or not{owned}"


def _transforms(rules: list[TableRule]) -> list[str]:
    made: list[TableRule | Derivation | None] = [one for rule in rules for one in (rule, rule.derives)]
    return list(dict.fromkeys(one.transform for one in made if one and one.transform))


def _transform(name: str) -> dict[str, Any]:
    """Where a transform stands, and what it and its module say of their rules."""
    from transforms import registry  # pandas with it: only for who asks

    function = registry.TRANSFORMS[name]
    module = inspect.getdoc(sys.modules[function.__module__]) or ""
    return {
        "name": name,
        "file": function.__module__.replace(".", "/") + ".py",
        "function": function.__name__,
        "does": (inspect.getdoc(function) or "").partition("\n\n")[0].replace("\n", " "),
        "rules": _listed(module),
    }


def _listed(text: str) -> list[str]:
    """The items of a docstring's list, each on one line."""
    items: list[str] = []
    for line in text.splitlines():
        if line.startswith("- "):
            items.append(line[2:])
        elif items and line.startswith("  "):
            items[-1] += " " + line.strip()
    return items


def _reasons(rules: list[TableRule], is_legacy: bool) -> list[reasons.Reason]:
    """Why rules may reject a row of a legacy table, or one that makes a new table's; constraints reject beside."""
    rules = [rule for rule in rules if rule.disposition != "archive" and (is_legacy or rule.disposition == "reshape")]
    if not rules:
        return []
    by_rule = reasons.of_transforms({rule.transform for rule in rules if rule.transform})
    general = [reason for reason in reasons.ALL if reason.is_general]
    return list(dict.fromkeys([*by_rule, *general]))


def _notes(rules: list[TableRule]) -> list[note_kinds.NoteKind]:
    """What rules may note of a row beside what any row may be noted for."""
    named = {*_transforms(rules), *(key for rule in rules for key, value in rule if value)}
    return [kind for kind in note_kinds.ALL if named & set(kind.rules)]
