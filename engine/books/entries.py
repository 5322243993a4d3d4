"""What the books say of single rows: those that were rejected, notes, and links that were removed. Reads only.

Laws
- Figures and rows are read in one snapshot, so that they agree.
- Rows come from a cursor of the server, in batches: a million take no more memory than ten.
- Names that nobody knows are refused with those that they resemble.
"""

import contextlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from config import note_kinds, origins, reasons
from config.errors import ConfigError
from config.reasons import Reason
from engine.books import bookkeeping
from engine.books.bookkeeping import Run

BATCH_ROWS = 2_000
NO_BOOKS = "the target {schema} has no books of rows yet; `nxtgauge-migrate migrate --dry-run` makes some"
HAS_BOOKS = "select exists (select from migration.tables where run_id = %s)"
KEY_TYPES = """
    select legacy_table, array(select jsonb_array_elements_text(to_jsonb(t) -> 'key_types'))  -- older books lack it
    from migration.tables t where run_id = %s and jsonb_typeof(to_jsonb(t) -> 'key_types') = 'array'
"""
# Table and name of what a row can be rejected by, with its kind (config.reasons); of all schemas of ours.
CONSTRAINTS = """
    select r.relname::text, c.conname::text, c.contype::text
    from pg_constraint c join pg_class r on r.oid = c.conrelid where c.connamespace = any (%(schemas)s)
    union all
    select r.relname::text, i.relname::text, 'i'
    from pg_index x join pg_class i on i.oid = x.indexrelid join pg_class r on r.oid = x.indrelid
    where x.indisunique and r.relnamespace = any (%(schemas)s)
      and not exists (select from pg_constraint c where c.conindid = i.oid and c.conrelid = r.oid)
    union all
    select r.relname::text, left(format('%%s_%%s_not_null', r.relname, a.attname), 63), 'n'
    from pg_attribute a join pg_class r on r.oid = a.attrelid
    where r.relnamespace = any (%(schemas)s) and r.relkind in ('r', 'p') and a.attnum > 0 and a.attnotnull
"""
COUNTS = """
    select legacy_table, {group}, count(*) as rows from {table} e {where} group by 1, 2 order by 1, 3 desc, 2
"""
REJECTS = """
    select legacy_table, legacy_key, target_table, reason, detail,
           case jsonb_typeof(legacy_row) when 'string' then legacy_row #>> '{}' else legacy_row::text end as legacy_row
    from migration.rejects e
"""
NOTES = """
    select legacy_table, legacy_key, target_table, target_column, note, legacy_value from migration.notes e
"""
# What became of a profile, and whose it is; the schema is the run's, and is gone where nothing of it was kept.
LINKS = """
    select e.legacy_table, coalesce(m.legacy_id, e.user_role_profile_id) as legacy_key, e.legacy_column,
           e.user_role_profile_id, {owner}, e.url
    from migration.removed_links e
    left join lateral (
        select legacy_id from migration.id_map m
        where (m.run_id, m.legacy_table, m.target_id) = (e.run_id, e.legacy_table, e.user_role_profile_id)
          and m.why = 'derived' limit 1
    ) m on true
"""
OWNER = "p.role, p.user_id::text as user_id, {email} as email"
NO_OWNER = "null::text as role, null::text as user_id, null::text as email"
OWNED = """
    left join {roots} p on p.id::text = e.user_role_profile_id left join {users} u on u.id = p.user_id
"""
HAS_COLUMN = """
    select exists (select from pg_attribute where attrelid = to_regclass(%s) and attname = %s and not attisdropped)
"""


QUOTED = re.compile("'.*'", re.DOTALL)  # what a sentence quotes is a value; one may hold apostrophes


def without_values(sentence: str) -> str:
    """A sentence of the books without what it quotes of a row."""
    return QUOTED.sub("'…'", sentence)


