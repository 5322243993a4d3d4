"""Rows that belonged to a professional: each belongs to the right profile now, or is rejected because it has none.

Laws (contract, 4.4: professionals)
- An id names a professional, else a profile; if it is null, the row belongs to the only professional-role profile of
  its user. If the named row was rejected, the row is (parent_rejected); if it names nothing, the row is an orphan.
- A row may also be rejected with another parent than its owner; then that one has to be rejected too.
"""

from checks.compare.comparison import Comparison
from checks.compare.law_files import Prelude
from checks.reading.facts import Facts, text, text_of
from checks.reading.relations import Relation
from config.postgres.quoting import literal
from config.shapes import Table

TRANSFORM = "owned_by_profile"
OWNER, NAMED = "user_role_profile_id", "professional_id"
TITLE = (
    "Every item, service and lead request belongs to the profile that its professional became, or to the only one of "
    "its user; without such a profile it is rejected. The key is the table and the id, or the legacy key if rejected."
)
KNOWN = """
    select {name} as legacy_table, {key} as key, {id} as id, {rejected} as rejected, {named} as named,
        {user} as user_id, {others} as has_lost
    from {table}
"""
SOURCE = """\
with known as ({known}),
judged as (
    select k.legacy_table, k.key, k.id, k.rejected, k.has_lost,
        case when f.name is not null then f.root_id else coalesce(r.id, m.root_id, o.id) end as root_id,
        case
            when k.named is null then case when o.id is null then 'orphan_professional' end
            when coalesce(f.root_id, r.id) is not null then null
            when f.name is null and m.name is null then 'orphan_professional'
            when f.name is not null or m.root_id is null then 'parent_rejected'
        end as wanted
    from known as k
    left join professional_named as f on f.name = k.named
    left join root as r on r.id = k.named and f.name is null
    left join profile_moved as m on m.name = k.named and f.name is null and r.id is null
    left join only_root as o on k.named is null and o.user_id = k.user_id
)
select j.legacy_table || ' ' || case when coalesce(j.rejected, j.wanted) is null then j.id else j.key end as key,
    case when coalesce(j.rejected, j.wanted) is null then j.root_id end as {owner},
    coalesce(j.wanted, case when j.has_lost then nullif(j.rejected, 'orphan_professional') end) as reason
from judged as j
where j.rejected is null or j.wanted is not null or j.rejected in ('orphan_professional', 'parent_rejected')
"""
HELD = "select {name} || ' ' || {id} as key, {shown} as {owner}, null as reason from {table}"
TARGET = """
    {held}
    union all
    select x.legacy_table || ' ' || x.legacy_key, null, x.reason from rejects as x
    where x.legacy_table = any ({names}) and x.reason in ('orphan_professional', 'parent_rejected')
"""


def comparisons(facts: Facts, prelude: Prelude) -> list[Comparison]:
    """One of all tables that the rule is about; none where the source has none of them."""
    ruled = [name for name, rule in facts.mapping.tables.items() if rule.transform == TRANSFORM]
    tables = [name for name in ruled if name in facts.source.tables and facts.target.has(name, OWNER)]
    if not tables:
        return []
    known = "\nunion all\n".join(_known(facts, facts.source.table(name)) for name in tables)
    asked = SOURCE.format(known=known, owner=OWNER)
    of_source = prelude.of_source(asked)[1]
    held = "\n    union all\n    ".join(_held(facts, name) for name in tables)
    there = TARGET.format(held=held, names=f"{literal(tables)}::text[]")
    return [
        Comparison(
            "law/user_role_profiles/owners", "law", "portfolio", "user_role_profiles", TITLE, asked, there,
            of_source=of_source | set(tables), of_target=frozenset(tables), whole=prelude.whole, group="profiles",
        )
    ]  # fmt: skip


def _held(facts: Facts, table: str) -> str:
    own = facts.target.table(table).find_column("id")
    id_ = facts.word(own) if own else "''"
    shown = text(f"t.{OWNER}")
    return HELD.format(name=literal(table), id=id_, shown=shown, owner=OWNER, table=facts.target_rows(table))


def _known(facts: Facts, shape: Table) -> str:
    relation = Relation(facts, shape)
    id_, named = shape.find_column("id"), shape.find_column(NAMED)
    parts = {
        "id": relation.id_of(shape.name, id_) if id_ else "''",
        "named": facts.spelled(named, "professionals") if named else "null::text",
        "user": _user(facts, relation, shape),
        "others": _others(facts, relation, shape),
    }
    name = literal(shape.name)
    return KNOWN.format(name=name, key=relation.key, rejected=relation.rejected, table=relation.from_sql, **parts)


def _user(facts: Facts, relation: Relation, shape: Table) -> str:
    column = shape.find_column("user_id")
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
