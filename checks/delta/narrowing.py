"""The conditions under which rows of either side count: those that were touched, and what belongs to them.

Laws
- What counts on one side counts on the other: rows of the target by the ids that the source's rows have there, and by
  the users, payments and requests that they belong to.
- A table of which no row counts is not read, but for those that others are looked up in and that are small.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import psycopg

from checks.compare.content import Whole
from checks.compare.law_files import Prelude
from checks.delta.closing import OF_ARTICLES, OF_PAYMENT, Closed, by_user
from checks.delta.values import NONE, either, firsts, of_keys, one_of, shown_as
from checks.laws.within_target import derived_id
from checks.reading.facts import Facts, Narrowed, column_of, text
from checks.reading.relations import Relation, led_by
from config.postgres.quoting import literal, quoted

LOOKED_UP = ("roles", "payment_gateway_configs")  # small, and read whole
OWN_KEY = {"audit_logs": "activity_logs", "verification_documents": "submission_documents"}
ROOTS, REQUESTS = "user_role_profiles", "verification_requests"


@dataclass
class _Ids:
    """Legacy table → its rows' ids in the target, ids as the books name them, and keys."""

    own: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    raw: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))


def widened(facts: Facts, closed: Closed) -> Closed:
    """The same, and all rows of tables whose keys of several columns begin with ids that become others.

    Such rows are picked by the first column; where two ids become one, none could be picked on one side alone.
    """
    becoming = {table for table, keys in closed.keys.items() if keys and _is_led_by_new_ids(facts, table)}
    kept = defaultdict(set, {table: keys for table, keys in closed.keys.items() if table not in becoming})
    return replace(closed, keys=kept, whole=closed.whole | becoming)


def _is_led_by_new_ids(facts: Facts, table: str) -> bool:
    shape = facts.source.table(table)
    if facts.treatments[table] not in ("copy", "keep") or len(shape.primary_key) < 2:
        return False
    first = shape.column(shape.primary_key[0])
    return Whole(facts, table).pair(first).source != column_of(first)


def narrowed(facts: Facts, closed: Closed, source: psycopg.Connection, target: psycopg.Connection) -> Narrowed:
    """The conditions for these rows."""
    return _Narrowing(facts, closed, source, target).narrowed()


