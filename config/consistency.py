"""What the mapping's files must agree on: with each other, with the target's DDL, and with what transforms read.

Laws
- All that can be checked without a source is checked here, when the mapping is read, and all faults are reported at
  once.
- Each fault names file and key, what was found, and what was wanted.
- A name that only a source can have (a legacy column, a table that is in no mapping) is checked when a source is read.
"""

import re
from collections.abc import Collection, Iterable, Iterator

from config import origins, target
from config.origins import near
from config.rules import Derivation, Mapping, TableRule, spelling
from config.shapes import Table
from config.transforms import FIXED, TRANSFORMS

LISTED = re.compile(r"(\w+) in \((.*)\)")
OF_RESHAPED = ("transform", "targets", "carry_into", "root", "lands", "arrives", "columns", "lookups", "becomes")
KEEPERS = ("copy", "rename")
DONE = {"copy": "copied", "rename": "renamed", "reshape": "reshaped", "archive": "archived"}
_IDLE = "is of no use to what is {}"


def faults(mapping: Mapping) -> list[str]:
    """Every inconsistency, one sentence each."""
    declared = target.load()
    found = [fault for table in mapping.tables for fault in _Rule(mapping, table, declared).faults()]
    return [*found, *_claimed_twice(mapping, declared), *_common(mapping, declared)]


def unknown_tables(mapping: Mapping, source: Collection[str]) -> list[str]:
    """References that name a table which neither the mapping nor the source has. source: names of its tables."""
    known = {*mapping.tables, *source}
    named = [
        (column, key, table)
        for column, reference in mapping.common.references.items()
        for key, tables in (("to", (reference.to,)), ("in", reference.tables))
        for table in tables
    ]
    return [
        f"{origins.common()}: [references] {column}: {key}: there is no table {table} in the mapping or the source; "
        f"{near(table, known) or 'leave the reference out'}"
        for column, key, table in named
        if table not in known
    ]


