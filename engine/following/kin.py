"""Which rows of a group a round derives anew: those that were written, and all that hang together with them (ties).

Laws
- The ties that rows had are known, too, also of rows that are gone (hanging).
- What an id becomes in the target is a tie, too, and what the build made of rows.
- All rows that were rejected or have lost something are derived anew, as of single rows (seeds).
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import psycopg
from psycopg import sql

from config.errors import VerificationFailed
from engine.changes import keys
from engine.changes.feed import Changes
from engine.chunks.work import Chunk, Part, Work, in_build
from engine.following import seeds, ties
from engine.following.seeds import ASKED_ROWS, final_column, final_place
from engine.following.ties import MADE, Owner, Spec, Tied
from engine.following.units import Filled
from engine.planning.ids import is_uuid
from engine.planning.tables.reshaped import legacy_key
from engine.quarantine import legacy_rows
from engine.session import fetch
from transforms import steps

KNOWN = sql.Identifier("pg_temp", "known_ties")
MAKE = """
    create unlogged table {ties} (
        tie text primary key, step integer not null,
        id uuid generated always as (case when tie ~ '^[0-9a-f-]{{36}}$' then tie::uuid end) stored
    );
    create index on {ties} (id);
    create unlogged table {rows} (
        legacy_table text, key text, oid oid, tid tid, is_gone boolean not null default false, ties text[],
        primary key (legacy_table, key)
    )
"""
# Ties of the rows that were written, as they are and as they were, of those that are gone, and of all to be seen again.
SEED = """
    insert into {ties} select distinct tie, 0 from (
        select pg_catalog.unnest(r.ties) as tie from {rows} as r
        union all select k.tie from {known} as k join {rows} as r using (legacy_table, key)
        union all select g.tie from pg_catalog.unnest(%(given)s::text[]) as g (tie)
        union all select k.tie from {known} as k join migration.rejects as e
            on e.legacy_table = k.legacy_table and e.legacy_key = k.key
        where e.run_id = %(run)s and e.legacy_table = any (%(tables)s)
        union all select k.tie from {known} as k join migration.notes as n
            on n.legacy_table = k.legacy_table and n.legacy_key = k.key
        where n.run_id = %(run)s and n.legacy_table = any (%(tables)s) and n.target_table = any (%(into)s)
            and (n.note like 'orphan: %%' or n.note like 'not_made: %%')
    ) as seed
    on conflict do nothing
"""
STILL_THERE = """
    select count(*) from {rows} as r where r.legacy_table = %(table)s and exists (
        select from {known} as k where k.legacy_table = r.legacy_table and k.key = r.key
    )
"""
SPREAD = """
    insert into {ties} select distinct tie, %(step)s + 1 from (
        select other.tie from {ties} as t join {known} as k using (tie)
        join {known} as other using (legacy_table, key)
        where t.step = %(step)s and k.legacy_table = any (%(tables)s)
        {made}
    ) as next
    on conflict do nothing
"""
OF_MADE = (
    "union all select pg_catalog.concat(m.{id}) from {table} as m join {ties} as k on {same} where k.step = %(step)s"
)
OTHERS = "select tie from {ties} where step = %(step)s and id is null"
BECOME = "insert into {ties} select tie, %(step)s from unnest(%(ids)s::text[]) as b (tie) on conflict do nothing"
JOINED = """
    insert into {rows} (legacy_table, key)
    select distinct k.legacy_table, k.key from {known} as k join {ties} as t using (tie)
    where k.legacy_table = any (%(tables)s)
    on conflict do nothing
"""
PLACED = """
    update {rows} as r set oid = p.oid, tid = p.tid from {places} as p
    where r.legacy_table = %(table)s and r.key = p.key
"""
RENEW = """
    delete from {known} as k using {rows} as r
    where k.legacy_table = r.legacy_table and k.key = r.key and (r.is_gone or r.ties is not null);
    insert into {known} select distinct r.legacy_table, r.key, tie from {rows} as r, pg_catalog.unnest(r.ties) as tie
