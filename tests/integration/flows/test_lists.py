"""`rejects`, `notes` and `links`: what the books say of single rows, where values are seen, CSV that runs nothing."""

import csv
import io
import json
import stat

import psycopg
import pytest

from config import printable
from config import settings as configuration
from engine import operations, run
from engine.books.scripts import SCRIPTS
from engine.publish.rollback import Wish
from engine.start.options import Options
from flows.cli import about_rows, entries_shown
from flows.cli import main as cli
from tests.support.auditors import trusting

pytestmark = pytest.mark.story
SOURCE = r"""
    create table users (id uuid primary key, email text);
    insert into users select ('00000000-0000-0000-0000-0000000000' || n)::uuid, 'canary' || n || '@example.com'
    from generate_series(10, 39) n;
    create table developer_profiles (id uuid primary key, user_id uuid not null, status text, github_url text);
    insert into developer_profiles select ('10000000-0000-0000-0000-' || right(id::text, 12))::uuid, id,
        case when email < 'canary15' then 'approved' else 'canary ''status' end, '=https://canary.example/' || email
    from users;
    create table subscribers (email text primary key, user_id uuid not null, level int);
    insert into subscribers values ('@canary@example.com', '99999999-0000-0000-0000-000000000000', -5);
    create table numbers (id bigint primary key, user_id text);
    insert into numbers values (12345678901, E'\x1b[31mcanary\r\n,"é');
"""
OLDER = """
    insert into migration.runs values ('r1', 'published', now(), now(), now(), 'demo', 'public', 'nxtgauge', false,
                                       '{}', 'm', 'p', '0.1.0');
    insert into migration.tables values ('r1', 'things', 'copy', null, 2, 0, 0);
    insert into migration.rejects values ('r1', 'things', '12', 'things', 'odd_check', 'x', '{"a": "new"}'),
                                         ('r1', 'things', 'ann@example.com', 'things', 'odd_check', 'x', '"new"')
"""
LEFT_OUT = 25  # developer_profiles whose status nobody knows


@pytest.fixture(scope="module")
def migrated(module_database):
    """(environment, run) of a migration that was published, and of a rehearsal before it."""
    source, target = module_database(), module_database()
    with psycopg.connect(source, autocommit=True) as conn:
        conn.execute(SOURCE)
    environ = {"NXTGAUGE_SOURCE_URL": source, "NXTGAUGE_TARGET_URL": target}
    settings = configuration.load("demo", environ)
    rehearsed = run.migrate(settings, Options(auditor=trusting, dry_run=True)).run_id
    return environ, run.migrate(settings, Options(auditor=trusting)).run_id, rehearsed


@pytest.fixture
def told(migrated, monkeypatch, capfdbinary):
    """Run a command; its exit code, stdout and stderr."""
    for name, value in migrated[0].items():
        monkeypatch.setenv(name, value)

    def tell(*words: str) -> tuple[int, str, str]:
        code = cli.main([*words])
        out, err = capfdbinary.readouterr()
        return code, out.decode(), err.decode()

    return tell


def sheet(text: str) -> list[dict[str, str]]:
    assert text.endswith("\r\n")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_the_latest_run_is_summed_up_first_and_says_how_to_see_the_rest(told, migrated):
    code, text, _ = told("rejects", "--limit", "2")
    lines = text.splitlines()
    assert code == 0 and max(map(len, lines)) <= 100
    assert lines[0].startswith(
        f"run {migrated[1]} (migration under profile demo, published, the latest with books): 26"
    )
    table = [line.split() for line in lines]
    assert ["developer_profiles", "unknown_status", "25"] in table
    assert ["subscribers", "subscribers_user_id_fkey", "1"] in table
    assert "It points at a row that is not there" in text and "under [statuses]" in text
    assert "developer_profiles, unknown_status: status '…' is none of the known statuses" in text
    assert f"2 of {LEFT_OUT + 1} are shown." in text
    assert "    nxtgauge-migrate rejects --csv rejects.csv --show-values" in lines
    assert "    nxtgauge-migrate rejects developer_profiles" in lines


def test_no_value_goes_where_somebody_else_may_read_it(told, tmp_path):
    file = tmp_path / "a.csv"
    for kind in ("rejects", "notes", "links"):
        for asked in ((), ("--csv", "-"), ("--json",)):
            code, text, err = told(kind, *asked)
            assert code == 0 and "canary" not in text + err, (kind, asked)
            code, text, err = told(kind, *asked, "--show-values")
            assert code == 2 and "canary" not in text and "--csv FILE --show-values" in err
    for kind in ("rejects", "notes"):
        assert told(kind, "--csv", str(file))[0] == 0 and "canary" not in file.read_text()


def test_keys_are_as_in_a_report(told):
    by_table = {row["legacy_table"]: row["legacy_key"] for row in sheet(told("rejects", "--csv", "-")[1])}
    assert by_table["developer_profiles"].startswith("10000000-") and by_table["subscribers"].startswith("#")
    assert [row["legacy_key"] for row in sheet(told("notes", "--csv", "-")[1])] == ["12345678901"]


