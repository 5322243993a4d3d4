"""Some golden cases, others for each seed, are followed through random histories.

`make rounds ARGS=--golden` follows them all.
"""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.histories import golden

SEED = int(os.environ["NXTGAUGE_TEST_SEED"])
SHARE = 55
SOME = golden.FOLLOWED[SEED % SHARE :: SHARE]


@pytest.mark.parametrize("case", SOME, ids=golden.name_of)
def test_a_build_follows_a_golden_case(case: Path, database: Callable[..., str]) -> None:
    played = golden.play(case, database(), database(), database, str(SEED), rounds=1)
    assert played.faults == []
