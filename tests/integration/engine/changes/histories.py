"""Random histories of a small database: whatever may happen to rows, by several sessions at once, from one seed."""

import contextlib
import random

import psycopg

DDL = """
    create table parents (id int primary key, email text unique, price numeric(8, 2));
    create table children (id uuid primary key, parent int, note text);
    create table pairs (a numeric, b text, value int, primary key (b, a));
    create table "Odd ""table" ("the ""key" text primary key, "%s" int);
    create table parts (day int, id int, value text, primary key (day, id)) partition by list (day);
    create table parts_1 partition of parts for values in (1, 2);
    create table parts_2 partition of parts default;
    create table keyless (value int);
    create table heirs (primary key (id)) inherits (parents);
"""
ROWS = """
    alter table children add foreign key (parent) references parents on delete cascade on update cascade;
    insert into parents select n, concat('e', n), n from generate_series(1, 300) as n;
    insert into children select gen_random_uuid(), n, 'a' from generate_series(1, 300) as n;
    insert into pairs select n, 'x', 0 from generate_series(1, 200) as n;
    insert into "Odd ""table" select concat('k', n), n from generate_series(1, 100) as n;
    insert into parts select n % 4, n, 'v' from generate_series(1, 200) as n;
    insert into keyless select generate_series(1, 50);
    insert into heirs select n, concat('h', n), n from generate_series(1, 20) as n;
"""
TABLES = ("parents", "children", "pairs", 'Odd "table', "parts", "keyless", "heirs")

# {n}, {m}: numbers up to 400; {new}: one that never came before.
WRITES = (
    "insert into parents values ({new}, concat('n', {new}), 1)",
    "update only parents set price = price + 1 where id between {n} and {n} + 3",
    "update only parents set price = price where id = {n}",
    "update only parents set id = {new} where id = {n}",
    "delete from only parents where id = {n}",
    "update only parents as p set email = o.email || '-' from only parents as o where p.id = {n} and o.id = {m}",
    "insert into children select gen_random_uuid(), id, 'b' from only parents where id between {n} and {n} + 2",
    "update children set note = note || 'c' where parent = {n}",
    "delete from children where parent between {n} and {n} + 1",
    "insert into pairs values ({new}, 'y', 1)",
    "update pairs set a = a * 1.00 where a = {n}",
    "update pairs set value = value + 1 where a between {n} and {n} + 5",
    "delete from pairs where a = {n}",
    "delete from pairs where a = {n}; insert into pairs values ({n}, 'x', 7)",
    """insert into "Odd ""table" values (concat('k', {n}), 0) on conflict ("the ""key") do update set "%s" = 3""",
    """delete from "Odd ""table" where "the ""key" = concat('k', {n})""",
    "insert into parts values ({n} % 5, {new}, 'w')",
    "update parts set day = (day + 1) % 5, value = value || 'x' where id = {n}",
    "delete from parts where id = {n}",
    "insert into heirs values ({new}, concat('h', {new}), 1)",
    "update heirs set price = 3 where id = {n} % 20",
    "delete from heirs where id = {n} % 30",
    "insert into keyless values ({n})",
    "delete from keyless where value = {n}",
    "select id from only parents where id = {n} for update",
)
# What needs a table for itself, and must not wait for those who write.
RARE = (
    "truncate keyless",
    'truncate "Odd ""table"',
    "truncate parts_1",
    "vacuum full pairs",
    "vacuum (freeze) parents",
    "vacuum (freeze, full) children",
    "cluster pairs using pairs_pkey",
    "vacuum",
)


class History:
    """Two sessions that keep transactions open from one round to the next, and one that does not."""

    def __init__(self, url: str, rng: random.Random):
        self.rng, self.new = rng, 1000
        self.short = psycopg.connect(url, autocommit=True, options="-c lock_timeout=20ms")
        self.long = [psycopg.connect(url, options="-c lock_timeout=20ms") for _ in range(2)]
        self.short.execute(DDL)
        self.short.execute(ROWS)
        self.may_prepare = self.short.execute("show max_prepared_transactions").fetchone() != ("0",)

    def close(self) -> None:
        for session in (self.short, *self.long):
            session.close()

    def round(self) -> None:
        for _ in range(self.rng.randrange(12)):
            with contextlib.suppress(psycopg.errors.LockNotAvailable, psycopg.errors.IntegrityError):
                self._step()

    def _step(self) -> None:
        kind = self.rng.random()
        if kind < 0.05:
            self.short.execute(self.rng.choice(RARE))
        elif kind < 0.55:
            with self.short.transaction():
                self._work(self.short)
        elif kind < 0.9:
            self._go_on(self.rng.choice(self.long))
        elif self.may_prepare:
            self._prepare()

    def _go_on(self, session: psycopg.Connection) -> None:
        """A transaction that goes on, ends, or is rolled back."""
        try:
            self._work(session)
        except psycopg.Error:
            session.rollback()
            raise
        if self.rng.random() < 0.3:
            (session.commit if self.rng.random() < 0.7 else session.rollback)()

    def _prepare(self) -> None:
        """End a prepared transaction of an earlier round, or begin one."""
        open_ones = [
            name
            for (name,) in self.short.execute("select gid from pg_prepared_xacts where database = current_database()")
        ]
        if open_ones:
            self.short.execute(f"{self.rng.choice(['commit', 'rollback'])} prepared '{open_ones[0]}'")
            return
        self.new += 1
        with contextlib.suppress(psycopg.errors.LockNotAvailable, psycopg.errors.IntegrityError):
            self.short.execute("begin")
            self._write(self.short)
        ended = f"prepare transaction 'p{self.new}'"
        is_well = self.short.info.transaction_status == psycopg.pq.TransactionStatus.INTRANS
        self.short.execute(ended if is_well else "rollback")

    def _work(self, session: psycopg.Connection) -> None:
        """Some writes, each perhaps within savepoints that are released or rolled back."""
        for _ in range(self.rng.randrange(1, 4)):
            if self.rng.random() < 0.5:
                self._write(session)
                continue
            with session.transaction(force_rollback=self.rng.random() < 0.3):
                self._write(session)
                with session.transaction(force_rollback=self.rng.random() < 0.3):
                    self._write(session)

    def _write(self, session: psycopg.Connection) -> None:
        self.new += 1
        values = {"n": self.rng.randrange(400), "m": self.rng.randrange(400), "new": self.new}
        session.execute(self.rng.choice(WRITES).format(**values))