class _Rule:
    """One table's entry."""

    def __init__(self, mapping: Mapping, table: str, declared: dict[str, Table]):
        self._mapping, self._table, self._declared = mapping, table, declared
        self._rule: TableRule = mapping.tables[table]

    def faults(self) -> Iterator[str]:
        rule = self._rule
        yield from self._disposition()
        if rule.disposition == "reshape":
            yield from self._transformed("", rule)
            yield from self._arriving()
        if rule.derives:
            yield from self._transformed("derives.", rule.derives)
        yield from self._beside()
        for column, to in rule.adds.items():
            if to not in self._declared and to not in _finals(self._mapping).values():
                yield self._says(f"adds.{column}", f"there is no target table {to}", near(to, self._declared))

    def _says(self, key: str, found: str, wanted: str) -> str:
        return f"{self._mapping.file_of(self._table)}: [{self._table}] {key}: {found}" + (wanted and f"; {wanted}")

    def _disposition(self) -> Iterator[str]:
        """Keys that the disposition needs, and those that would do nothing under it."""
        rule = self._rule
        if rule.disposition == "rename" and not rule.target:
            yield self._says("target", "is not there", "wanted the new name of a renamed table")
        if rule.disposition != "rename" and rule.target:
            yield self._says("target", _IDLE.format(DONE[rule.disposition]), 'wanted disposition = "rename"')
        if rule.disposition == "reshape":
            needed = {"transform": rule.transform, "targets": rule.targets or rule.keeps_shape}
            needed["carry_into"] = rule.carry_into or rule.keeps_shape or not rule.carries
            yield from (self._says(key, "is not there", "a reshape needs it") for key, has in needed.items() if not has)
            return
        for key in OF_RESHAPED:
            if getattr(rule, key):
                yield self._says(key, _IDLE.format(DONE[rule.disposition]), 'wanted disposition = "reshape"')
        beside = {"derives": rule.derives, "split": rule.split, "completed_from": rule.completed_from}
        for key, has in beside.items():
            if has and rule.disposition not in KEEPERS:
                yield self._says(key, _IDLE.format(DONE[rule.disposition]), 'wanted disposition = "copy"')

    def _transformed(self, under: str, made: TableRule | Derivation) -> Iterator[str]:
        """The transform, what it reads, and the tables that it makes."""
        for name in made.targets:
            yield from self._undeclared(f"{under}targets", name)
        known = TRANSFORMS.get(made.transform or "")
        if known is None:
            if made.transform:
                wanted = near(made.transform, TRANSFORMS) or f"wanted one of {', '.join(TRANSFORMS)}"
                yield self._says(f"{under}transform", f"there is no transform {made.transform}", wanted)
            return
        by = f"the transform {made.transform}"
        yield from self._differing(f"{under}columns", made.columns, known.columns, FIXED, by)
        yield from self._differing(f"{under}lookups", made.lookups, known.lookups, (), by)
        for name in made.required:
            if name not in {*made.columns, *FIXED}:
                yield self._says(f"{under}required", f"there is no rule column {name}", near(name, made.columns))

    def _differing(
        self, key: str, given: Collection[str], read: Collection[str], others: Collection[str], by: str
    ) -> Iterator[str]:
        for name in given:
            if name not in read and name not in others:
                yield self._says(key, f"{name} is nothing that {by} reads", near(name, read))
        for name in read:
            if name not in given:
                yield self._says(key, f"{name} is not there", f"{by} reads it")

    def _undeclared(self, key: str, table: str | None) -> Iterator[str]:
        if table and table not in self._declared:
            wanted = near(table, self._declared) or "declare it under config/target"
            yield self._says(key, f"no DDL declares a table {table}", wanted)

    def _arriving(self) -> Iterator[str]:
        """Where the rule says that its columns arrive."""
        rule = self._rule
        yield from self._undeclared("root", rule.root)
        if rule.carry_into and rule.carry_into not in rule.targets:
            yield self._says(
                "carry_into", f"{rule.carry_into} is none of the targets", near(rule.carry_into, rule.targets)
            )
        named = {*rule.columns, *FIXED}
        legacy = {*named, *(variant for variants in rule.columns.values() for variant in variants)}
        for column, places in rule.lands.items():
            if column not in named:
                yield self._says("lands", f"there is no rule column {column}", near(column, named))
            for place in places:
                yield from self._no_column(f"lands.{column}", *place.partition(".")[::2])
        for column, to in rule.arrives.items():
            if column not in legacy:
                yield self._says("arrives", f"no rule column is called {column}", near(column, legacy))
            if not any(self._has(table, to) for table in rule.targets):
                yield self._says(f"arrives.{column}", f"none of the targets has a column {to}", "")
        for column in rule.becomes:
            if column not in legacy:
                yield self._says("becomes", f"no rule column is called {column}", near(column, legacy))

    def _has(self, table: str, column: str) -> bool:
        return table in self._declared and self._declared[table].find_column(column) is not None

    def _no_column(self, key: str, table: str, column: str) -> Iterator[str]:
        if table in self._rule.targets and table in self._declared and self._has(table, column):
            return
        columns = [c.name for c in self._declared[table].columns] if table in self._declared else []
        yield self._says(key, f"there is no column {table}.{column} among the targets", near(column, columns))

    def _beside(self) -> Iterator[str]:
        """Tables to which single columns go, or from which they come."""
        split, other = self._rule.split, self._rule.completed_from
        if split:
            yield from self._undeclared("split.into", split.into)
            if split.into in self._declared and not self._has(split.into, split.key):
                yield self._says("split.key", f"{split.into} declares no column {split.key}", "")
        if other and other.table not in self._mapping.tables:
            found = f"there is no legacy table {other.table} in the mapping"
            yield self._says("completed_from.table", found, near(other.table, self._mapping.tables))


def _finals(mapping: Mapping) -> dict[str, str]:
    """Legacy table → the name that it has in the target, of those that have one there."""
    stay = {t: rule for t, rule in mapping.tables.items() if rule.disposition in KEEPERS or rule.keeps_shape}
    return {table: rule.target or table for table, rule in stay.items()}


def _claimed_twice(mapping: Mapping, declared: dict[str, Table]) -> Iterator[str]:
    """Tables that take a name in the target which another takes."""
    taken = dict.fromkeys(declared, "the DDL declares")
    for table, name in _finals(mapping).items():
        if name in taken and not (name in declared and mapping.tables[table].completed_from):
            found = f"{mapping.file_of(table)}: [{table}] claims the target {name}, which {taken[name]}"
            yield f'{found}; wanted disposition = "rename" and a target of its own'
        else:
            taken[name] = f"[{table}] of {mapping.file_of(table)} claims"


