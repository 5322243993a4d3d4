"""One round: a build that was equal to a fresh run over one snapshot of the source becomes equal to one over the next.

Laws
- After a round build and books are those of a fresh run over its snapshot that began at the same instant, row for row.
- It begins from the mark of the last round, and commits with its own: after a crash both are there, or neither is.
- What cannot be followed is not guessed: where nothing of the mark holds, or the plan has changed, the build begins
  anew (Anew).
"""

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import psycopg
from psycopg import sql

from config.errors import SourceError, TargetError, VerificationFailed
from engine.books import bookkeeping
from engine.changes import feed, marks, rounds
from engine.changes.feed import Changes
from engine.changes.marks import Mark, TableMark
from engine.chunks.pauses import Pauses
from engine.chunks.work import Work
from engine.following import apply as applying
from engine.following import closure
from engine.following import units as all_units
from engine.following.apply import Changed
from engine.following.delta import Delta
from engine.following.hanging import Hanging
from engine.following.seeds import final_place
from engine.following.ties import Spec
from engine.following.units import Filled, Group, Rows, Units
from engine.gates import gates, seal
from engine.load import ddl
from engine.planning.plan import Plan
from engine.session.blame import blame
from engine.session.execution import Watch, Workers
from engine.session.stop import Stop
from engine.start import begin

AGAIN = """
    select legacy_table from migration.rejects where run_id = %(run)s
    union all select legacy_table from migration.notes
    where run_id = %(run)s and (note like 'orphan: %%' or note like 'not_made: %%')
"""
MOST_AGAIN = 100_000  # rows of a table that were rejected, or have lost something: of more the table is derived whole
FARTHEST = 20  # deltas of one round, each wider than the one before; the depth of what depends on what is far less


class Anew(Exception):
    """The build cannot follow: it has to be made anew. The text says why."""


@dataclass(frozen=True)
class Told:
    """What a round did.

    seconds: in all, and by part (scan, read, apply). read, gone: rows that were derived anew and keys that were gone,
    by legacy table; whole: table → why it was read whole. behind: rows that were written between the two snapshots.
    touched: legacy table → keys of its rows that were derived anew, or are gone; None where all were.
    """

    number: int
    seconds: float
    parts: Mapping[str, float]
    read: Mapping[str, int]
    gone: Mapping[str, int]
    whole: Mapping[str, str]
    inserted: int
    updated: int
    deleted: int
    rejected: int
    behind: int
    touched: Mapping[str, tuple[str, ...] | None] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        kept = ("parts", "read", "gone", "whole", "inserted", "updated", "deleted", "rejected", "behind")
        return {name: dict(v) if isinstance(v := getattr(self, name), Mapping) else v for name in kept}


def compared(source: psycopg.Connection, schema: str, names: Collection[str], since: Mark, stop: Stop) -> Changes:
    """What was written to these tables since the run's last round. source: a session in the snapshot of the next one.

    Errors: Anew, SourceError.
    """
    with blame(SourceError, "asking what has changed", stop):
        changes = feed.compare(source, schema, names, since, since.shape)
    if changes.anew:
        raise Anew(changes.anew)
    if lost := [found.name for found in changes.tables.values() if found.table is None]:
        raise Anew(f"of the source's tables {', '.join(lost)} are no longer there")
    return changes


def mark_of(conn: psycopg.Connection, source: psycopg.Connection, run_id: str, schema: str) -> Mark:
    """What the build shows: the mark of its last round, or of the snapshot that it was made from."""
    last = rounds.last(conn, run_id)
    if last is not None:
        return last.reached
    run = bookkeeping.run(conn, run_id)
    if run.snapshot is None:
        raise Anew("the books do not say from which snapshot the build was made")
    rows = conn.execute(
        "select legacy_table, coalesce(files, ''), source_rows from migration.tables "
        "where run_id = %s and source_rows is not null",
        [run_id],
    ).fetchall()
    with blame(SourceError, "asking what has changed"):
        described = marks.described(source, schema, [name for name, *_ in rows])
    tables = {
        name: TableMark(count, files, described[name].key if name in described else ()) for name, files, count in rows
    }
    identity = run.source_identity
    return Mark(run.snapshot, identity.get("system_identifier"), identity.get("database_oid"), tables)


