"""Several sessions that write to the staging copy at a rate, as the old application would, and know what they wrote.

Laws
- Nothing is written before the staging database's books have proven that the schema is a copy of ours.
- The copy's rows are divided among the sessions, so that of one row's writes the last one is known.
"""

import itertools
import random
import threading
import time
import zlib

from config.errors import ConfigError, StagingError
from config.postgres.connection import Connection
from config.settings import Settings
from engine.reflect import catalog
from engine.session import connect, servers
from engine.session.blame import blame
from engine.session.servers import ServerInfo
from engine.session.stop import Stop
from engine.staging import books
from engine.staging.writer import statements
from engine.staging.writer.sessions import Pace, Rows, Session, opened
from engine.staging.writer.written import Key, Log, Written

SESSIONS, GRACE_SECONDS = 4, 10.0


class Writer:
    """Writes from `start` to `stop`. rate: transactions a second, of all sessions together. stop: ends it too.

    place: a database that the caller vouches for, in the place of the staging copy; only tests have one.
    """

    def __init__(
        self,
        settings: Settings,
        rate: float = 100.0,
        stop: Stop | None = None,
        *,
        sessions: int = SESSIONS,
        place: Connection | None = None,
        seed: int | None = None,
    ):
        self._settings, self._place, self._count = settings, place, sessions
        self._rng = random.Random(seed)  # noqa: S311  # no secret
        self._cancel = Stop()
        self._pace = Pace(sessions / rate, threading.Event(), stop or Stop(), self._cancel)
        self._threads: list[threading.Thread] = []
        self.log = Log(sessions)

    def start(self) -> None:
        """Errors: ConfigError where there is no copy of ours; StagingError."""
        place = self._place or self.proven(is_to_be_written=True)
        reading = blame(StagingError, "reading the copy", self._pace.asked)
        with opened(place, self._settings, self._pace.asked) as conn, reading:
            tables = statements.of(catalog.reflect(conn, self._settings.source_schema))
            keys = {name: statements.sampled(conn, table) for name, table in tables.items()}
        if not any(keys.values()):
            raise ConfigError(f"schema {self._settings.source_schema} has no row to write like; stage a copy with rows")
        self.log = Log(self._count)
        base = self._rng.randrange(1_000_000, 10_000_000)
        for number in range(self._count):
            own = {name: [key for key in found if _whose(key, self._count) == number] for name, found in keys.items()}
            numbers = itertools.count(base + number, self._count)
            rng = random.Random(self._rng.random())  # noqa: S311  # no secret
            session = Session(place, self._settings, self._pace, self.log, Rows(tables, own, numbers, rng))
            self._threads.append(threading.Thread(target=session.run, name=f"writer {number}", daemon=True))
        for thread in self._threads:
            thread.start()

    def stop(self) -> Written:
        """End all sessions, those that still wait after a grace too; what was written. A second call says the same."""
        self._pace.over.set()
        until = time.monotonic() + GRACE_SECONDS
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
        self._cancel.set()
        for thread in self._threads:
            thread.join()
        self.log.end()
        return self.log.written()

    def __enter__(self) -> "Writer":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def proven(self, *, is_to_be_written: bool = False) -> Connection:
        """The staging database, once its books say that its schema is a copy that has ended well. is_to_be_written:
        they say that, too, from now on.

        Errors: ConfigError where it is none; StagingError.
        """
        settings, place = self._settings, self._settings.staging
        reading = blame(StagingError, "reading the copy's books", self._pace.asked)
        with connect.staging(place, self._pace.asked) as conn, reading:
            row = conn.execute(books.OID, [settings.source_schema]).fetchone()
            copy = books.latest(conn, settings.source_schema, row[0]) if row else None
            if copy is None or ServerInfo(**copy.source_identity).is_same_database(servers.info(conn)):
                raise ConfigError(
                    f"schema {settings.source_schema} at {place.redacted} is no copy that `nxtgauge-migrate stage` "
                    "made, and nothing is written to it; set NXTGAUGE_STAGING_URL to the staging database, and stage a "
                    "copy"
                )
            if copy.state != "proven" and (copy.state != "copied" or copy.is_masked):
                raise ConfigError(
                    f"the staging copy {copy.copy_id} is {copy.state}; `nxtgauge-migrate stage` makes it anew"
                )
            if is_to_be_written:
                books.mark_written(conn, copy)
        return place


def _whose(key: Key, sessions: int) -> int:
    """The number of the session that writes to this row."""
    return zlib.crc32(key.text.encode()) % sessions
