"""What a round derives together: single rows of a table, or several tables whole.

Laws
- A table is followed row by row if what becomes of a row depends on this row alone, and on whether what it refers to is
  there: its routes read no other table and look nothing up, its primary key arrives as it is, and nothing else fills
  the tables of the build that it fills.
- All other routes are joined to groups: what fills one table, reads one table, or looks the same up is derived whole,
  together, as soon as one row of what the group reads has changed.
- That a row's parent comes or goes is nobody's business here (closure).
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from config import mapping
from config.postgres.quoting import quoted
from config.postgres.types import TEXTUAL
from config.shapes import Table
from engine.planning.plan import Plan, Route, TablePlan

# Lookup → the legacy tables that it answers from; FAMILY stands for all that profiles and professionals are made of.
FAMILY = "*"
READS: Mapping[str, tuple[str, ...]] = {
    "claimed_ids": (FAMILY,),
    "rejected_profiles": (FAMILY,),
    "siblings": (FAMILY,),
    "profiles": (FAMILY,),
    "taken_ids": (FAMILY,),
    "professionals": (FAMILY,),
    "profile_aliases": (FAMILY,),
    "roles": ("roles",),
    "submissions": ("onboarding_submissions",),
    "submission_ids": ("onboarding_submissions",),
    "gateways": ("payments",),
    "payment_parts": ("payments", "invoices", "coupon_uses"),
    "repeated_ids": (),
}
# What SQL between the waves changes in a build table by rows of another one: table → the legacy table that says how.
COMPLETED = {"coupon_uses": "payments"}
# Transform → build tables that SQL fills beside those of its routes.
INSERTED = {"orders": ("payment_gateway_configs",)}
KEPT_AS_IT_IS = ("same", "renamed", "rule", "archived")


@dataclass(frozen=True)
class Filled:
    """A table that single rows of a legacy table fill.

    key: its columns that say which legacy row each row is of, in the order of the legacy key. is_own_key: whether they
    are its primary key; else it may have several rows of one legacy row.
    """

    name: str
    is_archive: bool
    key: tuple[str, ...]
    is_own_key: bool


@dataclass(frozen=True, eq=False)
class Rows:
    """A legacy table that is followed row by row. tables: what its routes fill, the first by its own key."""

    legacy_table: str
    routes: tuple[Route, ...]
    tables: tuple[Filled, ...]

    @property
    def home(self) -> Filled:
        return self.tables[0]


@dataclass(frozen=True, eq=False)
class Group:
    """Routes that are derived whole, together. reads: legacy tables that decide what comes of them."""

    routes: tuple[Route, ...]
    reads: frozenset[str]

    @property
    def tables(self) -> frozenset[tuple[bool, str]]:
        """(whether in the archive, name) of what they fill, and of what is inserted beside them."""
        filled = {(route.is_archive, target) for route in self.routes for target in route.targets}
        beside = {(False, name) for route in self.routes for name in INSERTED.get(route.transform or "", ())}
        return frozenset(filled | beside)

    @property
    def accounted(self) -> frozenset[str]:
        """Legacy tables whose rows they account for."""
        return frozenset(route.legacy_table for route in self.routes if route.is_accounted)


@dataclass(frozen=True)
class Units:
    """All routes of a plan, each in one unit."""

    rows: tuple[Rows, ...]
    groups: tuple[Group, ...]

    def of_rows(self, legacy_table: str) -> Rows | None:
        return next((unit for unit in self.rows if unit.legacy_table == legacy_table), None)

    def accounting(self, legacy_table: str) -> Rows | Group | None:
        """The unit that accounts for the rows of a legacy table."""
        accounted = next((group for group in self.groups if legacy_table in group.accounted), None)
        return self.of_rows(legacy_table) or accounted

    def filling(self, build_table: str) -> Rows | Group | None:
        """The unit that fills a table of the build; None of one that stays empty."""
        for unit in self.rows:
            if any((table.is_archive, table.name) == (False, build_table) for table in unit.tables):
                return unit
        return next((group for group in self.groups if (False, build_table) in group.tables), None)


def filled_by(unit: Rows | Group) -> frozenset[tuple[bool, str]]:
    """(whether in the archive, name) of the tables that a unit fills."""
    if isinstance(unit, Group):
        return unit.tables
    return frozenset((table.is_archive, table.name) for table in unit.tables)


def of(plan: Plan, whole: Collection[str] = ()) -> Units:
    """The units of a plan. whole: legacy tables that are not to be followed row by row this time."""
    about = _About(plan)
    rows = [unit for table in plan.tables if table.name not in whole and (unit := _rows(about, table))]
    taken = {route.name for unit in rows for route in unit.routes}
    rest = [route for route in plan.routes if route.name not in taken]
    return Units(tuple(rows), tuple(_groups(about, rest)))


class _About:
    """A plan's routes. fed: (whether in the archive, table) → the legacy tables that fill it; others: route → the other
    legacy tables that its query names; reads: route → legacy tables that decide what comes of it; completed: COMPLETED
    of those that are there."""

    def __init__(self, plan: Plan):
        self.plan = plan
        self.family = set(mapping.load().profile_sources)
        self.completed = {
            name: by
            for name, by in COMPLETED.items()
            if plan.find_table(by) and (table := plan.find_table(name)) and table.legacy.shape.find_column("payment_id")
        }
        self.fed: dict[tuple[bool, str], set[str]] = {}
        for route in plan.routes:
            for target in route.targets:
                self.fed.setdefault((route.is_archive, target), set()).add(route.legacy_table)
        names = {table.name: quoted(plan.source_schema, table.name) for table in plan.tables}
        self.others = {route.name: _others(route, names) for route in plan.routes}
        self.reads = {route.name: self._reads(route) for route in plan.routes}

    def _reads(self, route: Route) -> set[str]:
        found = {route.legacy_table} | self.others[route.name]
        for lookup in route.lookups:
            for name in READS[lookup]:
                found |= self.family if name == FAMILY else {name}
        found |= {by for name, by in self.completed.items() if name == route.legacy_table}
        return {name for name in found if self.plan.find_table(name)}


def _others(route: Route, names: Mapping[str, str]) -> set[str]:
    query = "\n".join((route.from_sql, route.where_sql, *(item.expression for item in route.items)))
    return {name for name, written in names.items() if name != route.legacy_table and written in query}


def _rows(about: _About, table: TablePlan) -> Rows | None:
    plan, accounted = about.plan, [route for route in table.routes if route.is_accounted]
    if not accounted or not table.key or not _is_alone(about, accounted[0]):
        return None
    home = _home(plan, table, accounted[0])
    if home is None:
        return None
    routes, tables = [accounted[0]], [home, *_owned(plan, accounted[0], accounted[0].targets[1:], home)]
    if len(tables) != len(accounted[0].targets):
        return None
    for route in table.routes:
        if route.is_accounted or not _is_alone(about, route):
            continue
        found = [_archive(plan, table)] if route.is_archive else _owned(plan, route, route.targets, home)
        if len(found) == len(route.targets):
            routes.append(route)
            tables += [each for each in found if each not in tables]
    if not all(_is_judged_by_row(plan, each) for each in tables if not each.is_archive):
        return None
    return Rows(table.name, tuple(routes), tuple(tables))


def _is_alone(about: _About, route: Route) -> bool:
    """Whether a row of the route depends on nothing else, and nothing else fills what it fills."""
    looks_up = set(route.lookups)
    if looks_up == {"repeated_ids"}:  # of ids that have several spellings
        column = about.plan.table(route.legacy_table).legacy.shape.find_column("id")
        looks_up = {"repeated_ids"} if column is None or column.base in TEXTUAL else set()
    if looks_up or route.where_sql or about.others[route.name] or route.legacy_table in about.completed:
        return False
    return all(about.fed[route.is_archive, target] == {route.legacy_table} for target in route.targets)


def _home(plan: Plan, table: TablePlan, route: Route) -> Filled | None:
    """The first table that the route fills, if the legacy key arrives there as it is, and is its key."""
    name = route.targets[0]
    if route.is_archive:
        return _archive(plan, table)
    shape, legacy = plan.shape(name), table.legacy.shape
    ways = {way.column: way.kind for way in table.ways}
    rewritten = {conversion.item for conversion in route.conversions} | {
        follow.column for follow in plan.follows if follow.table == name
    }
    is_kept = all(
        ways.get(column) in KEPT_AS_IT_IS
        and column not in rewritten
        and shape.find_column(column)
        and _is_same(shape, legacy, column)
        for column in table.key
    )
    is_key = shape.primary_key == table.key
    if not is_kept or not is_key or (route.transform and not _keeps_ids(legacy, table)):
        return None
    return Filled(name, False, table.key, True)


def _keeps_ids(legacy: Table, table: TablePlan) -> bool:
    """Whether rows that a transform makes have the legacy row's id: of a table whose id is a UUID."""
    return table.key == ("id",) and legacy.column("id").base == "uuid" and not legacy.column("id").is_array