class _Narrowing:
    def __init__(self, facts: Facts, closed: Closed, source: psycopg.Connection, target: psycopg.Connection):
        self._facts, self._closed, self._source, self._target = facts, closed, source, target

    def narrowed(self) -> Narrowed:
        facts, closed = self._facts, self._closed
        of_source = {
            table: of_keys(facts, table, closed.keys[table]) if closed.keys.get(table) else NONE
            for table in facts.source.tables
            if table not in closed.whole and table not in LOOKED_UP
        }
        own = Narrowed(source=of_source)
        ids = self._ids(own)
        of_target = self._of_target(ids)
        archived = {table: condition for table, condition in of_source.items() if table in facts.archive.tables}
        return Narrowed(of_source, of_target, archived, self._books(ids, of_target))

    # Ids

    def _ids(self, own: Narrowed) -> _Ids:
        facts = replace(self._facts, narrowed=own)
        prelude, found, asked = Prelude(facts), _Ids(), list[str]()
        for table, keys in self._closed.keys.items():
            if not keys:
                continue
            found.raw[table] |= keys
            if facts.treatments[table] in ("copy", "keep") and facts.final(table) in facts.target.tables:
                whole = Whole(facts, table)
                shape = facts.source.table(table)
                pair = whole.pair(shape.column(shape.primary_key[0]))
                if len(shape.primary_key) == 1 and pair.source == column_of(shape.column(shape.primary_key[0])):
                    found.own[table] |= keys
                    continue
                query = f"select {literal(table)}::text, {facts.key(shape)}, null::text, {text(pair.source)} "
                asked.append(query + f"from {whole.relation.from_sql}")
                found.own[table] |= firsts(facts, table, keys) if len(shape.primary_key) > 1 else set()
            elif facts.treatments[table] == "reshape":
                shape = facts.source.table(table)
                relation, column = Relation(facts, shape), shape.find_column("id")
                id_ = relation.own_id(column)
                raw = facts.word(column) if column else "null::text"
                query = f"select {literal(table)}::text, {relation.key}, {raw}, {id_} from {relation.from_sql}"
                asked.append(query)
        if asked:
            query = prelude.of_source("\nunion all\n".join(asked))[0]
            for table, key, raw, id_ in self._source.execute(query):
                found.raw[table] |= {key, raw} - {None}
                found.own[table] |= {id_} - {None}
        return found

    # The target

    def _of_target(self, ids: _Ids) -> dict[str, str]:
        """Table → its condition; none for those that count whole."""
        facts, whole = self._facts, self._closed.whole
        found = {table: NONE for table in facts.target.tables if table not in LOOKED_UP}
        for table, treatment in facts.treatments.items():
            final = facts.final(table)
            if treatment in ("copy", "keep") and final in found:
                shape = facts.source.table(table)
                if table in whole or table in LOOKED_UP:
                    found.pop(final)
                elif shape.primary_key:
                    first = facts.renames(table).get(shape.primary_key[0], shape.primary_key[0])
                    own = facts.target.table(final).find_column(first)
                    found[final] = shown_as(own, ids.own.get(table, set())) if own else NONE
        found |= self._reshaped(ids) | self._derived(ids)
        for table in self._wholly():
            found.pop(table, None)
        return {table: condition for table, condition in found.items() if table in facts.target.tables}

    def _has(self, table: str, column: str, values: Iterable[str]) -> str:
        shape = self._facts.target.find_table(table)
        found = shape.find_column(column) if shape else None
        return one_of(self._facts, found, values) if found else NONE

    def _wholly(self) -> Iterator[str]:
        """Tables of the target of which all rows count, because all of the legacy table's do."""
        facts, whole = self._facts, self._closed.whole
        for table in whole:
            rule = facts.find_rule(table)
            if rule:
                yield from rule.targets
                yield from rule.derives.targets if rule.derives else ()
                yield from [rule.split.into] if rule.split else ()
        if whole & set(by_user(facts)):
            yield from [ROOTS, REQUESTS, "approval_requests", *facts.mapping.roles.values()]
        if "users" in whole:
            yield "user_settings"  # made of users, whether there was a legacy table or not
        if whole & {"payments", *OF_PAYMENT}:
            yield "coupon_redemptions"
        if whole & set(OF_ARTICLES):
            yield "kb_sections"

    def _users(self) -> set[str]:
        users, known = self._closed.users, led_by(self._facts, "users")
        if not known or not users:
            return users
        query = f"select legacy_id, id from {known} as v where legacy_id = any ({literal(sorted(users))}::text[])"
        new: dict[str, str] = dict(self._source.execute(query).fetchall())
        return {new.get(user, user) for user in users}

    def _reshaped(self, ids: _Ids) -> dict[str, str]:
        facts, users = self._facts, self._users()
        profiles = [*facts.mapping.profile_tables, facts.mapping.former_root]
        roots = set[str]().union(*(ids.own.get(table, set()) for table in profiles)) | self._roots(ids, users)
        others = [table for table in by_user(facts) if table not in profiles]
        requests = set[str]().union(*(ids.own.get(table, set()) for table in others))
        found = {ROOTS: self._has(ROOTS, "id", roots)}
        for extension in facts.mapping.roles.values():
            found[extension] = either(
                [self._has(extension, "id", roots), self._has(extension, "user_role_profile_id", roots)]
            )
        by_request = [self._has(REQUESTS, "id", requests), self._has(REQUESTS, "user_id", users)]
        found[REQUESTS] = either(by_request)
        found["approval_requests"] = self._has("approval_requests", "verification_request_id", requests)
        for table, legacy in OWN_KEY.items():
            found[table] = self._has(table, "id", ids.own.get(legacy, set()))
        found["audit_log_changes"] = self._has("audit_log_changes", "audit_log_id", ids.own.get("activity_logs", set()))
        self.roots = roots
        return found

    def _roots(self, ids: _Ids, users: set[str]) -> set[str]:
        """Ids of roots in the target: those of the users, and what the professionals created."""
        facts, run = self._facts, literal(self._facts.books.run_id)
        parts = []
        if (condition := self._has(ROOTS, "user_id", users)) != NONE:
            parts.append(f"select concat(t.id) from {quoted(facts.target.schema, ROOTS)} as t where {condition}")
        if named := ids.raw.get(facts.mapping.former_root):
            parts.append(
                f"select target_id from migration.id_map where run_id = {run} and legacy_table = "
                f"{literal(facts.mapping.former_root)} and why = 'created' "
                f"and legacy_id = any ({literal(sorted(named))}::text[])"
            )
        return {id_ for (id_,) in self._target.execute(" union ".join(parts))} if parts else set()

    def _derived(self, ids: _Ids) -> dict[str, str]:
        facts, closed = self._facts, self._closed
        payments = ids.own.get("payments", set())
        orders = {derived_id(f"orders:payments:{id_}") for id_ in payments | closed.payments}
        if (condition := self._has("payment_transactions", "payment_id", payments)) != NONE:
            table = quoted(facts.target.schema, "payment_transactions")
            asked = self._target.execute(f"select concat(t.order_id) from {table} as t where {condition}")
            orders |= {id_ for (id_,) in asked}
        if not payments:
            orders = set()
        settings = [self._has("user_settings", "user_id", ids.own.get("users", set()))]
        settings.append(self._has("user_settings", "id", ids.own.get("user_settings", set())))
        found = {
            "payment_transactions": either([condition, self._has("payment_transactions", "order_id", orders)]),
            "orders": self._has("orders", "id", orders),
            "order_items": self._has("order_items", "order_id", orders),
            "coupon_redemptions": either(
                [
                    self._has("coupon_redemptions", "id", ids.own.get("coupon_uses", set())),
                    self._has("coupon_redemptions", "order_id", orders),
                ]
            ),
            "user_settings": either(settings),
        }
        for table, rule in facts.mapping.tables.items():
            if rule.split and rule.split.into in facts.target.tables:
                found[rule.split.into] = self._has(rule.split.into, rule.split.key, ids.own.get(table, set()))
        return found

    # The books

    def _books(self, ids: _Ids, of_target: Mapping[str, str]) -> dict[str, dict[str, str]]:
        def by_table(column: str) -> dict[str, str]:
            found = {table: f"legacy_table = {literal(table)}" for table in sorted(self._closed.whole)}
            for table, keys in ids.raw.items():
                if keys and table not in found:
                    named = f"{column} = any ({literal(sorted(keys))}::text[])"
                    found[table] = f"legacy_table = {literal(table)} and {named}"
            return found

        links = NONE
        if ROOTS not in of_target:
            links = "true"
        elif self.roots:
            links = f"user_role_profile_id = any ({literal(sorted(self.roots))}::text[])"
        by_key = by_table("legacy_key")
        return {"rejects": by_key, "notes": by_key, "id_map": by_table("legacy_id"), "removed_links": {"": links}}
