"""What tests of commands share."""

import logging
import os

import pytest

from tests.support.observers import free_port


@pytest.fixture
def surroundings(monkeypatch, tmp_path):
    """No database, no Prefect server and no state of this machine's user; logging as it was, afterwards."""
    for name in [name for name in os.environ if name.startswith(("NXTGAUGE_", "PREFECT_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PREFECT_API_URL", f"http://127.0.0.1:{free_port()}/api")
    handlers = logging.getLogger().handlers[:]
    yield
    logging.getLogger().handlers[:] = handlers
