"""Runs that are refused for a gate, and what is asked of their books."""

import json

import pytest

from checks.verdict import FAIL, PASS
from config.errors import VerificationFailed
from engine import operations, run
from engine.start.options import Options

SOURCE = """
    create table users (id uuid primary key, name text);
    insert into users select gen_random_uuid(), 'Canary Name ' || n from generate_series(1, 9) n;
    create table customer_profiles (id uuid primary key, user_id uuid not null, status text);
    insert into customer_profiles select gen_random_uuid(), id, 'wobbly' from users limit 3;
"""
CLOSED = {"content__users": FAIL, "law__roots": PASS}


def refused(settings, auditor=None, **options) -> VerificationFailed:
    with pytest.raises(VerificationFailed) as caught:
        run.migrate(settings, Options(auditor=auditor, **options))
    assert caught.value.exit_code == 6
    assert "Canary" not in str(caught.value) + json.dumps(caught.value.summary.to_dict())
    return caught.value


def waive(settings, run_id: str, check: str = "content/users", reason: str = "known since May", name: str = "Asha"):
    return operations.waive(settings, run_id, check, reason, name)


def states(target, run_id: str) -> dict[str, str]:
    """Gates of the run's latest build."""
    query = """select check_name, state from migration.gates g where run_id = %s
               and build_oid = (select max(build_oid) from migration.gates where run_id = g.run_id)"""
    return dict(target.execute(query, [run_id]).fetchall())


def is_published(target) -> bool:
    return target.execute("select to_regnamespace('nxtgauge') is not null").fetchone()[0]
