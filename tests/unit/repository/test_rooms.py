"""Tests stand where the code that they test stands, so that nobody has to look for them."""

import pytest

from tests.support.places import PROJECT

OF_THE_REPOSITORY = "repository"


@pytest.mark.parametrize("room", ["unit", "integration"])
def test_folders_of_tests_are_those_of_the_packages(room):
    top = PROJECT / "tests" / room
    folders = {path.parent.relative_to(top) for path in top.rglob("test_*.py")}
    assert [str(folder) for folder in folders if not (PROJECT / folder).is_dir()] == [OF_THE_REPOSITORY]
