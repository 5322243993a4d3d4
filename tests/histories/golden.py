"""Plays histories of golden cases: shapes of databases that nobody thought of when a history's own were written.

Of each the build is made from some of its rows; then it follows whatever may happen to them, and in the end, now and
then, it is cut over. After each round build and books are those of a fresh build of the same snapshot.

Laws
- What a round refuses, a fresh build of that snapshot refuses too, in the same words; and the build goes on to follow.
- What cannot be followed is made anew, and compared again.
"""

import contextlib
import random
import re
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from psycopg import sql

from config.errors import MigrateError, VerificationFailed
from config.settings import Settings
from engine import run, sync
from engine.books import bookkeeping
from engine.cutover.cutover import Cutting, cutover
from engine.following.round import Anew
from engine.following.session import Following
from engine.session import snapshot
from engine.session.stop import STOP
from engine.start.options import Options
from flows.runs import work
from tests.golden.cases import CASES, settings_of
from tests.histories import altering, oracle
from tests.histories.compare import Side, differences
from tests.histories.history import History
from tests.histories.playing import RARE, SIZES, Databases, Played, against_fresh, built, following
from tests.support.auditors import reconciling

LARGE = ("many_chunks",)  # its rows take minutes
FOLLOWED = [c for c in CASES if not (c / "refused.txt").exists() and c.name not in LARGE]
STEPS, ROUNDS = 8, 2
GONE = (0.0, 0.0, 0.3, 0.7, 1.0)  # shares of the rows that are not there yet as the build is made
ALTERED = 0.12  # of the rounds, before which the catalogue changes
CUT = 0.3  # of the histories, which end so
BUDGET = 60.0
ANEW = 4  # times at most that a history begins anew
RUNS = re.compile(r"\b\d{8}-\d{6}-\w+|test_\w+|\bg\d+[a-z]?\b")


def name_of(case: Path) -> str:
    return f"{case.parent.name}/{case.name}"


def play(case: Path, source: str, target: str, empty: Databases, seed: str, rounds: int = ROUNDS) -> Played:
    """A history of this case. source, target: URLs of empty databases. Errors: psycopg.Error of the case's own SQL."""
    began, played = time.monotonic(), Played()
    with psycopg.connect(source, autocommit=True) as conn:
        conn.execute((case / "source.sql").read_text(encoding="utf-8"))
    settings = settings_of(case, source, target).model_copy(update={"retry_seconds": 0})
    with psycopg.connect(source, autocommit=True) as conn:
        _Case(settings, conn, empty, random.Random(f"{name_of(case)} {seed}"), played).play(rounds)
    played.seconds = time.monotonic() - began
    return played


@dataclass
class _Case:
    """One history. conn: on the source."""

    settings: Settings
    conn: psycopg.Connection
    empty: Databases
    rng: random.Random
    played: Played
    run_id: str = ""
    anew: int = 0

    def play(self, rounds: int) -> None:
        played, rng = self.played, self.rng
        with self._history() as history:
            history.thin(rng.choice(GONE))
        try:
            self.run_id = built(self.settings)
        except MigrateError as error:
            played.ends[f"not built: {said(error)}"] += 1
            return
        while played.rounds < rounds and not played.faults:
            self._follow(rounds)
        if not played.faults and rng.random() < CUT:
            played.faults = self._cut()

    @contextlib.contextmanager
    def _history(self) -> Iterator[History]:
        """Of the catalogue as it is now."""
        with History(self.conn, self.settings.source_schema, self.rng) as history:
            yield history
            self.played.done += history.settle()
            self.played.refused += history.refused
            self.played.reached.written += history.writes.written
            self.played.reached.tables |= {table.name for table in history.writes.tables}

    def _follow(self, rounds: int) -> None:
        """Rounds until so many are played, a fault is found, or the build has to be made anew."""
        played, done = self.played, Counter[str]()
        try:
            with self._history() as history, following(self.settings, self.run_id) as session:
                while played.rounds < rounds and not played.faults:
                    done = history.step(round(self.rng.choice(SIZES) * STEPS))
                    if self.rng.random() < RARE:
                        done += history.rare()
                    if self.rng.random() < ALTERED:
                        done += altering.alter(self.conn, self.settings.source_schema, self.rng)
                    found = self._round(session)
                    played.rounds += 1
                    played.faults = [f"round {played.rounds}, after {dict(done)}", *found] if found else []
                    played.done += done
        except Anew as why:
            played.done += done
            altered = ", ".join(what for what in done if what.startswith("altered"))
            played.ends[f"anew, {altered or f'after {dict(done)}'}: {why}"] += 1
            self.anew += 1
            if self.anew > ANEW:
                played.faults = [f"begins anew for the {self.anew}th time: {why}"]
            else:
                self._begin_anew()

    def _round(self, session: Following) -> list[str]:
        """What a round has made otherwise than a fresh build, or refuses where that does not."""
        with session.snapshot() as held:
            try:
                session.round(held)
            except MigrateError as error:
                return self._refused("a round", error)
            return against_fresh(session, held, self.empty)

    def _begin_anew(self) -> None:
        try:
            sync.sync(self.settings, sync.Following(run_id=self.run_id, rounds=1))
        except MigrateError as error:
            self.played.faults = self._refused("making it anew", error)
            self.played.rounds += 1

    def _refused(self, what: str, error: MigrateError) -> list[str]:
        """Nothing, where a fresh build says the same."""
        self.played.ends[f"refused: {said(error)}"] += 1
        try:
            with snapshot.hold(self.settings.source) as held:
                oracle.build(oracle.into(self.settings, self.empty()), held.name, datetime.now(UTC))
        except MigrateError as other:
            if said(other) == said(error):
                return []
            return [f"{what} says: {said(error)}", f"a fresh build says: {said(other)}"]
        return [f"{what} says: {said(error)}; a fresh build is made"]

    def _judged_otherwise(self, error: VerificationFailed) -> list[str]:
        """Nothing, where a fresh run is refused by its gates, too."""
        fresh = oracle.into(self.settings, self.empty())
        try:
            run.migrate(fresh, Options(auditor=reconciling(fresh)))
        except VerificationFailed:
            return []
        return [f"a cut-over says: {said(error)}", "a fresh run is published"]

    def _cut(self) -> list[str]:
        """What a cut-over has published otherwise than a fresh build."""
        settings, played = self.settings, self.played
        with self._history() as history:
            history.step(STEPS)
        try:
            with work.delta_auditor(settings, STOP) as judge:
                cutover(settings, Cutting(auditor=reconciling(settings), delta_auditor=judge, budget=BUDGET))
        except MigrateError as error:
            played.ends[f"not cut over: {said(error)}"] += 1
            return self._judged_otherwise(error) if isinstance(error, VerificationFailed) else []
        played.ends["cut over"] += 1
        with contextlib.suppress(psycopg.errors.InvalidSchemaName):  # a superuser is fenced off by another name
            back = sql.SQL("alter schema {} rename to {}")
            names = (f"{settings.source_schema}__retired", settings.source_schema)
            self.conn.execute(back.format(*map(sql.Identifier, names)))
        with psycopg.connect(settings.target.conninfo, autocommit=True) as conn, snapshot.hold(settings.source) as held:
            instant = bookkeeping.run(conn, self.run_id).created_at
            live = Side(conn, settings.target_schema, "legacy_archive", self.run_id)
            with oracle.fresh(settings, self.empty(), held.name, instant) as fresh:
                return [f"published: {line}" for line in differences(live, fresh)]


def said(error: MigrateError) -> str:
    """Without what names this run."""
    return RUNS.sub("…", str(error))
