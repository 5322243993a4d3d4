"""Legacy rows as the target would have them: for a target column, the legacy value that arrives there.

Laws
- A column is followed back by the mapping alone: its rule, a renaming, a carried column's own name.
- Ids and references read as the target spells them, a reference to a profile as the root that it leads to now.
- A column whose origin the mapping does not say has no value; whoever needs it reports that it was not looked at.
"""

from dataclasses import dataclass

from checks.compare.content import stays
from checks.reading.facts import Facts, row_of, text, text_of
from checks.reading.relations import Relation
from config.rules import TableRule
from config.shapes import Column, Constraint

# Target columns that are called otherwise than the rule column that they are made of.
RULE_COLUMNS = {
    ("verification_requests", "request_type"): ("type",),
    ("verification_requests", "reviewed_by"): ("reviewed_by", "verified_by"),
    ("verification_requests", "reviewed_at"): ("reviewed_at", "verified_at"),
    ("verification_documents", "verification_request_id"): ("submission_id",),
    ("audit_logs", "actor_user_id"): ("user_id",),
    ("order_items", "pricing_package_id"): ("package_id",),
    ("kb_sections", "category_id"): ("id",),
    ("approval_requests", "decided_by"): ("reviewed_by",),
    ("review_display_settings", "review_id"): ("id",),
    ("user_settings", "user_id"): ("id",),
}
OWN_ID = {"user_role_profile_id"}  # of an extension: the root's id, which is the legacy profile's


@dataclass(frozen=True)
class Value:
    """SQL over the legacy row, alias t, as text. raw: as it stands; spelled: as the target has it.

    column: the legacy column; parents: the legacy tables that it may point at.
    """

    raw: str
    spelled: str
    column: str | None = None
    parents: tuple[str, ...] = ()


class Origins:
    """One legacy table. Expressions may need joins: take from_sql after the last of them."""

    def __init__(self, facts: Facts, table: str):
        self._facts, self._table = facts, table
        self._shape, self._rule = facts.source.table(table), facts.find_rule(table)
        self.relation = Relation(facts, self._shape)
        self._values: dict[tuple[str, str], Value | None] = {}

    def value(self, target_table: str, column: str) -> Value | None:
        """What arrives in this column of the target; None where the mapping does not say."""
        found = (target_table, column)
        if found not in self._values:
            self._values[found] = self._made(target_table, column)
        return self._values[found]

    def parents(self, column: Column) -> tuple[str, ...]:
        """The legacy tables that a column may point at."""
        if self._rule and column.name in self._rule.becomes:
            return tuple(t for t in self._facts.mapping.profile_sources if t in self._facts.treatments)
        parent = self._facts.parent(self._table, column.name)
        return (parent,) if parent else ()

    def _made(self, target_table: str, name: str) -> Value | None:
        if name in ("created_at", "updated_at") and self._is_time(name):
            filled = self.relation.filled(name)
            return Value(filled, filled)
        if name == "payload" and self._rule and not self._rule.carries:
            return Value(row_of(self._shape), row_of(self._shape))
        column = self._column(target_table, name)
        if column and column.name in ("created_at", "updated_at") and self._is_kept(target_table):
            kept = text(self.relation.kept_time(column))
            return Value(kept, kept)
        return self._of(column) if column else None

    def _is_kept(self, target_table: str) -> bool:
        """Whether this target is the legacy table in its own shape."""
        keeps = self._facts.treatments[self._table] in ("copy", "keep") or (self._rule and self._rule.keeps_shape)
        return bool(keeps) and target_table == self._facts.final(self._table)

    def _is_time(self, name: str) -> bool:
        own = self._shape.find_column(name)
        return own is None or own.base in ("date", "timestamp", "timestamptz")

    def _column(self, target_table: str, name: str) -> Column | None:
        """The legacy column behind a column of the target."""
        rule = self._rule
        if rule is None or self._facts.treatments[self._table] in ("copy", "keep"):
            if target_table == self._facts.final(self._table):
                return self._kept(rule, name)
            rule_columns = rule.derives.columns if rule and rule.derives else {}
        else:
            rule_columns = rule.columns
        wanted = RULE_COLUMNS.get((target_table, name), (name,))
        if name in OWN_ID and target_table in self._facts.mapping.profile_tables:
            wanted = ("id",)
        for word in wanted:
            if found := self._facts.used(self._table, rule_columns.get(word, (word,))):
                return found
        return self._shape.find_column(name.removesuffix(f"_{self._table}"))

    def _kept(self, rule: TableRule | None, name: str) -> Column | None:
        """Of a table that keeps its shape."""
        names = {new: old for old, new in self._facts.renames(self._table).items()}
        return None if rule and name in rule.adds else self._shape.find_column(names.get(name, name))

    def _of(self, column: Column) -> Value:
        raw, parents = text_of(column), self.parents(column)
        return Value(raw, self._spelled(column, parents), column.name, parents)

    def _spelled(self, column: Column, parents: tuple[str, ...]) -> str:
        if self._rule and column.name in self._rule.becomes:
            return self._named(column)
        if parents and parents[0] in self._facts.mapping.profile_sources:
            return stays(self._facts, self.relation, parents[0], column)
        if column.name == "id" or parents:
            return self.relation.id_of(parents[0] if parents else self._table, column)
        return text_of(column)

    def _named(self, column: Column) -> str:
        """The root that an id leads to which stands where a professional's does; without one the user's only one."""
        value = self._facts.spelled(column, self._facts.mapping.former_root)
        self.relation.joins += [
            f"left join professional_named as named on named.name = {value}",
            f"left join root as own_root on own_root.id = {value} and named.name is null",
            f"left join profile_moved as moved on moved.name = {value} and named.name is null and own_root.id is null",
        ]
        found = "case when named.name is not null then named.root_id else coalesce(own_root.id, moved.root_id) end"
        user = self._shape.find_column("user_id")
        if not user:
            return found
        is_user = self._facts.parent(self._table, "user_id") == "users"
        user_id = self.relation.id_of("users", user) if is_user else text_of(user)
        self.relation.joins.append(f"left join only_root on {value} is null and only_root.user_id = {user_id}")
        return f"coalesce({found}, only_root.id)"


def reference(facts: Facts, target_table: str, column: str) -> Constraint | None:
    """The foreign key of the target over just this column."""
    shape = facts.target.find_table(target_table)
    constraints = shape.constraints if shape else ()
    return next((c for c in constraints if c.kind == "f" and c.columns == (column,)), None)
