"""The rows that belonged to a professional and belong to a profile now: to the right one, or rejected for want of one.

Laws
- An id names a professional, else a profile; where it is null the only professional-role profile of the row's user
  serves. What it names was rejected: so is the row (parent_rejected). It names nothing: the row is an orphan.
- A row may also be rejected with another parent than its owner; then that one has to be rejected too.
"""

from collections.abc import Iterator

from checks.comparison import Comparison
from checks.facts import Facts, literal, quoted, text_of
from checks.laws import Prelude
from checks.relations import Relation
from config.shapes import Table

TRANSFORM = "owned_by_profile"
OWNER, NAMED = "user_role_profile_id", "professional_id"
TITLE = (
    "Every row belongs to the profile that its professional became, or to the only one of its user; without such a "
    "profile it is rejected."
)
WANTED = """
    case
        when {named} is not null then
            case
                when owner_named.name is null then 'orphan_professional'
                when owner_named.root_id is null then 'parent_rejected'
            end
        when of_user.id is null then 'orphan_professional'
    end
"""
SOURCE = """
    select case when x.rejected is null and x.wanted is null then x.id else x.key end as key,
        case when x.wanted is null and x.rejected is null then x.root_id end as {owner},
        coalesce(x.wanted, case when x.has_lost then nullif(x.rejected, 'orphan_professional') end) as reason
    from (
        select {key} as key, {id} as id, {rejected} as rejected, coalesce(owner_named.root_id, of_user.id) as root_id,
            {wanted} as wanted, {others} as has_lost
        from {table}
        left join named as owner_named on owner_named.name = {named}
        left join only_root as of_user on {named} is null and of_user.user_id = {user}
    ) as x
    where x.rejected is null or x.wanted is not null or x.rejected in ('orphan_professional', 'parent_rejected')
"""
TARGET = """
    select {id} as key, t.{owner}::text as {owner}, null as reason from {table} as t
    union all
    select x.legacy_key, null, x.reason from rejects as x
    where x.legacy_table = {name} and x.reason in ('orphan_professional', 'parent_rejected')
"""


def comparisons(facts: Facts, prelude: Prelude) -> Iterator[Comparison]:
    """One for each table of the source that the rule is about."""
    for name, rule in facts.mapping.tables.items():
        shape, there = facts.source.table(name), facts.target.table(name)
        if rule.transform == TRANSFORM and shape and there and there.column(OWNER):
            yield _comparison(facts, prelude, shape)


def _comparison(facts: Facts, prelude: Prelude, shape: Table) -> Comparison:
    table = shape.name
    source, of_source = prelude.of_source(_source(facts, shape))
    has_id = facts.target.has(table, "id")
    target, _ = prelude.of_target(
        TARGET.format(
            id="t.id::text" if has_id else "null",
            owner=OWNER,
            table=quoted(facts.target.schema, table),
            name=literal(table),
        )
    )
    return Comparison(
        f"law/{table}/owners", "law", facts.domain(table), table, TITLE, source, target,
        of_source=of_source | {table}, of_target=frozenset({table}),
    )  # fmt: skip


def _source(facts: Facts, shape: Table) -> str:
    relation = Relation(facts, shape)
    id_, named = shape.column("id"), shape.column(NAMED)
    id_sql = relation.id_of(shape.name, id_) if id_ else "null"
    named_sql = facts.spelled(text_of(named), named, "uuid") if named else "null::text"
    user, others = _user(facts, relation, shape), _others(facts, relation, shape)
    return SOURCE.format(
        key=relation.key,
        id=id_sql,
        rejected=relation.rejected,
        wanted=WANTED.format(named=named_sql),
        others=others,
        owner=OWNER,
        named=named_sql,
        user=user,
        table=relation.from_sql,
    )


def _user(facts: Facts, relation: Relation, shape: Table) -> str:
    column = shape.column("user_id")
    if not column:
        return "null::text"
    return relation.id_of("users", column) if facts.parent(shape.name, "user_id") == "users" else text_of(column)


def _others(facts: Facts, relation: Relation, shape: Table) -> str:
    """Whether a row that another column points at was rejected."""
    found = []
    for column in shape.columns:
        parent = facts.parent(shape.name, column.name)
        if column.name != NAMED and parent and parent in facts.books.rejected and facts.source.has(parent, "id"):
            found.append(f"{relation.id_of(parent, column)} in ({_rejected(facts, parent)})")
    return " or ".join(found) or "false"


def _rejected(facts: Facts, parent: str) -> str:
    """Ids, as the target spells them, of the rows of a table that were rejected."""
    shape = facts.source.table(parent)
    relation = Relation(facts, shape)
    id_ = relation.id_of(parent, shape.column("id"))
    return f"select {id_} from {relation.from_sql} where {relation.rejected} is not null and {id_} is not null"