def _is_same(shape: Table, legacy: Table, column: str) -> bool:
    own, other = shape.column(column), legacy.column(column)
    is_plain = not own.generated and not own.is_array and not own.is_loose
    return is_plain and (own.type, own.base, own.collation) == (other.type, other.base, other.collation)


def _archive(plan: Plan, table: TablePlan) -> Filled:
    return Filled(table.name, True, table.key, True)


def _owned(plan: Plan, route: Route, targets: Iterable[str], home: Filled) -> list[Filled]:
    """Those of the tables whose rows name the row of the home table that they belong to, by a foreign key."""
    if home.is_archive or len(home.key) != 1:
        return []
    found = []
    for name in targets:
        keys = [
            rule.columns
            for rule in plan.rules
            if (rule.kind, rule.table, rule.ref_table, rule.ref_columns) == ("f", name, home.name, home.key)
            and not rule.nulls_orphans
        ]
        if len(keys) == 1:
            found.append(Filled(name, False, keys[0], plan.shape(name).primary_key == keys[0]))
    return found


def _is_judged_by_row(plan: Plan, table: Filled) -> bool:
    """Whether which of its rows go can be told from these rows, their parents and those that share a key."""
    if not plan.shape(table.name).primary_key:
        return False
    rules = [rule for rule in plan.rules if rule.table == table.name]
    has_rivals = any(rule.kind in "ui" and not rule.is_trusted for rule in rules)
    if has_rivals and plan.shape(table.name).primary_key != ("id",):  # which of equals stays, its place would say
        return False
    return not any((rule.kind == "x" and not rule.is_trusted) or rule.has_period for rule in rules)


def _groups(about: _About, routes: list[Route]) -> Iterator[Group]:
    """The routes, joined where one depends on what another makes."""
    left = list(routes)
    while left:
        group = [left.pop(0)]
        while joined := [route for route in left if any(_is_joined(about, route, other) for other in group)]:
            group += joined
            left = [route for route in left if route not in joined]
        names = {route.name for route in group}
        reads = frozenset().union(*(about.reads[name] for name in names))
        yield Group(tuple(route for route in about.plan.routes if route.name in names), reads)


def _is_joined(about: _About, one: Route, other: Route) -> bool:
    if one.legacy_table == other.legacy_table and not one.is_archive and not other.is_archive:
        return True
    if set(one.targets) & set(other.targets) and one.is_archive == other.is_archive:
        return True
    if about.reads[one.name] & about.family and about.reads[other.name] & about.family:
        return True
    pairs = ((one, other), (other, one))
    return any(about.completed.get(left.legacy_table) == right.legacy_table for left, right in pairs)