def test_a_file_is_its_owners_and_holds_what_is_there_and_runs_nothing(told, tmp_path):
    file = tmp_path / "rejects.csv"
    file.write_text("former")
    file.chmod(0o644)
    code, text, _ = told("rejects", "subscribers", "--csv", str(file), "--show-values")
    assert code == 0 and ": 1 row was rejected; written to " in text and stat.S_IMODE(file.stat().st_mode) == 0o600
    (row,) = sheet(file.read_bytes().decode())
    assert row["legacy_key"] == "'@canary@example.com" and row["reason"] == "subscribers_user_id_fkey"
    assert json.loads(row["legacy_row"])["level"] == -5
    told("notes", "--csv", str(file), "--show-values")
    (row,) = sheet(file.read_bytes().decode())
    assert row["legacy_value"] == '\x1b[31mcanary\r\n,"é' and row["legacy_key"] == "12345678901"
    assert told("rejects", "--csv", "/dev/null", "--show-values")[0] == 2
    assert told("rejects", "--csv", str(tmp_path / "none" / "x.csv"))[0] == 2
    assert [path.name for path in tmp_path.iterdir()] == ["rejects.csv"]


def test_owners_of_links_can_be_told(told, migrated, tmp_path):
    file = tmp_path / "links.csv"
    assert told("links", "--csv", str(file))[0] == 0
    rows = sheet(file.read_bytes().decode())
    assert len(rows) == 5 and rows[0] == {
        "legacy_table": "developer_profiles", "legacy_key": "10000000-0000-0000-0000-000000000010",
        "legacy_column": "github_url", "user_role_profile_id": "10000000-0000-0000-0000-000000000010",
        "role": "developer", "user_id": "00000000-0000-0000-0000-000000000010", "email": "canary10@example.com",
        "url": "'=https://canary.example/canary10@example.com",
    }  # fmt: skip
    told("links", "--run", migrated[2], "--csv", str(file))  # a rehearsal's build is gone, and its owners with it
    assert {row["user_id"] for row in sheet(file.read_bytes().decode())} == {""}


@pytest.mark.parametrize(
    ("kind", "value"),
    [("rejects", "status: canary 'status"), ("notes", r"\x1b[31mcanary\r\n"), ("links", "url: =https://canary")],
)
def test_a_terminal_shows_values_and_obeys_none(migrated, kind, value):
    with about_rows._shown(configuration.load("demo", migrated[0]), kind, True) as shown:
        text = printable.block(entries_shown.text(shown, 50))
    assert value in text and "\x1b" not in text and "\r" not in text
    assert max(map(len, text.splitlines())) <= 100


def test_one_object_of_json_has_all_of_it(told, migrated):
    found = json.loads(told("rejects", "--json", "--reason", "unknown_status", "--run", migrated[2])[1])
    assert (found["run_id"], found["state"], found["dry_run"]) == (migrated[2], "passed", True)
    assert found["counts"] == [{"legacy_table": "developer_profiles", "reason": "unknown_status", "rows": LEFT_OUT}]
    assert len(found["rows"]) == LEFT_OUT and found["reasons"][0]["name"] == "unknown_status"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("rejects", "subscriber"), "did you mean subscribers?"),
        (("rejects", "--reason", "unknown_state"), "did you mean unknown_status?"),
        (("notes", "--note", "orphans"), "has no note orphans"),
        (("links", "--run", "20200101-000000-0000"), "there is no run 20200101-000000-0000 in this target"),
    ],
)
def test_an_unknown_name_is_told_with_those_that_it_resembles(told, words, said):
    code, _, err = told(*words)
    assert code == 2 and said in err


@pytest.mark.parametrize(
    ("words", "rows"),
    [
        (("rejects", "user_role_profiles"), LEFT_OUT),
        (("rejects", "users"), 0),
        (("rejects", "--reason", "duplicate_profile"), 0),
        (("notes", "--note", "orphan"), 1),
        (("notes", "numbers"), 1),
    ],
)
def test_what_is_asked_for_alone_is_shown(told, words, rows):
    assert len(json.loads(told(*words, "--json")[1])["rows"]) == rows
    assert told(*words)[0] == 0


def test_status_says_what_stands_what_was_withdrawn_and_what_was_a_rehearsal(told, migrated):
    _, published, rehearsed = migrated
    lines = [line.split() for line in told("status")[1].splitlines()]
    assert lines[0] == ["live", "nxtgauge", "run", f"{published},", "profile", "demo"]
    assert [rehearsed, "rehearsal", "passed", "demo"] in [line[:4] for line in lines]
    operations.rollback(configuration.load("demo", migrated[0]), Wish(published, to_nothing=True))
    lines = [line.split() for line in told("status")[1].splitlines()]
    assert lines[0][:2] == ["withdrawn", "nxtgauge__withdrawn"]
    assert [published, "migration", "withdrawn", "demo"] in [line[:4] for line in lines]
    assert max(map(len, told("status")[1].splitlines())) <= 100
    assert len(sheet(told("links", "--csv", "-")[1])) == 5  # its books stay, and its owners
    operations.rollback(configuration.load("demo", migrated[0]), Wish(undo=True))
    assert told("status")[1].splitlines()[0].split()[0] == "live"


def test_without_books_that_is_said(told, database, monkeypatch):
    monkeypatch.setenv("NXTGAUGE_TARGET_URL", database())
    code, _, err = told("rejects")
    assert code == 2 and "has no books of rows yet" in err


def test_books_of_an_older_program_are_read_too(told, database, monkeypatch):
    url = database()
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute(SCRIPTS[0].read_bytes())
        conn.execute(OLDER)
    monkeypatch.setenv("NXTGAUGE_TARGET_URL", url)
    rows = json.loads(told("rejects", "--json")[1])["rows"]
    assert [row["legacy_key"][:2] for row in rows] == ["12", "#" + rows[1]["legacy_key"][1]]
    assert rows[0]["meaning"] == "It violates the constraint of this name in the target." and "new" not in str(rows)
    assert [told(name)[0] for name in ("status", "notes", "links")] == [0, 0, 0]
