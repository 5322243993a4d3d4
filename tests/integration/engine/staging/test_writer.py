"""The writer of a rehearsed cut-over: only a copy of ours is written to; what was acknowledged is there; no value is
told."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from config import settings as configuration
from config.errors import ConfigError
from engine import staging
from engine.run import migrate
from engine.session import connect
from engine.session.stop import Stop
from engine.staging import books
from engine.staging.writer import Writer, Written, lost
from engine.staging.writer.written import Key, Log
from engine.start.options import Options
from tests.support.auditors import trusting
from tests.support.copies import AS_IT_IS, ask, do, settings
from tests.support.failpoints.trial import legacy

ODD = """
    create type mood as enum ('good', 'bad');
    create table "Odd ""table" ("the ""key" text primary key, "%s" int, mood mood not null, at timestamptz unique);
    insert into "Odd ""table"
    select 'somebody@example.com ' || n, n, 'bad', timestamptz '2024-01-01' + n * interval '1 h'
    from generate_series(1, 50) n;
    create table pairs (a numeric, b varchar(40), twice numeric generated always as (a * 2) stored, primary key (b, a));
    insert into pairs select n, 'x' from generate_series(1, 50) n;
    create table holds (id bigint generated always as identity primary key, b varchar(40), a numeric, note text,
        foreign key (b, a) references pairs on delete cascade);
    insert into holds (b, a, note) select 'x', n, 'note' from generate_series(1, 50) n;
    create table parts (day int, id int, value text, primary key (day, id)) partition by list (day);
    create table parts_1 partition of parts for values in (1, 2);
    create table parts_2 partition of parts default;
    insert into parts select n % 4, n, 'v' from generate_series(1, 50) n;
    create table keyless (value int, note text);
    insert into keyless values (1, 'note');
    create table empty (id int primary key)
