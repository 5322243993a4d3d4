"""Commands whose verification leaves out the expectation suites, which take most of its time.

Tests of the suites and of the whole program run them.
"""

import pytest

from checks.expectations import runner
from tests.support.auditors import NoSuites


@pytest.fixture(autouse=True)
def no_suites(monkeypatch) -> None:
    monkeypatch.setattr(runner, "Child", NoSuites)
