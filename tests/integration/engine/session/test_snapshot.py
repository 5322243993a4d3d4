"""The snapshot that all sessions share."""

import pytest

from config.errors import SourceError
from engine.session import connect, snapshot


class TestSnapshot:
    def test_all_sessions_see_what_its_holder_saw(self, writer, here):
        writer.execute("create table t (id int); insert into t values (1)")
        with snapshot.hold(here) as taken, connect.source(here) as reader, connect.adbc_source(here) as arrow:
            writer.execute("insert into t values (2)")
            for _ in range(2):  # a session joins again for each chunk
                taken.join(reader)
                taken.join(arrow)
                assert reader.execute("select count(*) from public.t").fetchone() == (1,)
                with arrow.cursor() as cursor:
                    cursor.execute("select count(*) from public.t")
                    assert cursor.fetchall() == [(1,)]
                reader.rollback()
                arrow.rollback()
            assert reader.execute("select count(*) from public.t").fetchone() == (2,)

    def test_it_dies_with_its_holder_and_says_so(self, writer, here):
        with snapshot.hold(here) as taken, connect.source(here) as reader, connect.adbc_source(here) as arrow:
            taken.check()
            writer.execute("select pg_terminate_backend(%s)", [taken.holder.info.backend_pid])
            with pytest.raises(SourceError) as caught:
                taken.check()
            assert caught.value.retryable
            for conn in (reader, arrow):
                with pytest.raises(SourceError, match="holder's session"):
                    taken.join(conn)
