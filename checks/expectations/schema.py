"""The schema under judgement, read from its catalogue: it decides which rules can be applied."""

from dataclasses import dataclass, field

import sqlalchemy

# A partition is read through its root; columns of tables without any come with a null name.
COLUMNS = """
    with recursive base as (
        select oid, oid as start, typtypmod as modifier from pg_type where typtype = 'd'
        union all
        select t.typbasetype, b.start, t.typtypmod from base b join pg_type t on t.oid = b.oid where t.typtype = 'd'
    )
    select c.relname::text as table, a.attname::text as column, format_type(a.atttypid, a.atttypmod) as type,
        format_type(coalesce(b.oid, a.atttypid), coalesce(b.modifier, a.atttypmod)) as bare,
        (select typname::text from pg_type where oid = coalesce(b.oid, a.atttypid)) as base,
        t.typcategory = 'S' and coalesce(l.collisdeterministic, true) as is_text,
        coalesce(a.attnotnull, false) as is_required,
        exists (
            select from pg_index u
            where u.indrelid = c.oid and u.indisunique and u.indimmediate and u.indpred is null and u.indnkeyatts = 1
                and u.indkey[0] = a.attnum
        ) as is_unique,
        coalesce(array_position(i.indkey::int2[], a.attnum), -1) as key_position
    from pg_class c
    left join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    left join pg_type t on t.oid = a.atttypid
    left join pg_collation l on l.oid = a.attcollation
    left join base b on b.start = t.oid and not exists (select from pg_type d where d.oid = b.oid and d.typtype = 'd')
    left join pg_index i on i.indrelid = c.oid and i.indisprimary
    where c.relnamespace = (select oid from pg_namespace where nspname = :schema)
        and c.relkind in ('r', 'p') and not c.relispartition
    order by c.relname, a.attnum
"""


# The schemas of the types that a table's columns have, arrays and domains undone, other than the table's own.
HOMES = """
    with recursive seen as (
        select a.attrelid, a.atttypid as type from pg_attribute a join pg_class c on c.oid = a.attrelid
        where c.relnamespace = (select oid from pg_namespace where nspname = :schema) and c.relkind in ('r', 'p')
            and a.attnum > 0 and not a.attisdropped
        union
        select s.attrelid, greatest(t.typbasetype, t.typelem) from seen s join pg_type t on t.oid = s.type
        where t.typbasetype <> 0 or t.typcategory = 'A'
    )
    select c.relname::text as table, array_agg(distinct n.nspname::text) as homes
    from seen s join pg_class c on c.oid = s.attrelid join pg_type t on t.oid = s.type
    join pg_namespace n on n.oid = t.typnamespace
    where n.nspname not in ('pg_catalog', :schema) group by 1
"""


# What foreign keys hold: each of their columns, and the column of the other table that it is compared with.
KEYS = """
    select format('%s.%s', c.relname, a.attname) as "column", array_agg(format('%s.%s', p.relname, b.attname)) as held
    from pg_constraint k
    cross join lateral unnest(k.conkey, k.confkey) as m (own, other)
    join pg_class c on c.oid = k.conrelid join pg_class p on p.oid = k.confrelid
    join pg_attribute a on a.attrelid = c.oid and a.attnum = m.own
    join pg_attribute b on b.attrelid = p.oid and b.attnum = m.other
    where k.contype = 'f' and c.relnamespace = (select oid from pg_namespace where nspname = :schema) group by 1
"""


@dataclass(frozen=True)
class SchemaColumn:
    """type: as format_type gives it; bare: that of the domain's base; base: its name in pg_type.

    is_text: whether it can be searched as text, domains and varchar included; by a collation that is not deterministic
    PostgreSQL cannot. is_unique: whether a reference can point at it.
    """

    type: str
    is_text: bool
    is_required: bool
    bare: str
    base: str
    is_unique: bool = True


@dataclass(frozen=True)
class SchemaTable:
    """key: the primary key's columns in its order, none where there is no primary key. homes: the schemas of its types,
    beside its own and PostgreSQL's."""

    columns: dict[str, SchemaColumn]
    key: tuple[str, ...]
    homes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Schema:
    """keys: `table.column` → the columns of others that foreign keys say it holds."""

    name: str
    tables: dict[str, SchemaTable]
    keys: dict[str, list[str]] = field(default_factory=dict)


def read(conn: sqlalchemy.Connection, name: str) -> Schema:
    """The tables of one schema; none if there is no such schema."""
    columns: dict[str, dict[str, SchemaColumn]] = {}
    keys: dict[str, dict[int, str]] = {}
    for row in conn.execute(sqlalchemy.text(COLUMNS), {"schema": name}).mappings():
        table = columns.setdefault(row["table"], {})
        if row["column"] is not None:
            table[row["column"]] = SchemaColumn(
                row["type"], bool(row["is_text"]), row["is_required"], row["bare"], row["base"], row["is_unique"]
            )
        if row["key_position"] >= 0:
            keys.setdefault(row["table"], {})[row["key_position"]] = row["column"]
    ordered = {table: tuple(name for _, name in sorted(found.items())) for table, found in keys.items()}
    rows = conn.execute(sqlalchemy.text(HOMES), {"schema": name}).mappings()
    homes = {row["table"]: tuple(row["homes"]) for row in rows}
    held = {row["column"]: row["held"] for row in conn.execute(sqlalchemy.text(KEYS), {"schema": name}).mappings()}
    tables = {
        table: SchemaTable(found, ordered.get(table, ()), homes.get(table, ())) for table, found in columns.items()
    }
    return Schema(name, tables, held)
