"""From the keys that were touched to all rows that the laws about them need: the source's rows, closed under groups.

Laws
- A rule reads what belongs together: profiles, professionals and requests of one user, or with one id; a payment with
  its invoices and coupon uses; a user with its settings. With one row of a group all of it counts.
- Only the source is asked, by the values of columns: what it costs goes by the rows that are found.
- Where a column that no rule reads leads from one user's group to another's, all groups of users count.
- Where a whole table was touched, or its rows have no key that the target has too, it counts whole, and so does all
  that the same rules read.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import psycopg

from checks.compare.content import rest
from checks.delta.values import NONE, either, of_keys, one_of
from checks.reading.facts import Facts, text
from checks.reading.relations import READ
from config.postgres.quoting import literal, quoted
from config.postgres.types import TEXTUAL
from config.shapes import Column

Keys = Mapping[str, Iterable[str] | None]  # legacy table → keys of rows as text; None: the whole table
BY_USER = ("profiles", "professionals", "onboarding_submissions", "onboarding_states", "verifications")
OF_PAYMENT = ("invoices", "coupon_uses")
OF_ARTICLES = ("kb_categories", "kb_articles")
ROUNDS = 50  # a group leads to another one by an id that both have: more than a few steps are a fault of ours
Found = tuple[str, str | None, str | None]  # what the value is, the value, and with it another


@dataclass
class Closed:
    """keys: legacy table → keys of the rows that count; whole: tables all of whose rows do.

    users, payments: those whose groups count, as legacy ids; ids: of profiles, professionals and requests. raw:
    legacy table → those of its rows as the books name them.
    """

    keys: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    whole: set[str] = field(default_factory=set)
    users: set[str] = field(default_factory=set)
    payments: set[str] = field(default_factory=set)
    ids: set[str] = field(default_factory=set)
    raw: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    @property
    def tables(self) -> set[str]:
        """Those of which any row counts."""
        return self.whole | {table for table, keys in self.keys.items() if keys}


def by_user(facts: Facts) -> list[str]:
    """The legacy tables whose rows rules join by user and by id."""
    rules = facts.mapping.tables
    return [name for name in facts.source.tables if name in rules and rules[name].transform in BY_USER]


def closed(facts: Facts, touched: Keys, source: psycopg.Connection) -> Closed:
    """All rows of the source that count with those that were touched."""
    return _Closing(facts, source).closed(touched)


class _Closing:
    def __init__(self, facts: Facts, source: psycopg.Connection):
        self._facts, self._source, self._found = facts, source, Closed()
        self._by_user = by_user(facts)

    def closed(self, touched: Keys) -> Closed:
        found, facts = self._found, self._facts
        for table, keys in touched.items():
            if table not in facts.source.tables:
                continue
            if keys is None or not facts.source.table(table).primary_key:
                found.whole.add(table)
            else:
                found.keys[table].update(keys)
        self._whole_groups()
        self._expand()
        users_of_settings = self._referenced()
        self._close_users()
        users_of_settings |= self._close_payments()
        self._close_settings(users_of_settings)
        rules = facts.treatments
        found.whole |= {  # rows of theirs have no key that the target has too
            table for table in found.tables
            if rules[table] in ("copy", "keep") and not facts.source.table(table).primary_key
        }  # fmt: skip
        self._whole_groups()
        for table in found.whole:
            found.keys.pop(table, None)
        return found

    def _whole_groups(self) -> None:
        """What is read together is whole together."""
        whole = self._found.whole
        for group in (self._by_user, ("payments", *OF_PAYMENT, "users", "user_settings"), OF_ARTICLES):
            there = {name for name in group if name in self._facts.source.tables}
            if there & whole:
                whole |= there
        if self._found.tables & set(self._by_user) and self._points_across():
            whole |= set(self._by_user)
        if self._found.tables & set(OF_ARTICLES):  # small, and told by each other
            whole |= {name for name in OF_ARTICLES if name in self._facts.source.tables}

    def _points_across(self) -> bool:
        """Whether a column that no rule reads leads from one group to another: it is told by what that one becomes."""
        facts, sources = self._facts, self._facts.mapping.profile_sources
        return any(facts.parent(table, c.name) in sources for table in self._by_user for c in rest(facts, table))

    def _expand(self) -> None:
        """Add the rows whose keys are texts that name the same row in other letters."""
        facts, parts = self._facts, list[str]()
        for table, keys in self._found.keys.items():
            shape = facts.source.table(table)
            first = shape.column(shape.primary_key[0])
            if keys and first.base in TEXTUAL and table not in self._found.whole:
                word, rows = facts.spelled(first), quoted(facts.source.schema, table)
                same = f"{word} in (select {word} from {rows} as t where {of_keys(facts, table, keys)})"
                parts += self._rows(table, table, facts.key(shape), same)
        for table, key, _ in self._ask(parts):
            self._found.keys[table].add(str(key))

    def _column(self, table: str, name: str) -> Column | None:
        """The column that a rule calls so."""
        rule = self._facts.find_rule(table)
        variants = READ.get(table, {}).get(name) or (rule.columns.get(name) if rule else None) or (name,)
        return self._facts.used(table, variants)

    def _value(self, table: str, column: Column | None) -> str:
        """A column's value as references to its parent's rows are spelled."""
        return self._facts.spelled(column, self._facts.parent(table, column.name)) if column else "null::text"

    def _is(self, table: str, name: str, values: Iterable[str]) -> str:
        column = self._column(table, name)
        return one_of(self._facts, column, values, self._facts.parent(table, column.name)) if column else NONE

    def _ask(self, parts: Iterable[str]) -> list[Found]:
        asked = "\nunion all\n".join(parts)
        return self._source.execute(asked).fetchall() if asked else []

    def _rows(self, table: str, what: str, value: str, condition: str, other: str = "null::text") -> Iterator[str]:
        if condition and condition != NONE:
            rows = quoted(self._facts.source.schema, table)
            yield f"select {literal(what)}::text, {value}, {other} from {rows} as t where {condition}"

    # What rows of tables that keep their shape lead to

    def _referenced(self) -> set[str]:
        """Add the groups that touched rows lead to, and parents of which some were rejected; users of settings."""
        users: set[str] = set()
        groups = {"id": self._found.ids, "user": self._found.users, "payment": self._found.payments, "settings": users}
        asked = [part for table in list(self._found.keys) for part in self._leads(table)]
        parents: dict[str, set[str]] = defaultdict(set)
        for what, value, _ in self._ask(asked):
            kind, _, parent = what.partition(" ")
            if value is not None:
                (parents[parent] if parent else groups[kind]).add(value)
        keys = {parent: self._facts.key(self._facts.source.table(parent)) for parent in parents}
        rows = [part for p, ids in parents.items() for part in self._rows(p, p, keys[p], self._is_id(p, ids))]
        for parent, key, _ in self._ask(rows):
            self._found.keys[parent].add(str(key))
        return users

    def _leads(self, table: str) -> Iterator[str]:
        facts, shape = self._facts, self._facts.source.table(table)
        condition = of_keys(facts, table, self._found.keys[table])
        rule = facts.find_rule(table)
        if table in self._by_user or condition == NONE:
            return
        becomes = rule.becomes if rule else {}
        for column in shape.columns:
            parent = facts.parent(table, column.name)
            if column.name in becomes or parent in facts.mapping.profile_sources:
                value = facts.spelled(column, parent or facts.mapping.former_root)
                yield from self._rows(table, "id", value, condition)
            elif becomes and parent in facts.books.rejected and facts.source.has(parent, "id"):
                yield from self._rows(table, f"parent {parent}", self._value(table, column), condition)
        if becomes and (user := shape.find_column("user_id")):
            yield from self._rows(table, "user", self._value(table, user), condition)
        if table in OF_PAYMENT:
            yield from self._rows(table, "payment", self._value(table, self._column(table, "payment_id")), condition)
        if table == "user_settings":
            yield from self._rows(table, "settings", self._value(table, self._column(table, "user_id")), condition)

    # Groups

    def _close_users(self) -> None:
        """Rows of the same user, or of the same id, until there are no more."""
        found = self._found
        if found.whole & set(self._by_user):
            return
        ids, users = set(found.ids), set(found.users)
        keys = {table: set(found.keys.get(table, ())) for table in self._by_user}
        for _ in range(ROUNDS):
            parts = [part for table in self._by_user for part in self._of_groups(table, keys[table], ids, users)]
            if not parts:
                return
            known, of_ids, keys = set(found.users), set(found.ids), {table: set() for table in self._by_user}
            for table, key, user, id_, raw in self._source.execute("\nunion all\n".join(parts)):
                found.keys[table].add(key)
                found.raw[table] |= {raw} - {None}
                found.users |= {user} - {None}
                found.ids |= {id_} - {None}
            users, ids = found.users - known, found.ids - of_ids
        raise RuntimeError(f"groups of users are not closed after {ROUNDS} steps; the delta cannot be told")

    def _of_groups(self, table: str, keys: set[str], ids: set[str], users: set[str]) -> Iterator[str]:
        shape = self._facts.source.table(table)
        condition = either(
            [of_keys(self._facts, table, keys), self._is(table, "user_id", users), self._is_id(table, ids)]
        )
        if condition != NONE:
            user, rows = self._value(table, self._column(table, "user_id")), quoted(self._facts.source.schema, table)
            id_ = shape.find_column("id")
            raw = self._facts.word(id_) if id_ else "null::text"
            yield (
                f"select {literal(table)}::text, {self._facts.key(shape)}, {user}, {self._id(table)}, {raw} "
                f"from {rows} as t where {condition}"
            )

    def _id(self, table: str) -> str:
        column = self._facts.source.table(table).find_column("id")
        return self._facts.spelled(column) if column else "null::text"

    def _is_id(self, table: str, ids: set[str]) -> str:
        column = self._facts.source.table(table).find_column("id")
        return one_of(self._facts, column, ids) if column else NONE

    def _close_payments(self) -> set[str]:
        """Payments with what belongs to them; the users whose orders they may be."""
        facts, found, users = self._facts, self._found, set[str]()
        if "payments" not in facts.source.tables or "payments" in found.whole:
            return users
        shape = facts.source.table("payments")
        own = of_keys(facts, "payments", found.keys.get("payments", ()))
        condition = either([own, self._is_id("payments", found.payments)])
        key, user = facts.key(shape), self._value("payments", self._column("payments", "user_id"))
        asked = [
            *self._rows("payments", "user", user, condition, key),
            *self._rows("payments", "id", self._id("payments"), condition, key),
        ]
        for what, value, key_of in self._ask(asked):
            found.keys["payments"].add(str(key_of))
            if value is not None:
                (users if what == "user" else found.payments).add(value)
        parts = [
            part
            for table in OF_PAYMENT
            if table in facts.source.tables
            for part in self._rows(
                table, table, facts.key(facts.source.table(table)), self._is(table, "payment_id", found.payments)
            )
        ]
        for table, key_of, _ in self._ask(parts):
            found.keys[table].add(str(key_of))
        return users

    def _close_settings(self, users: set[str]) -> None:
        """Users by their ids, and the settings of all users that count."""
        facts, found = self._facts, self._found
        if "users" not in facts.source.tables or "users" in found.whole:
            return
        key = facts.key(facts.source.table("users"))
        own = of_keys(facts, "users", found.keys.get("users", ()))
        condition = either([own, self._is_id("users", users)])
        ids = set(users)
        for _, key_of, id_ in self._ask(self._rows("users", "users", key, condition, text(self._id("users")))):
            found.keys["users"].add(str(key_of))
            ids |= {id_} if id_ is not None else set()
        if "user_settings" in facts.source.tables and "user_settings" not in found.whole:
            key = facts.key(facts.source.table("user_settings"))
            for _, key_of, _ in self._ask(
                self._rows("user_settings", "settings", key, self._is("user_settings", "user_id", ids))
            ):
                found.keys["user_settings"].add(str(key_of))
