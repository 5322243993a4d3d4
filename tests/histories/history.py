"""Random histories of a legacy database: whatever may happen to its rows, by several sessions at once, from one seed.

Laws
- One seed over the same rows makes the same history.
- A statement that a constraint refuses, or that would have to wait, is undone by its savepoint and left out.
- Transactions stay open from one call to the next, and may be prepared; `close` ends them all.
"""

import contextlib
import random
from collections import Counter
from collections.abc import Callable

import psycopg
from psycopg import sql

from config.postgres.quoting import quoted
from tests.histories import legacy
from tests.histories.kinds import WRITES, write
from tests.histories.legacy import SMALL_ROWS, Rows
from tests.histories.writes import NotApplicable, Writes

REFUSED = (psycopg.errors.IntegrityError, psycopg.errors.DataError, psycopg.errors.OperationalError,
           psycopg.errors.InternalError, psycopg.errors.ProgrammingError)  # fmt: skip
WAIT = "-c lock_timeout=100ms -c application_name=history"
LONG, MOST_WRITES = 2, 4
MOST_EMPTIED = 2  # tables that a TRUNCATE takes along
KINDS = (*WRITES,)
PREPARED = "select gid from pg_prepared_xacts where database = current_database() and gid like 'history%'"


class History:
    """A history of one schema. refused: why statements were left out, by SQLSTATE.

    What it counts: every kind of tests.histories.kinds.WRITES, and `released`, `rolled back`, `left open`,
    `ended late`, `given up late`, `prepared`, `truncated`, `vacuumed full`, `vacuumed`, `frozen`,
    `clustered`.
    """

    def __init__(self, conn: psycopg.Connection, schema: str, seed: int | str | random.Random):
        """conn: a session in autocommit of somebody who may write; more are opened like it."""
        self.conn, self.schema = conn, schema
        self.rng = seed if isinstance(seed, random.Random) else random.Random(seed)
        self.writes = Writes(legacy.read(conn, schema), self.rng)
        self.refused: Counter[str] = Counter()
        self._sessions = [self._opened() for _ in range(LONG + 1)]
        self._open: dict[int, Counter[str]] = {}  # what long transactions have done so far
        ((prepares,),) = self._short.execute("show max_prepared_transactions").fetchall()
        self._may_prepare = prepares != "0"

    def _opened(self) -> psycopg.Connection:
        info = self.conn.info
        return psycopg.connect(info.dsn, password=info.password or None, autocommit=True, options=WAIT)

    @property
    def _short(self) -> psycopg.Connection:
        return self._sessions[LONG]

    def __enter__(self) -> "History":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Roll back what is open, and end the sessions."""
        for session in self._sessions:
            session.close()
        for (gid,) in self.conn.execute(PREPARED).fetchall():
            self.conn.execute(sql.SQL("rollback prepared {}").format(sql.Literal(gid)))

    def step(self, transactions: int) -> Counter[str]:
        """So many transactions; how often each kind of change was committed, or begun, in them."""
        done: Counter[str] = Counter()
        for _ in range(transactions):
            kind = self.rng.random()
            if kind < 0.70:
                done += self._transaction(self._short)
            elif kind < 0.92:
                done += self._long(self.rng.randrange(LONG))
            elif kind < 0.97:
                done += self._prepared() if self._may_prepare else self._transaction(self._short)
            else:
                done += self.rare()
        return done

    def clear(self, tables: int) -> None:
        """Empty so many tables; some of their rows come back later, perhaps."""
        for _ in range(tables):
            with contextlib.suppress(*REFUSED, NotApplicable):
                write(self.writes, self._short, "cleared")

    def thin(self, share: float) -> None:
        """Delete some of the rows of each table, as far as that is allowed; they come back later, perhaps."""
        for table in self.writes.tables:
            for _ in range(round(share * table.count)):
                with contextlib.suppress(*REFUSED, NotApplicable), self._short.transaction():
                    self.writes.delete(self._short, table, self.writes.row(self._short, table))

    def settle(self) -> Counter[str]:
        """End what is open, one way or the other; what was committed by that."""
        done: Counter[str] = Counter()
        for number in [*self._open]:
            done += self._end(number)
        for (gid,) in self.conn.execute(PREPARED).fetchall():
            self.conn.execute(sql.SQL("commit prepared {}").format(sql.Literal(gid)))
        return done

    def _transaction(self, session: psycopg.Connection) -> Counter[str]:
        session.execute("begin")
        done = self._work(session)
        return done if self._committed(session) else Counter()

    def _work(self, session: psycopg.Connection) -> Counter[str]:
        """Some writes, each in a savepoint, which may have another one in it."""
        done: Counter[str] = Counter()
        for _ in range(self.rng.randrange(1, MOST_WRITES)):
            if self.rng.random() < 0.15:
                done += self._nested(session)
            else:
                done += self._write(session)
        return done

    def _nested(self, session: psycopg.Connection) -> Counter[str]:
        is_undone, written = self.rng.random() < 0.4, self.writes.written.copy()
        with session.transaction(force_rollback=is_undone):
            inner = self._write(session) + self._write(session)
        if is_undone:
            self.writes.written = written
        if not inner:
            return inner
        return Counter({"rolled back": 1}) if is_undone else inner + Counter({"released": 1})

    def _write(self, session: psycopg.Connection) -> Counter[str]:
        kind = self.rng.choice(KINDS)
        gone, written = list(self.writes.gone), self.writes.written.copy()
        try:
            with session.transaction():
                return Counter({kind: 1} if write(self.writes, session, kind) else {})
        except REFUSED as error:
            self.refused[f"{kind} {error.sqlstate}"] += 1
            self.writes.gone, self.writes.written = gone, written
            return Counter()

    def _committed(self, session: psycopg.Connection) -> bool:
        try:
            session.execute("commit")
        except REFUSED as error:  # a deferred constraint
            self.refused[f"commit {error.sqlstate}"] += 1
            return False
        return True

    def _long(self, number: int) -> Counter[str]:
        """A transaction that begins, goes on or ends."""
        session = self._sessions[number]
        if number in self._open and self.rng.random() < 0.3:
            return self._end(number)
        begun = Counter({"left open": 1} if number not in self._open else {})
        if begun:
            session.execute("begin")
        self._open[number] = self._open.get(number, Counter()) + self._work(session)
        return begun

    def _end(self, number: int) -> Counter[str]:
        done, session = self._open.pop(number), self._sessions[number]
        if self.rng.random() < 0.7 and self._committed(session):
            return done + Counter({"ended late": 1})
        session.execute("rollback")
        return Counter({"given up late": 1})

    def _prepared(self) -> Counter[str]:
        """End a prepared transaction of an earlier step, or begin one."""
        if there := self.conn.execute(PREPARED).fetchall():
            how = self.rng.choice(["commit", "commit", "rollback"])
            self.conn.execute(sql.SQL(f"{how} prepared {{}}").format(sql.Literal(there[0][0])))
            return Counter({"prepared": 1})
        self._short.execute("begin")
        self._work(self._short)
        gid = sql.Literal(f"history{self.writes.number}")
        try:
            self._short.execute(sql.SQL("prepare transaction {}").format(gid))
        except REFUSED as error:
            self.refused[f"prepare {error.sqlstate}"] += 1
        return Counter()

    def rare(self) -> Counter[str]:
        """What needs a table for itself, and must not wait for those who write."""
        kinds: dict[str, Callable[[Rows], str]] = {
            "truncated": self._truncate,
            "vacuumed full": lambda table: "vacuum full {}",
            "frozen": lambda table: self.rng.choice(["vacuum (freeze) {}", "vacuum (freeze, full) {}"]),
            "vacuumed": lambda table: self.rng.choice(["vacuum {}", "vacuum"]),
            "clustered": _cluster,
        }
        kind = self.rng.choice([*kinds])
        suits = _may_empty if kind == "truncated" else bool
        with contextlib.suppress(*REFUSED, NotApplicable):
            table = self.writes.table(suits)
            statement = sql.SQL(kinds[kind](table)).format(sql.Identifier(self.schema, table.name))
            self._short.execute(statement)
            self.writes.written[kind, table.name, "delete" if kind == "truncated" else kind] += 1
            return Counter({kind: 1})
        return Counter()

    def _truncate(self, table: Rows) -> str:
        """Some of its rows are kept, and come back. What refers to it is emptied too."""
        for row in self.writes.rows(self._short, table, min(3, table.count)):
            self.writes.gone.append(self.writes.fetched(self._short, table, row))
        return self.rng.choice(["truncate {} cascade", "truncate {} restart identity cascade"])


def _may_empty(table: Rows) -> bool:
    """Whether little is lost by it."""
    return 0 < table.count <= SMALL_ROWS and len({r.table for r in table.referring}) <= MOST_EMPTIED


def _cluster(table: Rows) -> str:
    """Errors: NotApplicable without a primary key."""
    names = [c.name for c in table.shape.constraints if c.kind == "p"]
    if not names:
        raise NotApplicable
    return f"cluster {{}} using {quoted(names[0])}"
