"""The balance: every legacy row has one outcome, and every figure of the books is counted again.

Laws
- source_rows is counted in the source, loaded and archived in the target, merged and rejected in the lists of names. No
  figure is taken from the books, and none is a difference of others if it can be counted.
- Each legacy table balances by itself, and so does the run; each stands in the books once, and no other table does.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

import psycopg

from checks.reading.facts import Facts
from checks.reading.relations import Relations
from checks.reading.statements import one_row, one_value
from checks.run_books.rejects import PlannedCheck
from checks.verdict import ERROR, FAIL, PASS, Check, Row
from config.postgres.quoting import literal, quoted
from config.postgres.types import UUID_TEXT

OUTCOMES = ("loaded", "merged", "rejected", "archived")
FIGURES = ("source_rows", *OUTCOMES)
BATCH = 20_000  # ids that are looked up in one statement

BOOKED = """
    select source_rows, loaded, merged, rejected, archived, balanced from migration.balance
    where run_id = %s and legacy_table = %s
"""
TABLES = """
    select legacy_table, disposition, count(*) from migration.tables where run_id = %s and disposition <> 'skip'
    group by 1, 2
"""
TOTALS = """
    select count(*), sum(source_rows), sum(loaded), sum(merged), sum(rejected), sum(archived),
           bool_and(balanced) from migration.balance where run_id = %s
"""
STRAYS = """
    select legacy_table from migration.rejects where run_id = %(run)s
    union select legacy_table from migration.id_map where run_id = %(run)s
    union select legacy_table from migration.notes where run_id = %(run)s
    union select legacy_table from migration.removed_links where run_id = %(run)s
    order by 1
"""
NAMED = {
    "merged": "select count(*) from migration.id_map where run_id = %s and legacy_table = %s and why = 'merged'",
    "rejected": "select count(distinct legacy_key) from migration.rejects where run_id = %s and legacy_table = %s",
}
DRAFTS = """
    select count(*) from {requests} as r join migration.id_map as m on m.run_id = {run}
    and m.legacy_table = 'onboarding_states' and m.target_table = 'verification_requests' and m.target_id = concat(r.id)
"""
CREATED = """
    select count(*) from {roots} as r join migration.id_map as m on m.run_id = {run}
    and m.legacy_table = 'professionals' and m.why = 'created' and m.target_id = concat(r.id)
