"""A part of `make matrix`: what ICU, libxml and contrib have a part in goes from the oldest server into the newest, and
what an older server lacks is refused or left out on the way back."""

import contextlib

import pytest

from tests.matrix import pairs
from tests.support import servers

LANGUAGES, NEWER, NEWEST = (pairs.FOLDER / f"{name}.sql" for name in ("languages", "newer", "newest"))


@pytest.fixture(scope="module")
def running():
    with contextlib.ExitStack() as stack:
        try:
            yield {major: stack.enter_context(servers.running(major)) for major in (14, 18)}
        except servers.NotToBeHad as error:
            pytest.skip(str(error))


@pytest.mark.parametrize(("source", "target", "case"), [(14, 18, LANGUAGES), (18, 14, NEWER), (18, 14, NEWEST)])
def test_a_database_goes_from_one_version_into_another(running, source, target, case):
    (found,) = pairs.tried(running[source], running[target], 0, [case], None)
    assert not found.fault, found.fault
