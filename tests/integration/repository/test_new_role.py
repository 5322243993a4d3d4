"""A role more costs its line in the mapping, its table's DDL, and nothing else: tried on a copy of the program."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from tests.support.places import PROJECT

PACKAGES = ("config", "transforms", "engine", "checks", "flows")
# The run's own verification leaves out the suites, for what it has published is verified as a whole.
RUN = f"""
import config, sys
from checks.expectations import runner
from flows.cli.main import main
sys.path.append({str(PROJECT)!r})
from tests.support.auditors import NoSuites
print(config.__file__)
suites = runner.Child
for command in (["plan"], ["migrate"], ["verify", "--level", "full", "--strict"]):
    runner.Child = suites if command[0] == "verify" else NoSuites
    code = main(command)
    assert code == 0, (command, code)
"""
TABLE = """
-- What only event planners have; shares its id with the root profile.
create table event_planner_profiles (
    id uuid default gen_random_uuid(),
    user_role_profile_id uuid,
    created_at timestamptz default now(),
    updated_at timestamptz default now()
);
"""
LEGACY = """
create table users (id uuid primary key);
create table roles (id uuid primary key, key text);
create table event_planner_profiles (id uuid primary key, user_id uuid references users, status text, venues text[]);
create table company_profiles (id uuid primary key, user_id uuid references users, status text);
create table professionals (id uuid primary key, user_id uuid references users, profession text);
create table onboarding_submissions (id uuid primary key, user_id uuid references users, role text, status text);
create table portfolio_items (id uuid primary key, user_id uuid references users, professional_id uuid);
create function u(text) returns uuid language sql as $$ select rpad($1, 32, '0')::uuid $$;
insert into users select u(n) from unnest('{a1,a2,a3}'::text[]) as n;
insert into roles values (u('9'), 'Event-Planner');
insert into event_planner_profiles values (u('b1'), u('a1'), 'active', '{hall,garden}');
insert into company_profiles values (u('b2'), u('a1'), 'active');
insert into professionals values (u('d1'), u('a1'), null), (u('d2'), u('a2'), 'EVENT PLANNER'), (u('d3'), u('a3'), '');
insert into onboarding_submissions values (u('c1'), u('a1'), 'event_planner', 'accepted');
insert into portfolio_items values (u('e1'), u('a1'), null), (u('e2'), null, u('d2'));
drop function u(text);
"""
ANSWERS = {
    "select left(id::text, 2), role, status, left(role_id::text, 1) from user_role_profiles order by 1": [
        ("b1", "event_planner", "APPROVED", "9"),
        ("b2", "company", "APPROVED", None),
        ("d2", "event_planner", "DRAFT", "9"),
    ],
    "select left(id::text, 2), id = user_role_profile_id, venues from event_planner_profiles order by 1": [
        ("b1", True, ["hall", "garden"]),
        ("d2", True, None),
    ],
    "select left(legacy_id, 2), why, left(target_id, 2) from migration.id_map where legacy_table = 'professionals'"
    " order by 1": [("d1", "merged", "b1"), ("d2", "created", "d2")],
    "select left(legacy_key, 2), reason from migration.rejects": [("d3", "unresolvable_professional")],
    "select r.role, r.status, left(r.user_role_profile_id::text, 2), a.status from verification_requests as r"
    " join approval_requests as a on a.verification_request_id = r.id": [
        ("event_planner", "APPROVED", "b1", "APPROVED")
    ],
    "select left(id::text, 2), left(user_role_profile_id::text, 2) from portfolio_items order by 1": [
        ("e1", "b1"),
        ("e2", "d2"),
    ],
}


@pytest.fixture
def copy(tmp_path) -> Path:
    """A folder with the program's packages."""
    for package in PACKAGES:
        shutil.copytree(PROJECT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__", "legacy"))
    return tmp_path


def test_a_role_costs_its_mapping_and_its_ddl(copy, database):
    _add_role(copy / "config")
    source, target = database(), database()
    with psycopg.connect(source) as conn:
        conn.execute(LEGACY)
    done = _run(copy, RUN, {"NXTGAUGE_SOURCE_URL": source, "NXTGAUGE_TARGET_URL": target})
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert done.stdout.startswith(str(copy))
    with psycopg.connect(target) as conn:
        conn.execute("set search_path to nxtgauge")
        for query, answer in ANSWERS.items():
            assert conn.execute(query).fetchall() == answer


def test_a_mapping_that_does_not_agree_ends_a_command_with_2(copy):
    _edit(copy / "config/mapping/finance.toml", 'transform = "orders"', 'transform = "order"')
    done = _run(copy, "import sys; from flows.cli.main import main; sys.exit(main(['explain', 'payments']))")
    said = (
        "config/mapping/finance.toml: [payments] derives.transform: there is no transform order; did you mean orders?"
    )
    assert (done.returncode, said in done.stderr) == (2, True), done.stderr
    assert "Traceback" not in done.stderr


def _run(copy: Path, program: str, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess:
    others = {name: value for name, value in os.environ.items() if not name.startswith(("NXTGAUGE_", "PREFECT_"))}
    own = {"PYTHONPATH": str(copy), "NXTGAUGE_REPORTS": str(copy / "reports"), "PREFECT_HOME": str(copy / "prefect")}
    env = others | own | (environment or {})
    return subprocess.run([sys.executable, "-c", program], cwd=copy, env=env, capture_output=True, text=True)


def _add_role(config: Path) -> None:
    _edit(config / "mapping/profiles.toml", 'company = "other"', 'event_planner = "professional"\ncompany = "other"')
    constraints, tables = config / "target/profiles/constraints.sql", config / "target/profiles/tables.sql"
    tables.write_text(tables.read_text() + TABLE)
    tutors = [s for s in constraints.read_text().split(";\n") if s.lstrip().startswith("alter table tutor_profiles")]
    _edit(constraints, "'job_seeker')\n", "'job_seeker', 'event_planner')\n")
    constraints.write_text(
        constraints.read_text() + "".join(s.replace("tutor", "event_planner") + ";\n" for s in tutors)
    )


def _edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))
