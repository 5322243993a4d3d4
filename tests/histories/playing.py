"""Plays histories: a build follows its source through random rounds, and each is compared with a fresh build."""

import contextlib
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import psycopg

from config import settings as configuration
from config.settings import Settings
from engine import sync
from engine.books import bookkeeping
from engine.following import session as sessions
from engine.following.hanging import Known
from engine.following.round import Anew, Told
from engine.following.session import Following
from engine.planning.plan import Plan
from engine.session.execution import Silent, Threads
from engine.session.snapshot import Snapshot
from tests.histories import oracle
from tests.histories.compare import Side, differences
from tests.histories.history import History
from tests.histories.reach import Reached, Standing, became

RARE = 0.3  # of the rounds, before which a table is rewritten, or emptied
SIZES = (0.25, 1, 3)  # a round has so many times the transactions that were asked for
CLEARED = 6  # tables that are empty as a build in the midst of a history begins
Databases = Callable[[], str]  # makes an empty database; its URL


@dataclass
class Played:
    """What came of a history. faults: differences, with the round; done: how often each kind of change was made;
    anew: why the build began anew, which ends a history; ends: what golden cases came to, and how often; reached: what
    was written where, and what became of rows."""

    rounds: int = 0
    faults: list[str] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    anew: str = ""
    ends: Counter[str] = field(default_factory=Counter)
    reached: Reached = field(default_factory=Reached)
    seconds: float = 0.0


def settings_of(source: str, target: str) -> Settings:
    return configuration.load("demo", {"NXTGAUGE_SOURCE_URL": source, "NXTGAUGE_TARGET_URL": target})


def built(settings: Settings) -> str:
    """A build of the source as it is; its run's id."""
    return sync.sync(settings, sync.Following(rounds=0)).run_id


@contextlib.contextmanager
def following(settings: Settings, run_id: str, *, is_partly: bool = False) -> Iterator[Following]:
    """is_partly: of groups only what hangs together with what was written is derived."""
    known = Known() if is_partly else None
    with sessions.following(settings, run_id, Threads(2), Silent(), known=known) as session:
        yield session


def compared(session: Following, empty: Databases) -> tuple[Told, list[str]]:
    """One round, and what a fresh build of its snapshot has otherwise."""
    with session.snapshot() as held:
        work, told = session.round(held)
        return told, against_fresh(session, held, empty, work.plan)


def against_fresh(session: Following, held: Snapshot, empty: Databases, plan: Plan | None = None) -> list[str]:
    """What a fresh build of the snapshot has otherwise. plan: that of the round, if a fresh build goes by it too."""
    settings, conn = session.settings, session.conn
    build = bookkeeping.build(conn, session.run.run_id)
    side = Side(conn, build.name, "legacy_archive__build", session.run.run_id)
    with oracle.fresh(settings, empty(), held.name, session.run.created_at, plan) as fresh:
        return differences(side, fresh)


def play(
    settings: Settings,
    empty: Databases,
    number: int,
    rounds: int,
    steps: int,
    before: int = 0,
    *,
    is_partly: bool = False,
) -> Played:
    """A history of so many rounds, of so many transactions each. before: those that come before the build is made;
    then some tables are emptied; 0: it is made, or was made, of the source as it is. is_partly: see following. Errors:
    those of a round."""
    began, played = time.monotonic(), Played()
    source = settings.source.conninfo
    with psycopg.connect(source, autocommit=True) as conn, History(conn, "public", number) as history:
        if before:
            played.done += history.step(before)
            history.clear(CLEARED)
        run_id = built(settings)
        try:
            with following(settings, run_id, is_partly=is_partly) as session:
                while played.rounds < rounds and not played.faults:
                    done = history.step(round(history.rng.choice(SIZES) * steps))
                    if history.rng.random() < RARE:
                        done += history.rare()
                    played.done += done
                    stood = Standing.of(session.conn, run_id)
                    with session.snapshot() as held:
                        work, told = session.round(held)
                        found = against_fresh(session, held, empty, work.plan)
                        stands = Standing.of(session.conn, run_id)
                        played.reached.became += became(stood, stands, work.plan, held.holder)
                    played.rounds += 1
                    played.faults = [f"round {told.number}, after {dict(done)}", *found] if found else []
        except Anew as why:
            played.anew = str(why)
        played.refused = history.refused
        played.reached.written += history.writes.written
        played.reached.tables |= {table.name for table in history.writes.tables}
    played.seconds = time.monotonic() - began
    return played