@dataclass(frozen=True)
class Kind:
    """One kind of entry. name: of its command; table: of the books; group: what rows are counted by, beside tables."""

    name: str
    table: str
    group: str
    one: str  # what a row of it is, with what was done: "row was rejected"
    many: str


KINDS = {
    "rejects": Kind("rejects", "rejects", "reason", "row was rejected", "rows were rejected"),
    "notes": Kind("notes", "notes", "note", "note was made", "notes were made"),
    "links": Kind("links", "removed_links", "legacy_column", "link was removed", "links were removed"),
}


@dataclass(frozen=True)
class Entries:
    """Entries of one kind in the books of one run. tables, groups: only those of these; empty: all.

    is_default: nobody named the run. table, named: what was asked for, as it was asked for.
    """

    conn: psycopg.Connection
    kind: Kind
    run: Run
    is_default: bool
    tables: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    table: str | None = None
    named: tuple[str, ...] = ()

    def counts(self) -> list[dict[str, Any]]:
        """legacy_table, the group, and how many rows, the most first within a table."""
        query = sql.SQL(COUNTS).format(
            group=sql.Identifier(self.kind.group),
            table=sql.Identifier("migration", self.kind.table),
            where=self._where(),
        )
        with self.conn.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(query, self._values()).fetchall()

    def rows(self, most: int | None = None) -> Iterator[dict[str, Any]]:
        """The entries, in the order of their tables and keys. most: no more than so many."""
        bound = sql.SQL("all") if most is None else sql.Literal(most)
        ordered = sql.SQL("{} {} order by legacy_table, legacy_key limit {}")
        query = ordered.format(self._query(), self._where(), bound)
        with self.conn.cursor(f"{self.kind.name}_of_run", row_factory=dict_row) as cursor:
            cursor.itersize = BATCH_ROWS
            cursor.execute(query, self._values())
            yield from cursor

    def key_types(self) -> dict[str, set[str]]:
        """Legacy table → base types of its key; a table of which nothing is known is left out."""
        return {table: set(types) for table, types in self.conn.execute(KEY_TYPES, [self.run.run_id])}

    def reasons(self, found: Iterable[dict[str, Any]]) -> dict[str, Reason]:
        """Reason → what it means and what to do, of rows or counts that have a reason."""
        kinds: dict[str, set[str]] = {}
        schemas = [schema.schema_oid for schema in bookkeeping.schemas(self.conn).values()]
        for _, name, kind in self.conn.execute(CONSTRAINTS, {"schemas": schemas}):
            kinds.setdefault(name, set()).add(kind)
        return {name: _reason(name, kinds.get(name, set())) for name in sorted({row["reason"] for row in found})}

    @property
    def home(self) -> str | None:
        """The schema in which the run's product stands, if anything of it is left."""
        ours = bookkeeping.schemas(self.conn).values()
        return next((s.name for s in ours if s.kind == "product" and s.run_id == self.run.run_id), None)

    def _query(self) -> sql.Composable:
        if self.kind.name != "links":
            return sql.SQL(REJECTS if self.kind.name == "rejects" else NOTES)
        home = self.home
        if home is None:
            return sql.SQL(LINKS).format(owner=sql.SQL(NO_OWNER))
        roots, users = sql.Identifier(home, "user_role_profiles"), sql.Identifier(home, "users")
        has_email = self.conn.execute(HAS_COLUMN, [users.as_string(self.conn), "email"]).fetchone()
        email = sql.SQL("u.email::text" if has_email and has_email[0] else "null::text")
        owner = sql.SQL(OWNER).format(email=email)
        return sql.SQL(LINKS + OWNED).format(owner=owner, roots=roots, users=users)

    def _where(self) -> sql.Composable:
        parts = ["e.run_id = %(run)s"]
        parts += ["e.legacy_table = any (%(tables)s)"] if self.tables else []
        parts += [f"e.{self.kind.group} = any (%(groups)s)"] if self.groups else []
        return sql.SQL("where " + " and ".join(parts))

    def _values(self) -> dict[str, Any]:
        return {"run": self.run.run_id, "tables": list(self.tables), "groups": list(self.groups)}


