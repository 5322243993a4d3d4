"""Runs in the copy that test_changing.py makes: what is read of the page's examples, without a migration."""

from config import mapping, masks
from docs.generator import laws, legacy


def test_the_mask_of_the_page_is_in_use():
    assert masks.kind_of(masks.load(), mapping.load(), "employees", "home_pager", "text")[0] == "phone"


def test_documents_tell_of_the_new_role_as_of_the_others(database):
    url = database()
    legacy.fill(url)
    [line] = [line for line in laws.page(url).splitlines() if line.startswith("| `photographer_profiles`")]
    assert "`event_planner_profiles`" in line