def _common(mapping: Mapping, declared: dict[str, Table]) -> Iterator[str]:
    common = mapping.common
    yield from _references(mapping)
    yield from _profiles(mapping)
    yield from _roles(mapping, declared)
    for key, statuses in (("statuses", common.statuses), ("order_statuses", common.order_statuses)):
        spelled = [(word, status) for status, words in statuses.items() for word in (status, *words)]
        yield from _ambiguous(f"{origins.common()}: [{key}]", spelled)
    kinds = {"user_role_profiles": "statuses", "verification_requests": "statuses", "orders": "order_statuses"}
    for table, key in kinds.items():
        allowed = _allowed(declared.get(table), "status")
        for status in getattr(common, key):
            if allowed and status not in allowed:
                yield f"{origins.common()}: [{key}] {status}: the DDL's check of {table}.status does not allow it"


def _references(mapping: Mapping) -> Iterator[str]:
    """A reference that holds for all mapped tables points at one; any other may speak of tables of the source alone."""
    for column, reference in mapping.common.references.items():
        place, known = f"{origins.common()}: [references] {column}", reference.tables or mapping.tables
        if not reference.tables and reference.to not in mapping.tables:
            wanted = near(reference.to, mapping.tables) or "name with `in` the tables whose column it is"
            yield f"{place}: to: there is no legacy table {reference.to} in the mapping; {wanted}"
        for table in reference.owned:
            if table not in known:
                yield f"{place}: owned: {table} is none of its tables; {near(table, known) or 'add it to `in`'}"


def _profiles(mapping: Mapping) -> Iterator[str]:
    """The profiles have one root, and there is one table that was it."""
    former = [table for table, rule in mapping.tables.items() if rule.transform == "professionals"]
    if len(former) != 1:
        found = f"the transform professionals is that of {', '.join(former) or 'no table'}"
        yield f"{origins.shown('profiles')}: {found}; wanted one table, which was the root of the profiles"
    roots = {table: mapping.tables[table].root for table in (*former, *mapping.profile_tables)}
    first = next(iter(roots.values()), None)
    for table, root in roots.items():
        if root is None or root != first:
            wanted = f"wanted {first}, as of {next(iter(roots))}" if first else "wanted the root of the profiles"
            yield f"{mapping.file_of(table)}: [{table}] root: is {root or 'not there'}; {wanted}"


def _roles(mapping: Mapping, declared: dict[str, Table]) -> Iterator[str]:
    synonyms, roles = mapping.common.role_synonyms, mapping.roles
    for word, role in synonyms.items():
        if role not in roles:
            found = f"{origins.common()}: [role_synonyms] {word}: there is no role {role}"
            yield f"{found}; {near(role, roles) or 'wanted one of ' + ', '.join(roles)}"
    yield from _ambiguous(
        f"{origins.common()}: [role_synonyms]", [*((role, role) for role in roles), *synonyms.items()]
    )
    allowed = _allowed(declared.get("user_role_profiles"), "role")
    for role, table in roles.items():
        if allowed and role not in allowed:
            yield f"{mapping.file_of(table)}: role {role}: the DDL's check of user_role_profiles.role does not allow it"
    for table, rule in mapping.tables.items():
        if (rule.transform == "profiles") != (table in mapping.profile_tables):
            found = f"{mapping.file_of(table)}: [{table}] transform: profiles is for the tables of roles alone"
            yield f'{found}; add its role to ["*_profiles".roles]'


def _ambiguous(place: str, spelled: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Words that compare alike and mean different things."""
    meant: dict[str, str] = {}
    for word, meaning in spelled:
        other = meant.setdefault(spelling(word), meaning)
        if other != meaning:
            yield f"{place} {word}: means {other} as well as {meaning}; wanted one of the two"


def _allowed(table: Table | None, column: str) -> set[str]:
    """The values that a declared check lists for a column; none where no check does."""
    for constraint in table.constraints if table else ():
        match = LISTED.fullmatch(constraint.expression or "") if constraint.kind == "c" else None
        if match and match[1] == column:
            return set(re.findall(r"'([^']*)'", match[2]))
    return set()