def _reason(name: str, kinds: set[str]) -> Reason:
    """Of a constraint whose kind is known for sure, what that kind means."""
    is_known = name not in reasons.BY_NAME and len(kinds) == 1 and kinds <= reasons.OF_CONSTRAINTS.keys()
    return reasons.of_constraint(kinds.pop(), name) if is_known else reasons.of_name(name)


@contextlib.contextmanager
def opened(
    conn: psycopg.Connection,
    kind: str,
    target_schema: str,
    run_id: str | None = None,
    table: str | None = None,
    groups: Sequence[str] = (),
) -> Iterator[Entries]:
    """The entries of a run; by default of the latest into this target schema that has books.

    table: a legacy table, or one of the target. Errors: ConfigError if a name is unknown, PlanRefused of foreign books.
    """
    with conn.transaction():
        conn.execute("set transaction isolation level repeatable read, read only")
        found = Entries(conn, KINDS[kind], _run(conn, target_schema, run_id), run_id is None)
        tables = _tables(found, table) if table else ()
        yield replace(found, tables=tables, groups=_groups(found, groups), table=table, named=tuple(groups))


def _run(conn: psycopg.Connection, target_schema: str, run_id: str | None) -> Run:
    runs = bookkeeping.runs(conn)
    if run_id is not None:
        if found := next((run for run in runs if run.run_id == run_id), None):
            return found
        wanted = origins.near(run_id, [run.run_id for run in runs]) or bookkeeping.LISTED
        raise ConfigError(f"there is no run {run_id} in this target; {wanted}")
    ours = (run for run in runs if run.target_schema == target_schema)
    latest = next((run for run in ours if conn.execute(HAS_BOOKS, [run.run_id]).fetchone() == (True,)), None)
    if latest is None:
        raise ConfigError(NO_BOOKS.format(schema=target_schema))
    return latest


def _tables(entries: Entries, name: str) -> tuple[str, ...]:
    """The legacy tables that are meant. A table of the target means all that have entries which lead there."""
    conn, run_id = entries.conn, entries.run.run_id
    known = {t for (t,) in conn.execute("select legacy_table from migration.tables where run_id = %s", [run_id])}
    if name in known:
        return (name,)
    leading: dict[str, set[str]] = {}
    if entries.kind.name != "links":
        query = sql.SQL("select distinct target_table, legacy_table from {} where run_id = %s and target_table <> ''")
        for target, legacy in conn.execute(query.format(sql.Identifier("migration", entries.kind.table)), [run_id]):
            leading.setdefault(target, set()).add(legacy)
    if name in leading:
        return tuple(sorted(leading[name]))
    wanted = origins.near(name, known | leading.keys()) or "`nxtgauge-migrate explain TABLE` tells of one"
    raise ConfigError(f"run {run_id} knows no table {name}; {wanted}")


def _groups(entries: Entries, names: Sequence[str]) -> tuple[str, ...]:
    """The reasons, or notes, that are meant. A kind of note, or the beginning of one, means all notes of that kind."""
    if not names:
        return ()
    there = {row[entries.kind.group] for row in entries.counts()}
    forms = {"rejects": [r.name for r in reasons.ALL], "notes": [k.form for k in note_kinds.ALL]}[entries.kind.name]
    meant: set[str] = set()
    for name in names:
        found = {one for one in there if one == name or (entries.kind.name == "notes" and one.startswith(name))}
        if not found and not any(form == name or form.startswith(f"{name}:") for form in forms):
            what = entries.kind.group
            known = {without_values(one) for one in there}
            wanted = origins.near(name, known.union(forms)) or f"there are: {', '.join(sorted(known)) or 'none'}"
            raise ConfigError(f"run {entries.run.run_id} has no {what} {name}; {wanted}")
        meant |= found or {name}
    return tuple(sorted(meant))