"""


@dataclass(frozen=True)
class Kin:
    """The rows that a delta derives of one group. number: of its tables in the delta's schema."""

    work: Work
    spec: Spec
    number: int

    @property
    def names(self) -> tuple[str, str]:
        return f"__ties_{self.number}", f"__kin_{self.number}"

    @property
    def ties(self) -> sql.Identifier:
        """Table with all their ties, as they are and as they were."""
        return sql.Identifier(self.work.schema, self.names[0])

    @property
    def rows(self) -> sql.Identifier:
        """Table with legacy table, key, oid and place of each; those that are gone have no place."""
        return sql.Identifier(self.work.schema, self.names[1])

    @property
    def legacy_tables(self) -> list[str]:
        return [table.name for table in self.spec.tables]

    def has_any_id(self, alias: str) -> sql.Composed:
        """SQL: whether a row of the books under this alias is of one of them, by its legacy table and id."""
        by_tie: dict[str, list[str]] = {}
        for table in self.spec.tables:
            by_tie.setdefault(ties.tie_of_id(table, f"{alias}.legacy_id"), []).append(table.name)
        each = (
            sql.SQL("({}.legacy_table = any ({}) and exists (select from {} as k where k.tie = {}))").format(
                sql.SQL(alias), sql.Literal(names), self.ties, sql.SQL(tie)
            )
            for tie, names in by_tie.items()
        )
        return sql.SQL("({})").format(sql.SQL(" or ").join(each))

    def has_key(self, table: str, key: str) -> sql.Composed:
        """SQL: whether the row of this legacy table and key is one of them."""
        return sql.SQL("({}, {}) in (select legacy_table, key from {})").format(sql.SQL(table), sql.SQL(key), self.rows)

    def has_root(self, alias: str) -> sql.Composed:
        """SQL: whether a row of the books under this alias names a profile of theirs."""
        query = "exists (select from {} as k where k.tie = {}.user_role_profile_id)"
        return sql.SQL(query).format(self.ties, sql.SQL(alias))

    def make(self, target: psycopg.Connection) -> None:
        """The tables, empty."""
        target.execute(sql.SQL(MAKE).format(**self._names()))

    def _names(self) -> dict[str, sql.Identifier]:
        return {"ties": self.ties, "rows": self.rows, "known": KNOWN}

    def owns(self, table: Filled, alias: str, *, is_final: bool) -> sql.Composable:
        """SQL: whether a row is of these legacy rows. is_final: the alias has the columns of the finished build."""
        if table.is_archive:
            key = legacy_key(self.work.plan.table(table.name).legacy).replace('t."', f'{alias}."')
            return sql.SQL("({}, {}) in (select legacy_table, key from {})").format(
                sql.Literal(table.name), sql.SQL(key), self.rows
            )
        owner = self.spec.owners[table.name]
        if owner is None:
            return sql.SQL("true")
        return sql.SQL("exists (select from {} as k where {})").format(
            self.ties, self._is_tie(table.name, owner, alias, is_final=is_final)
        )

    def _is_tie(self, build_table: str, owner: Owner, alias: str, *, is_final: bool) -> sql.Composable:
        """SQL: whether this column of a row is the tie under alias k."""
        name, whose = owner
        column = self.work.plan.shape(build_table).column(name)
        final = final_column(self.work, Filled(build_table, False, (), False), name) if is_final else name
        own = sql.Identifier(alias, final)
        if is_uuid(column):
            return sql.SQL("k.id = {}").format(own)
        return sql.SQL("k.tie = {}").format(sql.SQL(ties.tie_of(column, whose, own.as_string(None))))

    def read(
        self, source: psycopg.Connection, target: psycopg.Connection, changes: Changes, given: Collection[str]
    ) -> None:
        """Find them. given: ties, of rows that are derived whatever else is. Errors: VerificationFailed."""
        for table in self.spec.tables:
            self._read_written(source, target, changes, table)
            self._read_gone(source, target, changes, table)
        routes = {route.legacy_table for route in self.spec.group.routes}
        finals = [self.work.plan.final_name(name) for _, name in self.spec.group.tables]
        values = {"run": self.work.attempt_run, "tables": sorted(routes), "into": finals, "given": sorted(given)}
        target.execute(sql.SQL(SEED).format(**self._names()), values)
        self._spread(target)
        target.execute(sql.SQL(JOINED).format(**self._names()), {"tables": self.legacy_tables})
        for name in sorted(routes):
            self._place(source, target, name)
        target.execute(sql.SQL("analyze {ties}, {rows}").format(**self._names()))

    def _read_written(
        self, source: psycopg.Connection, target: psycopg.Connection, changes: Changes, table: Tied
    ) -> None:
        found = changes.tables[table.name]
        if not found.written:
            return
        query = sql.SQL("select {}, {}, t.tableoid, t.ctid, {} {}").format(
            sql.Literal(table.name),
            sql.SQL(legacy_key(table.table)),
            sql.SQL(table.array),
            changes.rows_to_read(found),
        )
        seeds.copy(source, target, query, sql.SQL("{} (legacy_table, key, oid, tid, ties)").format(self.rows))

    def _read_gone(self, source: psycopg.Connection, target: psycopg.Connection, changes: Changes, table: Tied) -> None:
        found = changes.tables[table.name]
        if not found.lost or (not found.whole and self._still_there(target, table) == found.lost):
            return
        known = sql.SQL("select distinct {} from {} as r where r.legacy_table = {}").format(
            seeds.columns_of(table.table, "r.key"), KNOWN, sql.Literal(table.name)
        )
        query = sql.SQL("insert into {} (legacy_table, key, is_gone) select {}, {}, true from {} as t")
        with in_build(self.work, target), keys.settled(source, target, changes, found, [known]) as settled:
            names = self.rows, sql.Literal(table.name), sql.SQL(legacy_key(table.table)), settled.gone_keys
            target.execute(query.format(*names))

    def _still_there(self, target: psycopg.Connection, table: Tied) -> int:
        """Of the rows that were written so many that there were already: each has lost one version."""
        query = sql.SQL(STILL_THERE).format(**self._names())
        return fetch.value(int, target, query, {"table": table.name})

    def _spread(self, target: psycopg.Connection) -> None:
        """To all ties of rows with one of these ties, until there are no more."""
        made = [
            sql.SQL(OF_MADE).format(
                table=sql.Identifier(*final_place(self.work, Filled(name, False, (), False))),
                id=sql.Identifier(final_column(self.work, Filled(name, False, (), False), id_)),
                same=self._is_tie(name, owner, "m", is_final=True),
                ties=self.ties,
            )
            for name, id_ in MADE
            if (owner := self.spec.owners.get(name))
        ]
        query = sql.SQL(SPREAD).format(made=sql.SQL(" ").join(made), **self._names())
        others, become = (sql.SQL(text).format(**self._names()) for text in (OTHERS, BECOME))
        step, fresh = 0, 1
        while fresh:
            others_found = [tie for (tie,) in target.execute(others, {"step": step})]
            if others_found:  # what they are in the target
                target.execute(become, {"step": step, "ids": [steps.derived_id(tie) for tie in others_found]})
            fresh = target.execute(query, {"step": step, "tables": self.legacy_tables}).rowcount
            step += 1

    def _place(self, source: psycopg.Connection, target: psycopg.Connection, name: str) -> None:
        """Find the places of rows that nobody has written to. Errors: VerificationFailed, if one is not there."""
        missing = "select r.key from {} as r where r.legacy_table = %s and r.oid is null and not r.is_gone"
        wanted = [key for (key,) in target.execute(sql.SQL(missing).format(self.rows), [name]).fetchall()]
        legacy, places = self.work.plan.table(name).legacy, sql.Identifier("pg_temp", "kin_places")
        for start in range(0, len(wanted), ASKED_ROWS):
            some = wanted[start : start + ASKED_ROWS]
            query = sql.SQL("select {}, t.tableoid, t.ctid from {} as t where {}").format(
                sql.SQL(legacy_key(legacy)),
                sql.Identifier(self.work.plan.source_schema, name),
                sql.SQL(legacy_rows.key_condition(legacy, some)),
            )
            with target.transaction():
                target.execute("create temporary table kin_places (key text, oid oid, tid tid) on commit drop")
                seeds.copy(source, target, query, places)
                placed = sql.SQL(PLACED).format(rows=self.rows, places=places)
                count = target.execute(placed, {"table": name}).rowcount
                target.execute("drop table pg_temp.kin_places")
            if count != len(some):
                raise VerificationFailed(
                    f"of {len(some)} rows of {name} that nobody has written to {count} were found; nothing was changed"
                )

    def parts(self, target: psycopg.Connection, legacy_table: str) -> list[Part]:
        """The rows of a legacy table that there are, some thousands in a part, by their places."""
        places = sql.SQL("select r.oid, r.tid from {} as r where r.legacy_table = {} and r.oid is not null").format(
            self.rows, sql.Literal(legacy_table)
        )
        return seeds.parts(target, self.work.plan.table(legacy_table).legacy, places)

    def chunks(self, target: psycopg.Connection) -> Iterator[Chunk]:
        """The same for each route of the group."""
        for route in self.spec.group.routes:
            for number, part in enumerate(self.parts(target, route.legacy_table)):
                yield Chunk(route.name, number, rows=len(part.tids), tids=part.tids, oid=part.oid)

    def touched(self, target: psycopg.Connection) -> dict[str, set[str]]:
        """Legacy table → the keys of its rows among these, those that are gone too, as the books write them."""
        found = {name: set[str]() for name in self.legacy_tables}
        for name, key in target.execute(sql.SQL("select legacy_table, key from {}").format(self.rows)):
            found[name].add(key)
        return found

    def renew(self, target: psycopg.Connection) -> None:
        """The ties that rows have now are those that are known, in the caller's transaction."""
        target.execute(sql.SQL(RENEW).format(**self._names()))
