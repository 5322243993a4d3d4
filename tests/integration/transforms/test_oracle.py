"""Second opinions on 20,000 seeded rows: what was published holds what the oracle says (tests/support/oracle), and is,
in every table and column, what SQL makes that was written by hand (tests/benchmarks/contenders/by_hand.sql)."""

import re
from dataclasses import replace

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from config import settings as configuration
from engine.start.options import Options
from tests.benchmarks.contenders import by_hand, copying
from tests.benchmarks.contenders.contender import Place
from tests.benchmarks.measuring import meters
from tests.benchmarks.measuring.server import Server
from tests.support.auditors import reconciling
from tests.support.oracle import comparing

pytestmark = pytest.mark.story  # the last but one breaks what was published, and the last is rid of the contender
ROWS = 20_000
SINCE = "2026-01-01"  # later than anything in the seed, earlier than any run
POSTMASTER = "select (string_to_array(pg_read_file('postmaster.pid'), E'\\n'))[1]::integer"


@pytest.fixture(scope="module")
def place(module_database, tmp_path_factory) -> Place:
    """A legacy database, and one for contenders to fill."""
    from flows.demo.seed import seed

    source, target = module_database(), module_database()
    seed(source, rows=ROWS)
    with psycopg.connect(source) as conn:
        ((postmaster,),) = conn.execute(POSTMASTER).fetchall()
    address = re.sub(r"/test_\w+", "/{database}", source)
    return Place(Server(tmp_path_factory.mktemp("bench"), postmaster, address), 2, _name(source), _name(target))


@pytest.fixture(scope="module")
def published(place, module_database) -> str:
    """Name of the migrated database."""
    from engine.run import migrate

    target = module_database()
    settings = configuration.load("demo", {"NXTGAUGE_SOURCE_URL": place.legacy, "NXTGAUGE_TARGET_URL": target})
    migrate(settings, Options(auditor=reconciling(settings)))
    return _name(target)


def _name(url: str) -> str:
    return str(conninfo_to_dict(url)["dbname"])


def test_target_agrees_with_the_oracle(place, published):
    found = comparing.compared(place.legacy, place.server.url(published))
    assert not found["faults"], "\n" + "\n".join(found["faults"])
    assert all(found["tables"].values())


def test_target_is_what_sql_by_hand_makes(place, published):
    ddl = by_hand.dump_schemas(place.server, published)
    found = by_hand.compared(replace(place, ddl=ddl), published, SINCE)
    assert not found["faults"], "\n" + "\n".join(found["faults"])
    assert found["tables"]["nxtgauge.users"] == found["tables"]["nxtgauge.user_settings"] > 1000


def test_what_is_not_so_is_found(place, published):
    place.server.rows("update nxtgauge.orders set coupon_id = null", published)
    place.server.rows("update nxtgauge.email_logs set opens = opens + 1 where id = 7", published)
    (fault,) = comparing.compared(place.legacy, place.server.url(published))["faults"]
    assert fault.startswith("orders: ")
    faults = by_hand.differences(place, published, SINCE)["faults"]
    assert [fault.split(":")[0] for fault in faults] == ["nxtgauge.email_logs", "nxtgauge.orders"]
    assert faults[0].endswith("other columns: opens")


def test_a_contender_is_measured_on_both_sides(place):
    place.server.create(place.target_name)
    with meters.measured(place.server) as found:
        copying.dump_and_restore(place)
    copying.remove_dump(place)
    assert found.wall_seconds > 0 < found.client_cpu_seconds
    assert found.server_cpu_seconds > found.client_cpu_seconds / 100
    assert found.wal_bytes > 1_000_000 < found.peak_bytes
    assert found.statements is None