"""


@dataclass(frozen=True)
class Own:
    """What was counted. The same names as in the books."""

    source_rows: int
    loaded: int
    merged: int
    rejected: int
    archived: int

    @property
    def is_balanced(self) -> bool:
        return self.source_rows == self.loaded + self.merged + self.rejected + self.archived


def jobs(facts: Facts) -> Iterator[PlannedCheck]:
    """A check for each legacy table, one for the list of them, one for the run: draft, work, tables of either side."""
    for table in facts.source.tables:
        title = "Every legacy row was loaded, merged, rejected or archived, and each figure is what is counted again."
        draft = Check(f"balance/{table}", "balance", facts.domain(table), table, title, ERROR)
        yield draft, _Balance(facts, table, draft).check, *_read(facts, table)
    for name, title, function in (
        ("balance/tables", "Every legacy table stands in the books once.", _tables),
        ("balance/run", "The figures of all tables together balance.", _run),
        ("books/tables", "The books speak of no table that the source has not.", _strays),
    ):
        draft = Check(name, name.split("/")[0], "", None, title, ERROR)
        yield draft, partial(function, facts, draft), frozenset(), frozenset()


def _read(facts: Facts, table: str) -> tuple[frozenset[str], frozenset[str]]:
    """The tables that the count reads, in the source and in the target."""
    rule = facts.find_rule(table)
    others = {rule.completed_from.table} if rule and rule.completed_from else set()
    archived = {f"legacy_archive.{table}"} if table in facts.archive.tables else set()
    own = {table, "user_role_profiles"} if table in facts.mapping.profile_tables else {facts.home(table)}
    return frozenset({table} | others), frozenset(own | archived)


class _Balance:
    """One legacy table's figures."""

    def __init__(self, facts: Facts, table: str, draft: Check):
        self._facts, self._table, self._draft = facts, table, draft
        self._treatment, self._rule = facts.treatments[table], facts.find_rule(table)

    def check(self, source: psycopg.Connection, target: psycopg.Connection) -> Check:
        own = self._own(source, target)
        row = target.execute(BOOKED, [self._facts.books.run_id, self._table]).fetchone()
        booked = dict(zip((*FIGURES, "balanced"), row or (), strict=False))
        wrong = [name for name in FIGURES if booked.get(name) != getattr(own, name)]
        found = [f"{name} is {booked.get(name)} in the books, counted {getattr(own, name)}" for name in wrong]
        if not own.is_balanced:
            parts = " + ".join(f"{getattr(own, name)} {name}" for name in OUTCOMES)
            found.append(f"{own.source_rows} rows are not {parts}")
        if booked and not booked["balanced"]:
            found.append("the books say that it does not balance")
        status, detail = (FAIL, "; ".join(found)) if found else (PASS, f"{own.source_rows:,} rows balance")
        return replace(self._draft, status=status, compared=own.source_rows, detail=detail)

    def _own(self, source: psycopg.Connection, target: psycopg.Connection) -> Own:
        rows = _count(source, self._facts.source.schema, self._table)
        run = [self._facts.books.run_id, self._table]
        merged, rejected = (one_value(target, int, query, run) for query in NAMED.values())
        loaded = 0 if self._treatment == "archive" else self._loaded(source, target)
        return Own(rows, loaded, merged, rejected, self._archived(target, loaded, rejected))

    def _loaded(self, source: psycopg.Connection, target: psycopg.Connection) -> int:
        """Legacy rows that have a row in the target."""
        if self._table in self._facts.mapping.profile_tables:
            return self._in_target(target, self._table) - self._created(target, self._table)
        if self._table == "professionals":
            return self._created(target, "user_role_profiles")
        if self._table == "onboarding_states":
            return self._counted(target, DRAFTS, requests="verification_requests")
        if self._facts.home(self._table) == "verification_requests":
            return self._by_id(source, target)
        if self._rule and (completion := self._rule.completed_from):
            return self._in_target(target, self._table) - self._given(completion.table, source, target)
        return self._in_target(target, self._facts.home(self._table))

    def _in_target(self, target: psycopg.Connection, name: str) -> int:
        return _count(target, self._facts.target.schema, name) if name in self._facts.target.tables else 0

    def _created(self, target: psycopg.Connection, name: str) -> int:
        """Rows of a table of profiles that professionals created."""
        return self._counted(target, CREATED, roots=name)

    def _counted(self, target: psycopg.Connection, query: str, **tables: str) -> int:
        names = {key: quoted(self._facts.target.schema, name) for key, name in tables.items()}
        return one_value(target, int, query.format(run=literal(self._facts.books.run_id), **names))

    def _by_id(self, source: psycopg.Connection, target: psycopg.Connection) -> int:
        """Rows of a table that shares its target with others, told by their ids."""
        relation = Relations(self._facts).query(self._table)
        name = quoted(self._facts.target.schema, self._facts.home(self._table))
        found = 0
        with source.cursor(name="ids") as cursor:
            cursor.itersize = BATCH
            cursor.execute(f"select distinct id from ({relation}) as r where rejected is null and id is not null")
            while ids := [id_ for (id_,) in cursor.fetchmany(BATCH)]:
                ids = [id_ for id_ in ids if re.match(UUID_TEXT, id_)]
                query = f"select count(*) from {name} where id = any ({literal(ids)}::uuid[])"
                found += one_value(target, int, query)
        return found

    def _given(self, users_table: str, source: psycopg.Connection, target: psycopg.Connection) -> int:
        """Rows that users without settings were given: one for each of these that stays, but for those noted."""
        users = Relations(self._facts).query(users_table)
        settings = quoted(self._facts.source.schema, self._table)
        user = self._facts.source.table(self._table).column("user_id")
        given = one_value(
            source,
            int,
            f"select count(*) from ({users}) as u where u.rejected is null and u.id is not null and not exists ("
            f"select from {settings} as t where {self._facts.spelled(user, users_table)} = u.legacy_id)",
        )
        noted = one_value(
            target,
            int,
            "select count(distinct legacy_key) from migration.notes where run_id = %s and legacy_table = %s "
            "and target_table = %s and note like 'not_made: %%'",
            [self._facts.books.run_id, users_table, self._table],
        )
        return given - noted

    def _archived(self, target: psycopg.Connection, loaded: int, rejected: int) -> int:
        """Rows that only the archive has: of an archived table all; of states those that were neither drafted nor
        rejected. A copy in the archive of what was reshaped is no outcome."""
        if self._treatment == "archive":
            return _count(target, self._facts.archive.schema, self._table)
        if self._table == "onboarding_states":
            return _count(target, self._facts.archive.schema, self._table) - loaded - rejected
        return 0


