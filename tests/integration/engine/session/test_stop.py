"""A request to stop ends what runs, and lets nothing begin."""

import threading
import time

import pytest

from config.errors import Interrupted, SourceError
from engine.session import connect
from engine.session.blame import blame
from engine.session.stop import Stop


class TestStop:
    @pytest.mark.parametrize("name", ["source", "adbc_source", "adbc_stream"])
    def test_running_queries_are_cancelled_from_another_thread(self, here, name):
        stop, opening = Stop(), connect.source if name == "source" else connect.adbc_source
        threading.Timer(0.3, stop.set).start()
        started = time.monotonic()
        with (
            pytest.raises(Interrupted) as caught,
            opening(here, stop) as conn,
            conn.cursor() as cursor,
            blame(SourceError, "reading", stop),
        ):
            if name == "adbc_stream":  # broken off within the rows, where the error is pyarrow's
                cursor.execute("select g, repeat('x', 99) from generate_series(1, 100000000) g")
                for _ in cursor.fetch_record_batch():
                    pass
            cursor.execute("select pg_sleep(20)")
            cursor.fetchall()  # ADBC only begins the query before
        assert time.monotonic() - started < 15 and caught.value.exit_code == 130

    def test_a_query_that_starts_after_the_request_is_cancelled_too(self, here):
        stop = Stop()
        with connect.source(here, stop) as conn:
            stop.set()
            time.sleep(0.05)
            started = time.monotonic()
            with pytest.raises(Interrupted), blame(SourceError, "reading", stop):
                conn.execute("select pg_sleep(20)")
            assert time.monotonic() - started < 15

    def test_no_session_opens_after_the_request(self, here):
        stop = Stop()
        stop.check()
        stop.set()
        assert stop.is_set()
        for opening in (connect.source, connect.adbc_target):
            with pytest.raises(Interrupted), opening(here, stop):
                pass
        with connect.target(here) as conn:  # as marking the run needs
            assert conn.execute("select 1").fetchone() == (1,)

    def test_an_error_without_a_request_stays_an_error(self, here, writer):
        stop = Stop()
        with connect.source(here, stop) as conn:
            threading.Timer(
                0.3, lambda: writer.execute("select pg_cancel_backend(%s)", [conn.info.backend_pid])
            ).start()
            with pytest.raises(SourceError, match="somebody cancelled"), blame(SourceError, "reading", stop):
                conn.execute("select pg_sleep(20)")
