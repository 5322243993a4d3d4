"""A second opinion on 20,000 seeded rows: what was published holds what the oracle says (tests/support/oracle)."""

from config import settings as configuration
from engine.start.options import Options
from tests.support.auditors import reconciling
from tests.support.oracle import comparing

ROWS = 20_000


def test_target_agrees(database) -> None:
    from engine.run import migrate
    from flows.demo.seed import seed

    source, target = database(), database()
    seed(source, rows=ROWS)
    settings = configuration.load("demo", {"NXTGAUGE_SOURCE_URL": source, "NXTGAUGE_TARGET_URL": target})
    migrate(settings, Options(auditor=reconciling(settings)))
    faults = comparing.compared(source, target, settings.target_schema)["faults"]
    assert not faults, "\n" + "\n".join(faults)