def _tables(facts: Facts, draft: Check, source: psycopg.Connection, target: psycopg.Connection) -> Check:
    """Each legacy table once, none that the source lacks, each with the disposition that the mapping gives it."""
    booked: dict[str, list[tuple[str, int]]] = {}
    for name, disposition, count in target.execute(TABLES, [facts.books.run_id]):
        booked.setdefault(name, []).append((disposition, count))
    rows = [Row(name, "missing") for name in facts.source.tables if name not in booked]
    rows += [Row(name, "unexpected") for name in booked if name not in facts.source.tables]
    for name, found in booked.items():
        if name in facts.source.tables and sum(count for _, count in found) > 1:
            rows.append(Row(name, "unexpected"))
        elif name in facts.source.tables and found[0][0] != _disposition(facts, name):
            rows.append(Row(name, "differs", ("disposition",)))
    return _listed(draft, rows, max(len(booked), len(facts.source.tables)), "tables")


def _disposition(facts: Facts, table: str) -> str:
    rule = facts.find_rule(table)
    return rule.disposition if rule else "archive" if facts.treatments[table] == "archive" else "carry"


def _run(facts: Facts, draft: Check, source: psycopg.Connection, target: psycopg.Connection) -> Check:
    """The sums of the books, told anew from the figures of their tables."""
    count, rows, *outcomes, is_balanced = one_row(target, TOTALS, [facts.books.run_id])
    missing = count == 0 or None in (rows, *outcomes)
    is_equal = not missing and rows == sum(outcomes) and is_balanced
    detail = " + ".join(f"{number} {name}" for name, number in zip(OUTCOMES, outcomes, strict=True))
    said = f"{rows} rows {'are' if is_equal else 'are not'} {detail}, in {count} tables"
    return replace(draft, status=PASS if is_equal else FAIL, compared=int(rows or 0), detail=said)


def _strays(facts: Facts, draft: Check, source: psycopg.Connection, target: psycopg.Connection) -> Check:
    """Tables that any list of the run names, none of which the source may lack."""
    booked = [name for (name,) in target.execute(STRAYS, {"run": facts.books.run_id})]
    rows = [Row(name, "unexpected") for name in booked if name not in facts.source.tables]
    return _listed(draft, rows, len(booked), "tables")


def _listed(draft: Check, rows: list[Row], compared: int, what: str) -> Check:
    detail = f"{len(rows)} of {compared} {what} are not as they should be" if rows else f"{compared} {what} agree"
    return replace(draft, status=FAIL if rows else PASS, compared=compared, rows=tuple(rows), rows_total=len(rows),
                   detail=detail)  # fmt: skip


def _count(conn: psycopg.Connection, schema: str, table: str) -> int:
    return one_value(conn, int, f"select count(*) from {quoted(schema, table)}")