"""
TABLES = {'Odd "table', "pairs", "holds", "parts", "keyless"}
RATE = 200


@pytest.fixture
def url(database) -> str:
    url = database()
    do(url, ODD)
    return url


@contextmanager
def writing(url: str, **options) -> Iterator[Writer]:
    """Somebody vouches for this database."""
    given = settings(url, url)
    writer = Writer(given, RATE, place=given.staging, seed=7, **options)
    with writer:
        yield writer


def wait_for(writer: Writer, transactions: int) -> None:
    until = time.monotonic() + 60
    while writer.log.written().transactions < transactions:
        assert time.monotonic() < until, writer.log.written()
        time.sleep(0.02)


def keys(url: str, table: str, columns: str) -> set[tuple[str, ...]]:
    return {tuple(row) for (row,) in ask(url, f"select array[{columns}]::text[] from {table}")}


class TestWhatIsWritten:
    def test_what_was_acknowledged_is_there_and_what_was_deleted_is_not(self, url):
        with writing(url) as writer:
            wait_for(writer, 400)
        written = writer.stop()
        assert {*written.by_kind} == {"insert", "update", "delete"} and {*written.by_table} == TABLES
        assert sum(written.by_kind.values()) == len(written.acknowledged) >= written.transactions >= 400
        assert not written.errors and not written.doubtful and not written.forgotten
        there = {
            "pairs": keys(url, "pairs", "b, a::text"),
            "parts": keys(url, "parts", "day, id"),
            "holds": keys(url, "holds", "id"),
            'Odd "table': keys(url, '"Odd ""table"', '"the ""key"'),
        }
        for table, found in there.items():
            last = {write.key.columns: write.kind for write in written.acknowledged if write.table == table}
            assert {key for key, kind in last.items() if kind != "delete"} <= found
            assert not {key for key, kind in last.items() if kind == "delete"} & found

    def test_each_write_has_the_id_of_its_transaction(self, url):
        do(url, "create table numbered (id int primary key, value int)", "insert into numbered values (1, 1)")
        with writing(url) as writer:
            wait_for(writer, 300)
        written = writer.stop()
        found = {(str(key),): int(xmin) for key, xmin in ask(url, "select id, xmin::text from numbered")}
        last = {write.key.columns: write.xid for write in written.acknowledged if write.table == "numbered"}
        assert {key: last[key] % 2**32 for key in found if key in last} == {k: x for k, x in found.items() if k in last}

    def test_it_keeps_to_its_rate(self, url):
        with writing(url) as writer:
            time.sleep(3)
        written = writer.stop()
        assert RATE * 0.1 < written.rate < RATE * 1.1

    def test_no_value_of_a_row_is_told(self, url):
        with writing(url) as writer:
            wait_for(writer, 200)
        written = writer.stop()
        assert any("somebody@example.com" in write.key.text for write in written.acknowledged)
        told = [written, written.to_dict(), *written.acknowledged, *written.stalls]
        assert "somebody" not in " ".join(map(repr, told))

    def test_what_is_kept_is_bounded_and_counted(self):
        log = Log(1, kept=10)
        for number in range(25):
            log.acknowledge(log.began, [("t", "insert", Key((str(number),), str(number)), number)])
        written = log.written()
        assert (len(written.acknowledged), written.forgotten, written.by_kind) == (10, 15, {"insert": 25})


class TestWhatWritersSee:
    def test_a_lock_is_a_stall_and_no_error_and_no_burst_follows(self, url):
        with writing(url) as writer:
            wait_for(writer, 50)
            with psycopg.connect(url) as conn:
                conn.execute('lock table pairs, holds, parts, keyless, "Odd ""table" in share row exclusive mode')
                time.sleep(1.5)
                before = writer.log.written().transactions
            time.sleep(0.5)
            after = writer.log.written().transactions
        written = writer.stop()
        assert 1.3 < written.longest < 30 and 1.2 < written.gap < 30 and not written.errors
        assert written.stalls[0].ended == "acknowledged" and written.stalls[0].table in TABLES
        assert 0 < after - before < RATE

    def test_a_fence_is_told_by_its_sqlstate(self, url):
        with writing(url) as writer:
            wait_for(writer, 50)
            do(url, "alter schema public rename to retired")
            time.sleep(0.3)
            do(url, "alter schema retired rename to public")
            before = writer.log.written().transactions
            wait_for(writer, before + 50)
        written = writer.stop()
        assert {*written.errors} & {"42P01", "3F000", "42704"}

    def test_a_session_that_was_ended_is_opened_anew(self, url):
        with writing(url, sessions=2) as writer:
            wait_for(writer, 50)
            do(
                url,
                "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'nxtgauge-migrate'",
            )
            before = writer.log.written().transactions
            wait_for(writer, before + 50)
        assert {*writer.stop().errors} & {"57P01", "08006"}

    def test_who_waits_for_ever_is_cancelled_at_the_end(self, url, monkeypatch):
        monkeypatch.setattr("engine.staging.writer.writer.GRACE_SECONDS", 0.5)
        with psycopg.connect(url) as conn, writing(url) as writer:
            wait_for(writer, 20)
            conn.execute('lock table pairs, holds, parts, keyless, "Odd ""table" in share row exclusive mode')
            time.sleep(0.3)
            began = time.monotonic()
            written = writer.stop()
            assert time.monotonic() - began < 10
            assert not {write.at for write in written.acknowledged if write.at.timestamp() > time.time()}
        assert isinstance(written, Written)

    def test_a_request_to_stop_ends_it(self, url):
        stop = Stop()
        with writing(url, stop=stop) as writer:
            wait_for(writer, 20)
            stop.set()
            time.sleep(0.3)
            before = writer.log.written().transactions
            time.sleep(0.3)
            assert writer.log.written().transactions == before


class TestWhereItWrites:
    @pytest.fixture
    def copied(self, url, database):
        given = settings(url, database())
        staging.refresh(given, AS_IT_IS, None)
        return given

    def test_a_copy_of_ours_is_written_to(self, copied, url):
        before = [ask(url, f"select count(*), sum(hashtext(t::text)) from {table} t") for table in ("pairs", "parts")]
        with Writer(copied, RATE) as writer:
            wait_for(writer, 50)
        assert writer.stop().by_kind["insert"] > 0
        assert before == [ask(url, f"select count(*), sum(hashtext(t::text)) from {t} t") for t in ("pairs", "parts")]

    def test_nothing_else_is(self, copied):
        url = copied.staging_url.get_secret_value()
        identity = ask(url, "select system_identifier::text, d.oid::bigint from pg_control_system(), pg_database d "
                            "where datname = current_database()")[0]  # fmt: skip
        no_copy, anew = "is no copy that `nxtgauge-migrate stage` made", "`nxtgauge-migrate stage` makes it anew"
        state, as_it_was = "update nxtgauge_staging.copies set {}", "state = 'copied', is_masked = false"
        here = 'source_identity = source_identity || \'{{"system_identifier": "{}", "database_oid": {}}}\''
        for done, said, undone in (
            (state.format("state = 'failed'"), f"is failed; {anew}", state.format(as_it_was)),
            (state.format("state = 'running'"), f"is running; {anew}", state.format(as_it_was)),
            (state.format("is_masked = true"), f"is copied; {anew}", state.format(as_it_was)),
            ("alter schema public rename to was; create schema public; create table t (id int primary key)", no_copy,
             "drop schema public cascade; alter schema was rename to public"),
            ("alter schema nxtgauge_staging rename to was", no_copy, "alter schema was rename to nxtgauge_staging"),
            # the source, though it has been a copy
            (state.format(here.format(*identity)), no_copy, "truncate nxtgauge_staging.copies cascade"),
            ("select", no_copy, "select"),
        ):  # fmt: skip
            do(url, *done.split("; "))
            with pytest.raises(ConfigError, match=said):
                Writer(copied, RATE).start()
            do(url, *undone.split("; "))
        assert ask(url, "select count(*) from pairs") == [(50,)]

    def test_a_copy_without_rows_is_refused(self, database):
        source = database()
        do(source, "create table t (id int primary key)")
        given = settings(source, database())
        staging.refresh(given, AS_IT_IS, None)
        with pytest.raises(ConfigError, match="has no row to write like"):
            Writer(given, RATE).start()
        with connect.staging(given.staging) as conn:
            assert books.latest(conn, "public").state == "copied"


class TestLosses:
    def test_a_build_after_the_last_write_has_lost_nothing_and_what_is_taken_from_it_is_told(self, database):
        source, target = legacy(database()), database()
        do(source, ODD)
        urls = {"NXTGAUGE_SOURCE_URL": source, "NXTGAUGE_TARGET_URL": target}
        given, works = configuration.load("demo", urls), []
        with Writer(given, RATE, place=given.source, seed=11) as writer:
            wait_for(writer, 500)
        written = writer.stop()
        run = migrate(given, Options(auditor=trusting, begun=works.append))
        plan = works[0].plan
        last = {(w.table, w.key): w for w in written.acknowledged}
        with connect.target(given.target) as conn:
            told = lost(written, plan, conn, run.run_id)
            assert not told and told.judged > 100 and told.untold["keyless"] == written.by_table["keyless"]
            taken = [w for (table, _), w in last.items() if table == "pairs" and w.kind != "delete"][:3]
            back = next(w for (table, _), w in last.items() if table == "parts" and w.kind == "delete")
            for write in taken:
                conn.execute("delete from nxtgauge.pairs where b = %s and a = %s::numeric", write.key.columns)
            conn.execute("insert into nxtgauge.parts values (%s::int, %s::int, 'v')", back.key.columns)
            told = lost(written, plan, conn, run.run_id)
        assert told.missing == {"pairs": 3} and told.still == {"parts": 1}
        assert {*told.writes} == {*taken, back}
        assert "Key of" not in repr(told)
