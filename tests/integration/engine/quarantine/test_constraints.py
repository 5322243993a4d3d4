"""Constraints that are made while a build is judged: each as soon as it can stay, so that its rows are read once."""

import pytest

from engine import run
from engine.quarantine.constraints import Constraints
from engine.quarantine.quarantine import Quarantine
from engine.start.options import Options
from tests.support.auditors import trusting

SOURCE = """
    create table users (id uuid primary key, email text);
    create table job_seeker_profiles (id uuid primary key, user_id uuid references users, status text);
    create table applications (
        id uuid primary key, user_id uuid, job_seeker_profile_id uuid references job_seeker_profiles
    );
    insert into users select gen_random_uuid(), concat(n) from generate_series(1, 5) n;
    insert into job_seeker_profiles select gen_random_uuid(), id, 'APPROVED' from users;
    insert into applications select gen_random_uuid(), user_id, id from job_seeker_profiles;
"""


@pytest.fixture
def looks(monkeypatch) -> list[tuple[str, str]]:
    """(way, foreign key) of every look at the references of applications, in order."""
    seen = []

    def hear(owner: type, way: str) -> None:
        look = getattr(owner, way)

        def looked(self, *arguments):
            rule = arguments[-1]
            seen.extend([(way, rule.columns[0])] if rule.table == "applications" else [])
            return look(self, *arguments)

        monkeypatch.setattr(owner, way, looked)

    hear(Quarantine, "_has_orphan")
    hear(Constraints, "validate")
    return seen


def test_a_foreign_key_beside_a_reference_that_is_yet_to_follow_is_made_at_once(settings, looks):
    summary = run.migrate(settings, Options(auditor=trusting, dry_run=True))
    assert looks == [("validate", "user_id"), ("validate", "job_seeker_profile_id")]
    assert all(table["balanced"] for table in summary.tables)
