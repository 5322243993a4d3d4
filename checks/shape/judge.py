"""The judgement of shape: everything in the product, the archive and the books, compared with what should be there.

Laws
- Both catalogues are read once for all checks, in the sessions of whichever check comes first.
- A missing or superfluous table is one finding; its columns and objects are not reported as well.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from threading import Lock

import psycopg

from checks.reading.facts import Facts
from checks.shape import casts, things, tuning
from checks.shape.access import BUILD, CLOSED, LIVE, NAMESAKES, Access
from checks.shape.things import MISSING, UNEXPECTED, Thing
from checks.shape.wanted import archive, books, kept, lasting, members, older
from checks.shape.wanted.declared import Declared, shapes
from checks.shape.wanted.kept import Kept
from checks.shape.wanted.types import Types
from checks.verdict import Row

SEQUENCES, TABLES, SCHEMA = "catalog/sequences", "catalog/tables", "catalog/schema"
ARCHIVE, BOOKS = "catalog/legacy_archive", "catalog/migration"
GRANTS, TUNING = "catalog/grants", "catalog/tuning"
WHOLE = ("table", "view", "materialized view", "foreign table")
Judged = tuple[Row, str]  # a finding, and the check that it belongs to
ROLE = "select role from migration.schemas where name = %s"


def tables(facts: Facts) -> list[str]:
    """The names of the tables that the product should have."""
    copied = {facts.final(table) for table, treatment in facts.treatments.items() if treatment in ("copy", "keep")}
    return sorted({*shapes(facts), *copied})


class Shape:
    """The findings by check; made once, by whoever asks first."""

    def __init__(self, facts: Facts):
        self._facts, self._lock = facts, Lock()
        self._found: dict[str, list[Row]] | None = None

    def rows(self, check: str, source: psycopg.Connection, target: psycopg.Connection) -> list[Row]:
        """A row for each thing that the check is about; `what` is empty where it is as it should be."""
        with self._lock:
            if self._found is None:
                self._found = self._judged(source, target)
            return self._found.get(check, [])

    def _judged(self, source: psycopg.Connection, target: psycopg.Connection) -> dict[str, list[Row]]:
        facts = self._facts
        legacy = things.named(things.read(source, facts.source.schema), facts.mapping)
        legacy = tuple(older.fitted(legacy, target.info.server_version))
        types = Types(facts, source, legacy)
        of_legacy = Kept(facts, types)
        found = _Product(facts, of_legacy, Declared(facts, types, of_legacy), target).rows(legacy)
        for check, judged in ((ARCHIVE, _archive(facts, of_legacy, legacy, target)), (BOOKS, _books(target))):
            for row, other in judged:
                found.setdefault(other or check, []).append(row)
        return found


class _Product:
    def __init__(self, facts: Facts, of_legacy: Kept, declared: Declared, target: psycopg.Connection):
        self._facts, self._kept, self._declared, self._target = facts, of_legacy, declared, target
        self._wanted_tables, self._there = set(tables(facts)), set[str]()
        self._is_build = is_build(target, facts.target.schema)
        self._checks: dict[str, list[Row]] = {}

    def rows(self, legacy: Iterable[Thing]) -> dict[str, list[Row]]:
        facts, target = self._facts, self._target
        found = things.read(target, facts.target.schema)
        self._there = {thing.name for thing in found if thing.kind == "table"}
        wanted = [
            thing
            for table, treatment in facts.treatments.items()
            if treatment in ("copy", "keep")
            for thing in self._kept.table(table)
        ]
        wanted = [*wanted, *self._declared.all()]
        places = self._places()
        eased = casts.eased(lasting.followed(wanted, places), places, self._kept)
        wanted = list(kept.placed(eased, found))
        needed = members.needed_by(wanted, legacy, self._kept)
        wanted += [*needed.needed, *members.sequences(self._kept, wanted)]
        judged = [thing for thing in found if thing.kind != "grant"]
        for (kind, of, name), row in things.compared(wanted, needed.allowed, judged).items():
            left, tuned = (row, None) if self._is_build else tuning.parted(kind, of, row)
            self._put(kind, of, name, left)
            self._add(TUNING, [tuned] if tuned else [])
        self._others(found)
        return self._checks

    def _places(self) -> lasting.Places:
        found: dict[tuple[str, str], list[tuple[str, str]]] = {}
        for place, arrived in [*self._kept.places(), *self._declared.places()]:
            found.setdefault(place, []).append(arrived)
        return found

    def _others(self, found: tuple[Thing, ...]) -> None:
        """Where sequences stand, who owns what, who may do what."""
        facts, target = self._facts, self._target
        positions = members.Positions(facts, self._kept.of("sequence", None), target, is_build=self._is_build)
        self._add(SEQUENCES, positions.judged(found))
        access = _access(target, facts.target.schema)
        self._add(SCHEMA, access.owners(found))
        for thing, row, is_forbidden in access.grants(found, BUILD if self._is_build else LIVE):
            if is_forbidden:
                self._put(thing.kind, thing.of, thing.name, row)
            else:
                self._add(GRANTS, [row])

    def _put(self, kind: str, of: str | None, name: str, row: Row) -> None:
        """The row into the check that it belongs to."""
        table = name if kind == "table" else of
        if kind in WHOLE and (row.what or table not in self._wanted_tables):
            self._add(TABLES, [row] if row.what in (MISSING, UNEXPECTED) else [])
        if table in self._wanted_tables and (table in self._there or kind == "table"):
            self._add(f"catalog/{table}", [row])
        elif of is None and kind not in WHOLE:
            self._add(SEQUENCES if kind == "sequence" else SCHEMA, [row])
        if kind == "table" and not row.what:
            self._add(TABLES, [row])

    def _add(self, check: str, rows: Iterable[Row]) -> None:
        self._checks.setdefault(check, []).extend(rows)


def is_build(target: psycopg.Connection, schema: str) -> bool:
    return target.execute(ROLE, [schema]).fetchone() == ("build",)


def _access(target: psycopg.Connection, schema: str) -> Access:
    names = [name for (name,) in target.execute(NAMESAKES, {"schema": schema})]
    return Access(target, schema, [(name, things.read(target, name)) for name in names])


def _archive(facts: Facts, of_legacy: Kept, legacy: Iterable[Thing], target: psycopg.Connection) -> Iterator[Judged]:
    wanted, found = list(archive.wanted(facts, of_legacy)), things.read(target, facts.archive.schema)
    needed = members.needed_by(wanted, legacy, of_legacy)
    wanted += map(archive.member, needed.needed)
    yield from _closed(target, facts.archive.schema, wanted, map(archive.member, needed.allowed), found)


def _books(target: psycopg.Connection) -> Iterator[Judged]:
    version, wanted = books.wanted()
    found = things.read(target, books.SCHEMA)
    if books.version(target) != version:
        found = tuple(thing for thing in found if thing.kind not in books.PLAIN)
        wanted = []
    yield from _closed(target, books.SCHEMA, wanted, (), found)


def _closed(
    target: psycopg.Connection,
    schema: str,
    wanted: Iterable[Thing],
    allowed: Iterable[Thing],
    found: Collection[Thing],
) -> Iterator[Judged]:
    """(finding, the check that it belongs to, if not the schema's own) of a schema that nobody else uses."""
    is_new = is_build(target, schema)
    wanted, shared = list(wanted), [thing for thing in found if thing.kind != "grant"]
    whole = {thing.name for thing in wanted if thing.kind == "table"}
    there = {thing.name for thing in shared if thing.kind == "table"}
    for (kind, of, name), row in things.compared(wanted, allowed, shared).items():
        if of is None or (of in whole and of in there):
            left, tuned = (row, None) if is_new else tuning.parted(kind, of, row)
            yield Row(f"{kind} {of}.{name}" if of else f"{kind} {name}", left.what, left.columns), ""
            if tuned:
                yield tuned, TUNING
    if not found and not wanted:
        return
    access = _access(target, schema)
    yield from ((row, "") for row in access.owners(found))
    for _, row, is_forbidden in access.grants(found, CLOSED):
        yield replace(row, key=f"{row.key} in {schema}"), "" if is_forbidden else GRANTS
