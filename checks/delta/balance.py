"""The balance by keys: each legacy row is in the target, merged, rejected or archived, told by the hashes of its key.

Laws
- What a legacy table adds up to is what its rows in the target, in the books and in the archive do: so a row that is
  lost, doubled, swapped for another, or of which the books say nothing, is found wherever it is.
- A new id of the books counts as the legacy id that it stands for.
- Rows whose ids are not those of legacy rows are told by what they were made of: orders by payments, settings by users.
  What cannot be told by keys is counted, and the check says so.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from checks.compare.content import Whole
from checks.compare.hashing import HASHES
from checks.compare.row_counts import EMPTY
from checks.delta.scans import ALL, Scan, Total, Way, way
from checks.reading.facts import Facts, column_of, json_of, parsed, text_of
from checks.verdict import ERROR, FAIL, PASS, Check
from config.postgres.quoting import literal
from config.postgres.types import UUID_TEXT
from config.shapes import Column, Table

Totals = Mapping[str, Mapping[str | None, Total]]
Told = Callable[[Totals], Total]
Name = str | tuple[str, str]  # of a total, or of one and a group of it
ZERO = Total(0)
ROOTS = "user_role_profiles"
REQUESTS = ("onboarding_submissions", "verifications")
ORDERS = ("orders", "order_items", "payment_transactions")
ARCHIVED = "The archive holds every row of the legacy table: rows are counted, and their keys add up."
TITLE = "Every legacy row is in the target, merged, rejected or archived: rows are counted, and their keys add up."
MADE = "Every row has the rows that are made of it: these are counted, and the keys that they were made of add up."
NOT_MADE = r"(n.note like 'order\_not\_made%' or n.note like 'not\_made%')"
DOCUMENTS = {"activity_logs": "audit_logs", "submission_documents": "verification_documents"}
FIGURES = """
    select legacy_table, source_rows, rejected, balanced from migration.balance where run_id = %s
