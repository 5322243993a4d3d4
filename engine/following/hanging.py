"""What hangs together in the groups of a build that follows its source, from one round to the next.

Laws
- The ties of all rows as they were in the last round stand in a temporary table of the session that follows. It changes
  in the transaction that changes the build, and lasts no longer than the session.
- Until a group's stand there it is derived whole; so it is where a table of it is read whole, or a lookup that all its
  rows ask has changed.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import psycopg
from psycopg import sql

from engine.changes.feed import Changes
from engine.chunks.work import Work
from engine.following import ties
from engine.following.kin import KNOWN
from engine.following.seeds import copy
from engine.following.ties import LOOKED_UP, Spec
from engine.following.units import Group, Units
from engine.load.domains import identity
from engine.planning.tables.reshaped import legacy_key

if TYPE_CHECKING:
    from engine.following.delta import Delta

MAKE_KNOWN = """
    create temporary table if not exists known_ties (legacy_table text not null, key text not null, tie text not null);
    create index if not exists known_ties_tie on pg_temp.known_ties (tie);
    create index if not exists known_ties_key on pg_temp.known_ties (legacy_table, key)
"""
Roles = tuple[tuple[str | None, ...], ...]


@dataclass
class Known:
    """groups: those of which the ties of all rows stand in the session's table; roles: as they were looked up."""

    groups: set[tuple[str, ...]] = field(default_factory=set)
    roles: Roles = ()


@dataclass
class Hanging:
    """Of one round. work: in its snapshot; known: since the round before."""

    work: Work
    known: Known
    all: list[Spec] = field(default_factory=list)
    fresh: set[tuple[str, ...]] = field(default_factory=set)
    roles: Roles = ()

    def specs(
        self, source: psycopg.Connection, units: Units, changes: Changes, anew: Collection[Group], most: int
    ) -> dict[Group, Spec]:
        """Of the groups of which not all rows need to be derived. anew: those that are derived whole in any case; most:
        with more versions of rows written or lost, one is. Errors: SourceError."""
        found = {group: spec for group in units.groups if (spec := ties.of(self.work.plan, group))}
        self.all = list(found.values())
        for frame in identity.roles(self.work, source).values():
            self.roles = tuple(
                tuple(row) for row in frame.astype(object).where(frame.notna(), None).to_numpy().tolist()
            )
        return {
            group: spec
            for group, spec in found.items()
            if spec.name in self.known.groups
            and group not in anew
            and (LOOKED_UP not in group.reads or self.roles == self.known.roles)
            and sum(changes.tables[t.name].written + changes.tables[t.name].lost for t in spec.tables) <= most
        }

    def remember(self, target: psycopg.Connection, delta: "Delta | None") -> None:
        """Put down the ties of what was derived, and of groups of which none stand yet. Errors: SourceError."""
        partly = delta.kin if delta else {}
        for each in partly.values():
            each.renew(target)
        again = {group for group in delta.groups if group not in partly} if delta else set()
        fresh = [spec for spec in self.all if spec.group in again or spec.name not in self.known.groups]
        if fresh:
            target.execute(MAKE_KNOWN)
            with self.work.sessions.lend("source") as source:
                for spec in fresh:
                    self._put_down(source, target, spec)
        self.fresh = {spec.name for spec in fresh}

    def committed(self) -> None:
        """What was put down stands."""
        self.known.groups |= self.fresh
        self.known.roles = self.roles

    def _put_down(self, source: psycopg.Connection, target: psycopg.Connection, spec: Spec) -> None:
        names = [table.name for table in spec.tables]
        target.execute(sql.SQL("delete from {} where legacy_table = any ({})").format(KNOWN, sql.Literal(names)))
        for table in spec.tables:
            query = sql.SQL("select distinct {}, {}, tie from {} as t, pg_catalog.unnest({}) as tie").format(
                sql.Literal(table.name),
                sql.SQL(legacy_key(table.table)),
                sql.Identifier(self.work.plan.source_schema, table.name),
                sql.SQL(table.array),
            )
            copy(source, target, query, KNOWN)
        target.execute(sql.SQL("analyze {}").format(KNOWN))
