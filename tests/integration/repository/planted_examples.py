"""Runs in the copy that test_changing.py makes: the page's planted faults, in the migration of its golden case.

The case is migrated and compared once; each fault is planted in a copy of what came of it.
"""

import random

import psycopg
import pytest

from tests.golden import test_golden
from tests.mutations.test_mutations import mutant, test_planted_faults_are_found  # noqa: F401

[CASE] = test_golden.CASES


@pytest.fixture(scope="module")
def migrated(module_database) -> tuple[str, str, str]:
    """As of all planted faults, with the case in place of the demo."""
    urls: list[str] = []

    def database() -> str:
        urls.append(module_database())
        return urls[-1]

    with pytest.MonkeyPatch.context() as patch:
        test_golden.test_case(CASE, database, database, patch, random.Random(0))
    source, target = urls
    with psycopg.connect(target) as conn:
        [(run_id,)] = conn.execute("select run_id from migration.runs").fetchall()
    return source, target, run_id
