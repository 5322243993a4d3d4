"""The pump between two COPY statements: what comes out is what went in, of any size."""

import psycopg
import pytest

from engine.chunks import pump
from engine.session.stop import Stop
from engine.session.throttle import Throttle

SIZES = (1, pump.GATHER_BYTES * 5, 1, 1, pump.GATHER_BYTES + 1, pump.GATHER_BYTES * 2, 7)


@pytest.mark.parametrize("form", ["binary", "text"])
def test_rows_larger_than_what_is_gathered_pass_in_their_order(database, form):
    with psycopg.connect(database()) as source, psycopg.connect(database()) as target:
        for conn in (source, target):
            conn.execute("create table items (place int, body text)")
        for place, size in enumerate(SIZES):
            source.execute("insert into items values (%s, repeat('x', %s))", [place, size])
        with target.cursor().copy(f"copy items from stdin (format {form})") as sink:
            out = f"copy (select * from items order by place) to stdout (format {form})"
            size = pump.pump(Throttle(0, Stop()), source, "items", out, sink)
        found = target.execute("select place, length(body), body ~ '^x+$' from items order by ctid").fetchall()
    assert found == [(place, size, True) for place, size in enumerate(SIZES)]
    assert size > sum(SIZES)