"""


@dataclass(frozen=True)
class Equation:
    """A check: two sums of totals that must be one. by_keys: whether keys are told, or only counted."""

    name: str
    table: str
    domain: str
    title: str
    left: Told
    right: Told
    words: str  # what the right side is, in words
    by_keys: bool = True


@dataclass
class Plan:
    """What both sides are asked, and the equations that must hold. untold: what is counted, and not told by keys."""

    source: Scan = field(default_factory=Scan)
    target: Scan = field(default_factory=Scan)
    equations: list[Equation] = field(default_factory=list)
    untold: list[str] = field(default_factory=list)

    def tables(self, facts: Facts) -> set[str]:
        """The tables of the target that are counted."""
        asked = [from_sql for from_sql, _ in self.target.asked]
        rows = {table: facts.target_rows(table) for table in facts.target.tables}
        return {table for table, named in rows.items() if any(named in one for one in asked)}


def planned(facts: Facts, hashed: str) -> Plan:
    """The scans and the equations of all tables."""
    return _Planning(facts, hashed).plan


def judged(plan: Plan, source: Totals, target: Totals, booked: Mapping[str, tuple[int, int, bool]]) -> Iterator[Check]:
    """The result of each equation. booked: legacy table → its rows, rejects, and whether it balances, by the books."""
    found = {**source, **target}
    for one in plan.equations:
        draft = Check(one.name, "balance", one.domain, one.table, one.title, ERROR)
        left, right = one.left(found), one.right(found)
        wrong = []
        if left.rows != right.rows:
            wrong.append(f"{left.rows:,} rows are not {right.rows:,}: {one.words}")
        elif one.by_keys and (left.keys is None or left.keys != right.keys):
            wrong.append(f"{left.rows:,} rows, and as many accounted for, but not of the same keys: {one.words}")
        if one.title == TITLE and one.table in booked and f"source {one.table}" in source:
            rows, rejected, is_balanced = booked[one.table]
            own = _at(source, f"source {one.table}").rows, _at(target, f"rejected {one.table}").rows
            if (rows, rejected) != own:
                wrong.append(f"the books say {rows} rows and {rejected} rejects, counted {own[0]} and {own[1]}")
            if not is_balanced:
                wrong.append("the books say that it does not balance")
        how = "and their keys add up" if one.by_keys else "counted, keys not told"
        yield replace(
            draft, status=FAIL if wrong else PASS, compared=max(left.rows, right.rows),
            detail="; ".join(wrong) or f"{left.rows:,} rows, {how}",
        )  # fmt: skip


def _at(found: Totals, name: str, group: str | None = None) -> Total:
    return found.get(name, {}).get(group, ZERO)


def _total(*names: Name, less: Sequence[Name] = ()) -> Told:
    """The sum of these totals, less those."""

    def told(found: Totals) -> Total:
        sums = ZERO
        for name in names:
            sums += _at(found, *([name] if isinstance(name, str) else name))
        for name in less:
            sums -= _at(found, *([name] if isinstance(name, str) else name))
        return sums

    return told


class _Planning:
    def __init__(self, facts: Facts, hashed: str):
        self._facts, self._hashed, self.plan = facts, hashed, Plan()
        self._run = literal(facts.books.run_id)
        for table, treatment in facts.treatments.items():
            rule = facts.find_rule(table)
            if treatment == "archive":
                self._archived(table, TITLE)
            elif table == "user_settings" and rule and rule.completed_from:
                self._settings(table, rule.completed_from.table)
            elif treatment in ("copy", "keep"):
                self._kept(table)
            if treatment != "archive" and table in facts.archive.tables:
                self._archived(table, ARCHIVED, f"{table} in the archive")
        for role, table in facts.mapping.roles.items():
            self._profiles(role, table)
        self._professionals(facts.mapping.former_root)
        self._homed([*REQUESTS], "verification_requests", drafts="onboarding_states")
        for table, home in DOCUMENTS.items():
            self._homed([table], home)
        self._made()

    # Totals

    def _source(self, table: str, way: Way | None) -> str:
        """The legacy rows, by their keys."""
        facts, name = self._facts, f"source {table}"
        shape = facts.source.table(table)
        key = way.of_columns(facts, _key(shape), self._shown(shape, way)) if way else None
        self.plan.source.ask(name, facts.source_rows(table), key)
        return name

    def _shown(self, shape: Table, way: Way) -> str:
        """The key as text, an id as the target spells it."""
        key = _key(shape)
        return self._facts.spelled(key[0]) if way.is_id and len(key) == 1 else self._facts.key(shape)

    def _books(self, name: str, where: str, key: str, way: Way | None) -> str:
        """Lines of the books, by a column that holds a key."""
        self.plan.target.ask(name, where, way.of_text(key) if way else None)
        return name

    def _rejected(self, table: str, way: Way | None) -> str:
        where = f"migration.rejects where run_id = {self._run} and legacy_table = {literal(table)}"
        return self._books(f"rejected {table}", where, "legacy_key", way)

    def _mapped(self, table: str, column: str, way: Way | None, *why: str) -> str:
        """New ids by the books: the legacy ids, or those that stand for them."""
        where = (
            f"migration.id_map where run_id = {self._run} and legacy_table = {literal(table)} "
            f"and why in ({', '.join(map(literal, why))})"
        )
        return self._books(f"{' '.join(why)} {table}.{column}", where, column, way)

    def _noted(self, table: str, target: str, way: Way | None) -> str:
        """Legacy rows of which that could not be made, other than those that were rejected themselves."""
        where = (
            f"(select distinct n.legacy_key from migration.notes as n where n.run_id = {self._run} "
            f"and n.legacy_table = {literal(table)} and n.target_table = {literal(target)} and {NOT_MADE} "
            "and not exists (select from migration.rejects as x where (x.run_id, x.legacy_table, x.legacy_key) "
            "= (n.run_id, n.legacy_table, n.legacy_key))) as noted"
        )
        return self._books(f"not made {table} {target}", where, "legacy_key", way)

    def _there(self, table: str, column: str, way: Way | None, group: str = "") -> str:
        """Rows of a table of the target, by one of its columns."""
        facts, name = self._facts, f"{table}.{column} {group} {_how(way)}"
        found = facts.target.table(table).column(column)
        key = way.of_columns(facts, [found], facts.word(found)) if way else None
        self.plan.target.ask(name, facts.target_rows(table), key, group or ALL)
        return name

    def _say(self, name: str, table: str, title: str, left: Told, right: Told, words: str, *, by_keys: bool) -> None:
        domain = self._facts.domain(table)
        self.plan.equations.append(Equation(f"keys/{name}", table, domain, title, left, right, words, by_keys))
        if not by_keys:
            self.plan.untold.append(name)

    # Tables that keep their shape, and the archive

    def _kept(self, table: str) -> None:
        facts, final = self._facts, self._facts.final(table)
        shape, there = facts.source.table(table), facts.target.find_table(final)
        if there is None:
            self._say(table, table, TITLE, _total(self._source(table, None)), _nothing, "no such table", by_keys=False)
            return
        columns, is_own = self._arriving(table, shape, there)
        found = way(_key(shape), columns, self._hashed, is_id=is_own) if columns else None
        right, less = [self._rejected(table, found)], []
        if found and is_own:
            right.append(self._mapped(table, "legacy_id", found, "derived"))
            less.append(self._mapped(table, "target_id", found, "derived"))
        name = f"{final} by its key"
        key = found.of_columns(facts, columns, _key_there(facts, columns, found)) if found else None
        self.plan.target.ask(name, facts.target_rows(final), key)
        left = _total(self._source(table, found))
        words = f"rows of {final} and rejected ones"
        self._say(table, table, TITLE, left, _total(name, *right, less=less), words, by_keys=bool(found))

    def _arriving(self, table: str, shape: Table, there: Table) -> tuple[list[Column], bool]:
        """The columns that the key's arrive in, none where they are not told by it; whether it is the row's own id."""
        whole, names = Whole(self._facts, table), self._facts.renames(table)
        pairs = [(whole.pair(c), c, there.find_column(names.get(c.name, c.name))) for c in _key(shape)]
        columns = [final for _, _, final in pairs if final]
        if not columns or len(columns) < len(pairs):
            return [], False
        if all((pair.source, pair.target) == (column_of(c), column_of(final)) for pair, c, final in pairs if final):
            return columns, False
        is_own = shape.primary_key == ("id",) and not self._facts.parent(table, "id")
        return (columns, True) if is_own else ([], False)

    def _archived(self, table: str, title: str, name: str = "") -> None:
        facts, shape = self._facts, self._facts.source.table(table)
        there = facts.archive.find_table(table)
        columns = [own for c in _key(shape) if (own := there.find_column(c.name))] if there else []
        is_keyed = bool(columns) and len(columns) == len(shape.primary_key)
        found = way(_key(shape), columns, self._hashed) if is_keyed else None
        right = []
        if there:
            key = found.of_columns(facts, columns, _key_there(facts, columns, found)) if found else None
            self.plan.target.ask(f"archived {table}", facts.archive_rows(table), key)
            right.append(f"archived {table}")
        left = f"source {table} as archived"
        key = found.of_columns(facts, _key(shape), facts.key(shape)) if found else None
        self.plan.source.ask(left, facts.source_rows(table), key)
        words = "rows of legacy_archive"
        self._say(name or table, table, title, _total(left), _total(*right), words, by_keys=bool(found))

    def _settings(self, table: str, users: str) -> None:
        """A row for each user that stays; a legacy row's own key may be a row's that its user was given."""
        facts = self._facts
        self._source(table, None)
        self._rejected(table, None)
        found = self._own_way(users, "user_settings", "user_id")
        left = _total(self._there(table, "user_id", found))
        right = _total(self._there(facts.final(users), "id", found), less=[self._noted(users, table, found)])
        self._say(table, table, MADE, left, right, f"{users} that have settings", by_keys=bool(found))

    def _own_way(self, table: str, target: str, column: str) -> Way | None:
        """How rows are told that were made of a table which keeps its ids; None where these became others."""
        facts, shape = self._facts, self._facts.source.find_table(table)
        there, home = facts.target.find_table(target), facts.target.find_table(facts.final(table))
        named = there.find_column(column) if there else None
        own = home.find_column("id") if home else None
        if shape is None or named is None or own is None or shape.primary_key != ("id",) or own.base != named.base:
            return None
        columns, is_own = self._arriving(table, shape, home) if home else ([], True)
        return way(_key(shape), columns, self._hashed) if columns and not is_own else None

    # What is made of several legacy tables

    def _told_by_id(self, tables: list[str], home: str) -> Way | None:
        """How the rows of a table of the target are told whose ids are those of these legacy rows."""
        facts = self._facts
        shapes, own = [facts.source.table(table) for table in tables], facts.target.table(home).find_column("id")
        if own is None or any(shape.primary_key != ("id",) for shape in shapes):
            return None
        found = [way(_key(shape), [own], self._hashed, is_id=True) for shape in shapes]
        return next((one for one in found if not one.bases), found[0])

    def _homed(self, tables: list[str], home: str, drafts: str = "") -> None:
        """Reshaped tables whose rows have their ids in a table of the target."""
        facts = self._facts
        there = [table for table in tables if facts.treatments.get(table) == "reshape"]
        if not there or home not in facts.target.tables:
            return
        found = self._told_by_id(there, home)
        left = [self._source(table, found) for table in there]
        right = [self._there(home, "id", found), *(self._rejected(table, found) for table in there)]
        less = [self._mapped(drafts, "target_id", found, "derived")] if drafts else []
        for table in there:
            right.append(self._mapped(table, "legacy_id", found, "derived"))
            less.append(self._mapped(table, "target_id", found, "derived"))
        words = f"rows of {home} and rejected ones"
        name = there[0] if len(there) == 1 else home
        self._say(name, there[0], TITLE, _total(*left), _total(*right, less=less), words, by_keys=bool(found))

    def _profiles(self, role: str, table: str) -> None:
        """Profiles of one role: the roots of the role, but for those that professionals created."""
        facts = self._facts
        if not {ROOTS, table} <= facts.target.tables.keys():
            return
        found = self._told_by_id([table], ROOTS) if table in facts.source.tables else None
        own = facts.target.table(ROOTS).column("id")
        told = Way(self._hashed, (own.base,) if own.base == "uuid" and self._hashed == HASHES[0] else ())
        roots: Name = (self._there(ROOTS, "id", told, "role"), role)
        extension = self._there(table, "id", told)
        words = f"rows of {table} under ids of roots of this role"
        self._say(f"roots of {role}", ROOTS, MADE, _total(roots), _total(extension), words, by_keys=True)
        if table not in facts.source.tables:
            return
        created = self._created(role, found or told)
        roots = self._roots_as_text(role, found) if found and not found.bases else roots
        right = [roots, self._rejected(table, found), self._mapped(table, "legacy_id", found, "derived")]
        less = [created, self._mapped(table, "target_id", found, "derived")]
        left, words = _total(self._source(table, found)), f"roots of role {role} and rejected rows"
        self._say(table, table, TITLE, left, _total(*right, less=less), words, by_keys=bool(found))

    def _roots_as_text(self, role: str, way: Way) -> Name:
        """Roots of one role whose legacy ids are no UUIDs; those of all others are read beside them."""
        facts, name = self._facts, f"roots of {role} by text"
        own = facts.target.table(ROOTS).column("id")
        key = f"case when t.role = {literal(role)} then {way.of_columns(facts, [own], facts.word(own))} end"
        self.plan.target.ask(name, facts.target_rows(ROOTS), key, "role")
        return name, role

    def _created(self, role: str, way: Way) -> Name:
        """Roots that professionals created, by role."""
        facts, name = self._facts, f"created by professionals {_how(way)}"
        own = facts.target.table(ROOTS).column("id")
        rows = (
            f"{facts.target_rows(ROOTS)} join migration.id_map as m on m.run_id = {self._run} and m.legacy_table = "
            f"{literal(facts.mapping.former_root)} and m.why = 'created' "
            f"and t.id = case when m.target_id ~* '{UUID_TEXT}' then {parsed('m.target_id', 'uuid')} end"
        )
        self.plan.target.ask(name, rows, way.of_columns(facts, [own], facts.word(own)), "role")
        return name, role

    def _professionals(self, table: str) -> None:
        facts = self._facts
        if facts.treatments.get(table) != "reshape":
            return
        shape = facts.source.table(table)
        is_own = shape.primary_key == ("id",)
        found = way(_key(shape), _key(shape), self._hashed) if is_own else None
        right = [self._mapped(table, "legacy_id", found, "created", "merged"), self._rejected(table, found)]
        words, left = "those that created a root or were merged into one, and rejected ones", self._source(table, found)
        self._say(table, table, TITLE, _total(left), _total(*right), words, by_keys=bool(found))

    # What is made of rows that have arrived

    def _made(self) -> None:
        target = self._facts.target.tables
        if self._facts.treatments.get("payments") == "copy" and {"payments", *ORDERS} <= target.keys():
            self._of_rows("payment_transactions", "payment_id", "payments")
            found = Way(self._hashed, ("uuid",) if self._hashed == HASHES[0] else ())
            orders = self._there("orders", "id", found)
            for table in ("payment_transactions", "order_items"):
                left, words = _total(self._there(table, "order_id", found)), "rows of orders"
                self._say(f"orders of {table}", table, MADE, left, _total(orders), words, by_keys=True)
        for table, rule in self._facts.mapping.tables.items():
            shape = self._facts.source.find_table(table)
            if rule.split and shape and any(shape.find_column(name) for name in rule.split.columns):
                self._of_rows(rule.split.into, rule.split.key, table)
        if self._facts.treatments.get("kb_categories") == "copy":
            self._of_rows("kb_sections", "category_id", "kb_categories")
        for table in EMPTY:
            if table in target:
                self.plan.target.ask(f"all of {table}", self._facts.target_rows(table), None)
                self._say(table, table, MADE, _total(f"all of {table}"), _nothing, "no rows", by_keys=False)
                self.plan.untold.remove(table)

    def _of_rows(self, table: str, column: str, legacy: str) -> None:
        """Rows that are made one of each row of a table that keeps its shape."""
        if {table, self._facts.final(legacy)} <= self._facts.target.tables.keys():
            found = self._own_way(legacy, table, column)
            derived = "orders" if table == "payment_transactions" else table
            left = _total(self._there(table, column, found))
            right = _total(
                self._there(self._facts.final(legacy), "id", found), less=[self._noted(legacy, derived, found)]
            )
            self._say(table, table, MADE, left, right, f"rows of {legacy} that have one", by_keys=bool(found))


def _key_there(facts: Facts, columns: list[Column], way: Way) -> str:
    """The key as text, of the target's row: an id as it is spelled there, any other as the legacy row's."""
    if len(columns) == 1:
        return facts.word(columns[0]) if way.is_id else text_of(columns[0])
    return f"concat(jsonb_build_array({', '.join(map(json_of, columns))}))"


def _key(shape: Table) -> list[Column]:
    return [shape.column(name) for name in shape.primary_key]


def _how(way: Way | None) -> str:
    return f"by {' '.join(way.bases) or 'text'}" if way else "counted"


def _nothing(found: Totals) -> Total:
    return ZERO
