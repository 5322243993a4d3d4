"""The UUIDv5 that the auditor reckons for itself is the standard library's."""

import uuid

from hypothesis import given
from hypothesis import strategies as st

from checks.laws.within_target import NAMESPACE, derived_id


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_the_id_derived_from_a_name_is_its_uuid5(name: str) -> None:
    assert derived_id(name) == str(uuid.uuid5(NAMESPACE, name))