@dataclass
class Round:
    """One round under way. work: of the run, in the round's snapshot; target: a session that is ours; changes: what was
    written since the last round, where that is known; hanging: of groups what hangs together, None: they are derived
    whole."""

    work: Work
    target: psycopg.Connection
    workers: Workers
    watch: Watch
    pauses: Pauses
    changes: Changes | None = None
    hanging: Hanging | None = None
    began: float = field(default_factory=time.monotonic)
    parts: dict[str, float] = field(default_factory=dict)

    def run(self) -> Told:
        """Errors: Anew; SourceError, TargetError, VerificationFailed, Interrupted; then nothing has changed."""
        with blame(TargetError, "following the source", self.work.stop):
            with self.work.sessions.lend("source") as source:
                changes = self._compared(source)
                delta = self._derived(source, changes)
            return self._applied(changes, delta)

    def _time(self, part: str, since: float) -> None:
        self.parts[part] = round(self.parts.get(part, 0) + time.monotonic() - since, 3)

    def _compared(self, source: psycopg.Connection) -> Changes:
        if self.changes:
            return self.changes
        self.watch.stage("scan")
        started, plan = time.monotonic(), self.work.plan
        since = mark_of(self.target, source, self.work.run_id, plan.source_schema)
        changes = compared(source, plan.source_schema, read_of(plan), since, self.work.stop)
        self._time("scan", started)
        return changes

    def _derived(self, source: psycopg.Connection, changes: Changes) -> Delta | None:
        """The delta that needs nothing else; None if nothing has changed."""
        started, plan = time.monotonic(), self.work.plan
        whole = {found.name for found in changes.changed if found.whole} | self._with_many_again()
        units = all_units.of(plan, whole)
        changed = {found.name for found in changes.changed}
        rows = {unit for unit in units.rows if unit.legacy_table in changed}
        renumbered = self._renumbered()
        groups = {group for group in units.groups if group.reads & changed or renumbered & _made(group)}
        anew = {group for group in units.groups if group.reads & whole or renumbered & _made(group)}
        specs = self.hanging.specs(source, units, changes, anew, MOST_AGAIN) if self.hanging else {}
        keys: dict[str, set[str]] = {}
        ties: dict[Group, set[str]] = {}
        before: tuple[Delta, frozenset[Rows | Group]] | None = None
        for _ in range(FARTHEST):
            rows |= self._waiting(units, rows, groups)
            if not rows and not groups:
                return None
            lost = self._lost(units, rows, groups)
            delta = self._derive(source, changes, units, rows | lost, groups, keys, specs, ties, before)
            wider = closure.of(delta)
            if not wider:
                self._time("read", started)
                return delta
            for name, more in wider.keys.items():
                keys[name] = keys.get(name, set()) | more
            for group, more in wider.ties.items():
                ties[group] = ties.get(group, set()) | more
            specs = {group: spec for group, spec in specs.items() if group not in wider.whole}
            added = {unit for unit in units.rows if unit.legacy_table in wider.keys}
            rows |= added | self._waiting(units, rows | added, groups | wider.groups)
            groups |= wider.groups
            fresh: set[Rows | Group] = {*(rows - set(delta.rows)), *wider.groups, *(groups - set(delta.groups))}
            before = delta, closure.same(delta, fresh | added)
        raise Anew(f"what one change touches was not found within {FARTHEST} steps")

    def _with_many_again(self) -> set[str]:
        """Tables of which so many rows are derived in every round that this process should not hold their keys."""
        query = f"select legacy_table from ({AGAIN}) as again group by 1 having count(*) > %(most)s"
        return {name for (name,) in self.target.execute(query, {"run": self.work.run_id, "most": MOST_AGAIN})}

    def _renumbered(self) -> set[str]:
        """Tables with numbers of a legacy sequence that has moved since the last round: of rows that are made there a
        fresh run would begin elsewhere."""
        stood = bookkeeping.run(self.target, self.work.run_id).sequences or {}
        source = self.work.plan.source
        read = ddl.read_by(source)
        moved = (s for s in source.sequences if s.is_readable and stood.get(s.name) != [s.last_value, s.is_called])
        return {table for s in moved for table, _ in read[s.name]}

    def _waiting(self, units: Units, rows: set[Rows], groups: set[Group]) -> set[Rows]:
        """Units with rejected rows, or lost references, of which a parent table is derived: rows may come back. So of
        which the legacy table is read by a group: what was rejected has no notes but that."""
        query = f"select distinct legacy_table from ({AGAIN}) as again"
        waiting = {name for (name,) in self.target.execute(query, {"run": self.work.run_id})}
        found, parents = set[Rows](), self.work.plan.parents
        read = {route.legacy_table for group in groups for route in group.routes}
        while True:
            derived = _filled(rows | found, groups)
            more = {
                unit
                for unit in set(units.rows) - rows - found
                if unit.legacy_table in waiting
                and (
                    unit.legacy_table in read
                    or any(parents.get(t.name, set()) & derived for t in unit.tables if not t.is_archive)
                )
            }
            if not more:
                return found
            found |= more

    def _lost(self, units: Units, rows: set[Rows], groups: set[Group]) -> set[Rows]:
        """Units with rejected rows to which derived tables refer, directly or not. A run has such a row until it goes,
        and what names it may go for something else before."""
        query = "select distinct legacy_table from migration.rejects where run_id = %s"
        rejected = {name for (name,) in self.target.execute(query, [self.work.run_id])}
        named = closure.with_parents(_filled(rows, groups), self.work.plan.parents)
        return {
            unit
            for unit in set(units.rows) - rows
            if unit.legacy_table in rejected and named & {t.name for t in unit.tables if not t.is_archive}
        }

    def _derive(
        self,
        source: psycopg.Connection,
        changes: Changes,
        units: Units,
        rows: set[Rows],
        groups: set[Group],
        keys: Mapping[str, set[str]],
        specs: Mapping[Group, Spec],
        ties: Mapping[Group, set[str]],
        before: tuple[Delta, frozenset[Rows | Group]] | None,
    ) -> Delta:
        """before: a narrower delta, and what comes out of it here, too."""
        self.watch.stage("read")
        ordered = tuple(unit for unit in units.rows if unit in rows)
        chosen = tuple(group for group in units.groups if group in groups)
        own = (self.work, self.target, self.workers, self.watch, self.pauses, units, ordered, chosen)
        narrower, same = before or (None, frozenset())
        delta = Delta(*own, narrower, same, dict(narrower.gone) if narrower else {}, specs)
        delta.make()
        for unit in delta.derived:
            if not isinstance(unit, Rows):
                if unit in delta.kin:
                    with blame(TargetError, "asking what hangs together", self.work.stop):
                        delta.kin[unit].read(source, self.target, changes, ties.get(unit, ()))
                continue
            name, seeds = unit.legacy_table, delta.seeds[unit.legacy_table]
            with blame(TargetError, f"asking what has changed in {name}", self.work.stop):
                seeds.read_written(source, self.target, changes)
                delta.gone[name] = seeds.read_gone(source, self.target, changes)
                seeds.add(source, self.target, {*seeds.redriven(self.target), *keys.get(name, ())})
        delta.derive()
        return delta

    def _applied(self, changes: Changes, delta: Delta | None) -> Told:
        self.watch.stage("apply")
        started, work = time.monotonic(), self.work
        found = changes.tables
        source_rows = {name: each.rows for name, each in found.items()}
        files = {name: each.table.files for name, each in found.items() if each.table}
        read = self._read(delta)
        with blame(TargetError, "changing the build", work.stop), self.target.transaction():
            sealed = self._sealed(delta)
            changed = applying.apply(delta, source_rows, files) if delta else Changed()
            if delta:
                gates.reopen(self.target, work.run_id, self._build_oid())
            applying.place_sequences(work, self.target)
            if sealed:
                places = [_place(work, *table) for table in changed.by_table]
                oid, schemas = self._build_oid(), [work.schema, work.archive_schema]
                seal.renew(self.target, work.run_id, oid, sealed, schemas, places, changed.books)
            identity = work.snapshot.server.identity()
            stood = {s.name: [s.last_value, s.is_called] for s in work.plan.source.sequences if s.is_readable}
            bookkeeping.set_snapshot(self.target, work.run_id, work.snapshot.visible, identity, stood)
            self._time("apply", started)
            gone = {name: count for name, count in delta.gone.items() if count} if delta else {}
            told = self._told(changes, changed, read, gone, delta.touched() if delta else {})
            number = rounds.add(self.target, work.run_id, changes.now, told.to_dict(), told.seconds)
            if self.hanging:
                self.hanging.remember(self.target, delta)
            work.sessions.guard.check()
        if self.hanging:
            self.hanging.committed()
        if delta:
            begin.drop_deltas(self.target, work.plan.target_schema)
        return replace(told, number=number)

    def _build_oid(self) -> int:
        return bookkeeping.build(self.target, self.work.run_id).schema_oid

    def _sealed(self, delta: Delta | None) -> seal.Seal | None:
        """The build's seal, if it has one. The tables that the round changes are kept from everybody else, and seen to
        be as they were sealed; of all others the seal still says how they were.

        Errors: VerificationFailed, if anybody else has written to them. Where sequences stand proves nothing: a round
        that failed has moved them, and each places them anew.
        """
        work, sealed = self.work, seal.read(self.target, self.work.run_id, self._build_oid())
        if sealed is None:
            return None
        places = [_place(work, *table) for table in delta.filled] if delta else []
        if places:
            listed = sql.SQL(", ").join(sql.Identifier(*place) for place in places)
            self.target.execute(sql.SQL("lock table {} in share row exclusive mode").format(listed))
        if changed := seal.changed(self.target, [work.schema, work.archive_schema], sealed, places):
            raise VerificationFailed(
                f"somebody else has changed {', '.join(changed)} in the build; find out who writes to it, then give it "
                f"up (`nxtgauge-migrate sync --abort --run {work.run_id}`) and begin anew"
            )
        return sealed

    def _read(self, delta: Delta | None) -> dict[str, int]:
        if delta is None:
            return {}
        query = "select route, sum(rows_read)::bigint from migration.chunks where run_id = %s group by 1"
        read: dict[str, int] = dict(self.target.execute(query, [delta.work.run_id]).fetchall())
        return {r.legacy_table: read[r.name] for r in delta.routes if r.is_accounted and read.get(r.name)}

    def _told(
        self,
        changes: Changes,
        changed: Changed,
        read: Mapping[str, int],
        gone: Mapping[str, int],
        touched: Mapping[str, tuple[str, ...] | None],
    ) -> Told:
        query = "select count(*) from migration.rejects where run_id = %s"
        ((rejected,),) = self.target.execute(query, [self.work.run_id]).fetchall()
        return Told(
            number=0,
            seconds=round(time.monotonic() - self.began, 3),
            parts=dict(self.parts),
            read=read,
            gone=gone,
            whole={each.name: each.whole for each in changes.changed if each.whole},
            inserted=changed.inserted,
            updated=changed.updated,
            deleted=changed.deleted,
            rejected=rejected,
            behind=sum(each.written for each in changes.changed),
            touched=touched,
        )


def read_of(plan: Plan) -> list[str]:
    """The legacy tables that a plan reads."""
    return [table.name for table in plan.tables if table.disposition != "skip"]


def _place(work: Work, is_archive: bool, name: str) -> tuple[str, str]:
    return final_place(work, Filled(name, is_archive, (), False))


def _made(group: Group) -> set[str]:
    """Tables in which the group makes rows that no legacy row stands for."""
    return {target for route in group.routes if not route.is_accounted for target in route.targets}


def _filled(rows: set[Rows], groups: set[Group]) -> set[str]:
    of_rows = {table.name for unit in rows for table in unit.tables if not table.is_archive}
    return of_rows | {name for group in groups for is_archive, name in group.tables if not is_archive}
