"""Gates come after the build, whose DDL need not be tried before."""

import pytest


@pytest.fixture(autouse=True)
def _untried(ddl_untried) -> None:
    """For each test."""
