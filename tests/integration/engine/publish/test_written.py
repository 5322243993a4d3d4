"""What was written to a published schema: counted before it is set aside, exported, and put back by the script."""

import json
import subprocess
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from config.errors import ConfigError, PlanRefused, TargetError
from engine.publish import rollback
from engine.publish.rollback import Trial, Wish
from tests.integration.engine.publish.builds import TARGET, build, expected, published, standing, take
from tests.support.places import psql

# Kinds of keys and tables; children go with their parents, uniques are swapped, and what is generated is left out.
DDL = """
    create table {build}.users (name text);
    insert into {build}.users values ({run});
    create type {build}.mood as enum ('good', 'bad');
    create table {build}.parents (id int generated always as identity primary key, email text unique,
                                  mood {build}.mood default 'good', best uuid,
                                  length int generated always as (length(email)) stored);
    create table {build}.children (id uuid primary key, note text, at timestamptz default now(),
                                   parent int not null references {build}.parents on delete cascade);
    comment on constraint children_parent_fkey on {build}.children is 'kept';
    alter table {build}.parents add foreign key (best) references {build}.children on delete set null;
    create table {build}."Odd ""t'b\\l:e" ("the %s" numeric, b text, value bytea, primary key (b, "the %s"));
    create table {build}.parts (day int, id int, value money, primary key (day, id)) partition by list (day);
    create table {build}.parts_1 partition of {build}.parts for values in (1, 2);
    create table {build}.parts_2 partition of {build}.parts default;
    create table {build}.keyless (value int);
    create table {build}.still (id int primary key);
    insert into {build}.parents (email) select concat('e', n) from generate_series(1, 200) as n;
    insert into {build}.children select uuid_in(textout(md5(n::text))), 'a', '2026-01-02 03:04:05+02', n
        from generate_series(1, 200) as n;
    insert into {build}."Odd ""t'b\\l:e" select n, 'x', null from generate_series(1, 100) as n;
    insert into {build}.parts select n % 4, n, n from generate_series(1, 200) as n;
    insert into {build}.keyless select generate_series(1, 20);
    insert into {build}.still select generate_series(1, 20);
"""
TABLES = ("users", "parents", "children", "Odd \"t'b\\l:e", "parts", "keyless", "still")
WRITES = (
    "insert into nxtgauge.parents (email) values (concat('n', {new}))",
    "update nxtgauge.parents set mood = 'bad' where id between {n} and {n} + 2",
    "update nxtgauge.parents p set email = o.email || '''' from nxtgauge.parents o where p.id = {n} and o.id = {m}",
    "update nxtgauge.parents set best = (select id from nxtgauge.children order by id limit 1) where id = {n}",
    "delete from nxtgauge.parents where id = {n}",
    "insert into nxtgauge.children select gen_random_uuid(),E'\\t\\\\', now(), id from nxtgauge.parents where id = {n}",
    "update nxtgauge.children set note = null where parent between {n} and {n} + 2",
    "delete from nxtgauge.children where parent = {n}",
    """insert into nxtgauge."Odd ""t'b\\l:e" values ({new}, 'y', '\\xdeadbeef')""",
    """update nxtgauge."Odd ""t'b\\l:e" set "the %s" = "the %s" * 1.00 where "the %s" = {n}""",
    """delete from nxtgauge."Odd ""t'b\\l:e" where "the %s" = {n}""",
    "insert into nxtgauge.parts values ({n} % 5, {new}, 12.5)",
    "update nxtgauge.parts set day = (day + 1) % 5 where id = {n}",
    "delete from nxtgauge.parts where id = {n}",
    "insert into nxtgauge.keyless values ({n})",
    "delete from nxtgauge.keyless where value = {n}",
)


def contents(conn, schema: str) -> dict[str, list]:
    found = {}
    for name in TABLES[1:]:
        query = sql.SQL("select t::text from {} as t order by 1").format(sql.Identifier(schema, name))
        found[name] = conn.execute(query).fetchall()
    return found


def write(url: str, rng, count: int) -> None:
    """Mixed writes by two sessions, one of which goes on with transactions and savepoints for long."""
    with psycopg.connect(url) as one, psycopg.connect(url, autocommit=True) as other:
        for number in range(count):
            values = {"n": rng.randrange(250), "m": rng.randrange(250), "new": 1000 + number}
            statement = rng.choice(WRITES).format(**values)
            session = one if rng.random() < 0.5 else other
            try:
                session.execute("set lock_timeout = '5ms'")
                with session.transaction(force_rollback=rng.random() < 0.2):
                    session.execute(statement)
            except (psycopg.errors.UniqueViolation, psycopg.errors.LockNotAvailable):
                continue
            if rng.random() < 0.1:
                one.commit()


def test_nothing_that_was_written_is_missing_from_the_export(conn, here, rng, tmp_path):
    first, late = published(conn, DDL), psycopg.connect(here.conninfo)
    late.execute("create table public.made_late (id int)")  # a transaction that is under way at the publish
    with late.transaction():
        second = published(conn, DDL)
        late.execute("insert into nxtgauge.parts values (1, 100000, 1)")  # by a savepoint that was begun before it
    late.commit()
    write(here.conninfo, rng, 2000)
    conn.execute("vacuum (freeze) nxtgauge.parents")
    before = contents(conn, TARGET)

    with pytest.raises(PlanRefused, match=r"rows were written to schema nxtgauge .*--export FOLDER.*--lose"):
        take(conn)
    assert standing(conn) == expected(live=second, previous=first)
    folder = tmp_path / "kept"
    taken = take(conn, export=str(folder))
    late.close()
    assert standing(conn) == expected(live=first, withdrawn=second) and taken.exported == str(folder)
    _assert_told(conn, taken)
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    assert folder.stat().st_mode & 0o777 == 0o700 and [path.name for path in tmp_path.iterdir()] == ["kept"]

    published(conn, DDL)  # a build like the one that was set aside, without what was written to it
    assert contents(conn, TARGET) != before
    _restore(here.conninfo, folder)
    assert contents(conn, TARGET) == before == contents(conn, TARGET + "__withdrawn")
    (comment,) = conn.execute(
        "select obj_description(oid) from pg_constraint where conname = 'children_parent_fkey' "
        "and connamespace = 'nxtgauge'::regnamespace and convalidated"
    ).fetchone()
    assert comment == "kept"
    _restore(here.conninfo, folder)  # again: nothing changes
    assert contents(conn, TARGET) == before
    conn.execute("insert into nxtgauge.parents (email) values ('the next')")  # by a sequence that has gone on


def _assert_told(conn, taken: rollback.Taken) -> None:
    """Of each table with a key as many keys as are told are new in what was set aside, and gone from it."""
    told = {table["table"]: table for table in taken.written["tables"]}
    assert "still" not in told and "users" not in told and "primary key" in told["keyless"]["note"]
    places = (f"{TARGET}__withdrawn", TARGET), (TARGET, f"{TARGET}__withdrawn")
    for name, columns in (("parents", "id"), ("children", "id"), ("parts", "day, id")):
        query = f"select count(*) from (select {columns} from {{}}.{name} except select {columns} from {{}}.{name}) x"
        found = tuple(conn.execute(query.format(*place)).fetchone()[0] for place in places)
        if name != "children":  # whose keys of the first publish are those of the second
            assert (told[name]["inserted"], told[name]["deleted"]) == found, name
        assert told[name]["updated"] or name == "parts"  # whose only updates change the key


def _restore(url: str, folder: Path) -> None:
    done = subprocess.run([psql(), "-X", url, "-f", "restore.sql"], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0 and "ERROR" not in done.stderr, done.stderr


def test_uniques_that_were_swapped_are_put_back(conn, here, tmp_path):
    published(conn, DDL), published(conn, DDL)
    for row, email in ((5, "away"), (6, "e5"), (5, "e6")):
        conn.execute("update nxtgauge.parents set email = %s where id = %s", [email, row])
    before = contents(conn, TARGET)
    take(conn, export=str(tmp_path / "kept"))
    assert json.loads((tmp_path / "kept" / "export.json").read_text())["written"]["rows"] == 2
    conn.execute("create schema elsewhere")
    published(conn, DDL)
    conn.execute('alter schema nxtgauge rename to "else\'where"')
    done = subprocess.run(
        [psql(), "-X", here.conninfo, "-v", "schema=else'where", "-f", "restore.sql"],
        cwd=tmp_path / "kept", capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert contents(conn, "else'where") == before


class TestCounts:
    def test_nothing_written_needs_neither(self, conn):
        first, second = published(conn, DDL), published(conn, DDL)
        conn.execute("vacuum (full, freeze) nxtgauge.parents")
        with conn.transaction(force_rollback=True):
            conn.execute("delete from nxtgauge.children")
        told = take(conn).written
        assert (told["rows"], told["tables"], told["unknown"]) == (0, (), "") and told["since"]
        assert standing(conn) == expected(live=first, withdrawn=second)

    def test_whatever_runs_on_the_server_at_the_publish(self, conn, here):
        """A transaction of somebody else holds the boundary before the build itself, and its rows are no writes."""
        with psycopg.connect(here.conninfo) as late:
            late.execute("create table public.made_late (id int)")
            published(conn, DDL), published(conn, DDL)
            conn.execute("insert into nxtgauge.still values (100)")
            with pytest.raises(PlanRefused, match=r"1 rows were written .* \(still\)"):
                take(conn)

    def test_what_is_written_to_the_one_that_came_back_is_counted_when_it_goes_again(self, conn):
        first, second = published(conn, DDL), published(conn, DDL)
        conn.execute("insert into nxtgauge__previous.still values (99)")  # before it comes back: nobody asks
        assert take(conn).written["rows"] == 0
        conn.execute("insert into nxtgauge.still values (100); delete from nxtgauge.still where id = 1")
        with pytest.raises(PlanRefused, match=r"2 rows were written .* \(still\)"):
            take(conn, undo=True)
        assert take(conn, undo=True, lose=True).written["rows"] == 2
        assert standing(conn) == expected(live=second, previous=first)
        assert take(conn).written["rows"] == 0
        assert take(conn, undo=True, lose=True).written["rows"] == 2  # they are not in the other one yet

    def test_what_an_older_program_published_cannot_be_told(self, conn, tmp_path):
        first, second = published(conn, DDL), published(conn, DDL)
        conn.execute("delete from migration.marks")
        with pytest.raises(PlanRefused, match=r"cannot be told what was written .* an older version"):
            take(conn)
        conn.execute("update nxtgauge.still set id = 77 where id = 7")
        before = contents(conn, TARGET)
        take(conn, export=str(tmp_path / "kept"))
        take(conn, undo=True)
        assert standing(conn) == expected(live=second, previous=first) and contents(conn, TARGET) == before
        take(conn, lose=True)
        assert len(json.loads((tmp_path / "kept" / "export.json").read_text())["files"]) == len(TABLES)

    def test_tables_that_came_went_or_were_emptied(self, conn, tmp_path):
        published(conn, DDL), published(conn, DDL)
        conn.execute("create table nxtgauge.added (id int); insert into nxtgauge.added values (1), (2)")
        conn.execute("drop table nxtgauge.keyless; truncate nxtgauge.still")
        conn.execute("insert into nxtgauge.still values (1), (30)")
        taken = take(conn, export=str(tmp_path / "kept"))
        told = {table["table"]: [*table.values()][1:4] for table in taken.written["tables"]}
        assert told == {"added": [2, 0, 0], "keyless": [0, 0, 20], "still": [1, 1, 19]}

    def test_keys_that_are_not_those_that_were_kept_leave_the_whole_table(self, conn, tmp_path):
        first, second = published(conn, DDL), published(conn, DDL)
        conn.execute("delete from nxtgauge.still where id = 7")
        conn.execute("update migration.keys set keys = '{}' where table_name = 'still'")
        with pytest.raises(PlanRefused, match=r"1 rows were written .* \(still\)"):
            take(conn)
        taken = take(conn, export=str(tmp_path / "kept"))
        (told,) = taken.written["tables"]
        assert (told["table"], told["deleted"]) == ("still", 1) and "keys cannot be compared" in told["note"]
        (file,) = json.loads((tmp_path / "kept" / "export.json").read_text())["files"]
        assert len((tmp_path / "kept" / file["rows"]).read_text().split()) == 19
        assert standing(conn) == expected(live=first, withdrawn=second)

    def test_a_table_that_breaks_off_whoever_reads_it_is_told_apart(self, conn, tmp_path):
        first, second = published(conn, DDL), published(conn, DDL)
        conn.execute("create foreign data wrapper empty; create server nowhere foreign data wrapper empty")
        for place in (TARGET, f"{TARGET}__previous"):
            conn.execute(
                f"""alter table {place}.keyless rename to old;
                    create table {place}.keyless (n int) partition by list (n);
                    create foreign table {place}.far partition of {place}.keyless default server nowhere"""
            )
        conn.execute("insert into nxtgauge.still values (77)")
        for asked, faults in (({}, 2), ({"export": str(tmp_path / "kept")}, 1)):
            with pytest.raises(PlanRefused, match=r"table nxtgauge\.keyless: reading it ends with SQLSTATE") as caught:
                take(conn, **asked)
            assert len(caught.value.faults) == faults
        taken = take(conn, lose=True).written
        assert [table["table"] for table in taken["untold"]] == ["keyless"]
        assert {table["table"]: table["inserted"] for table in taken["tables"]} == {"still": 1, "old": 20}
        assert standing(conn) == expected(live=first, withdrawn=second)
        with pytest.raises(PlanRefused, match=r"cannot be told .* nxtgauge\.keyless"):
            take(conn, undo=True)

    def test_a_role_that_may_make_no_temporary_tables_goes_back(self, conn, role):
        first, second = published(conn, DDL), published(conn, DDL)
        mover = role("mover")
        conn.execute("delete from nxtgauge.still where id = 7")
        conn.execute(f"revoke all on database {conn.info.dbname} from public")
        for schema in (TARGET, f"{TARGET}__previous", "legacy_archive", "legacy_archive__previous", "migration"):
            conn.execute(
                f"alter schema {schema} owner to {mover}; grant all on all tables in schema {schema} to {mover}"
            )
        conn.execute(f"grant create on database {conn.info.dbname} to {mover}; set session authorization {mover}")
        try:
            assert take(conn, lose=True).written["rows"] == 1
        finally:
            conn.execute("reset session authorization")
        assert standing(conn) == expected(live=first, withdrawn=second)

    def test_a_folder_with_something_in_it_is_left_alone(self, conn, tmp_path):
        published(conn, DDL), published(conn, DDL)
        (tmp_path / "mine").touch()
        for place in (tmp_path, tmp_path / "mine", tmp_path / "none" / "there"):
            with pytest.raises(ConfigError, match=r"name (one|another)"):
                rollback.foreseen(conn, Trial(TARGET, Wish(export=str(place))))
            with pytest.raises(ConfigError, match=r"name (one|another)"):
                take(conn, export=str(place))
        assert [path.name for path in tmp_path.iterdir()] == ["mine"]

    def test_what_would_be_done_is_told_and_nothing_changed(self, conn):
        first, second = published(conn, DDL), published(conn, DDL)
        conn.execute("insert into nxtgauge.still values (100)")
        told = rollback.foreseen(conn, Trial(TARGET, Wish()))
        assert (told.live_run, told.replaced_run, told.written["rows"]) == (first, second, 1)
        assert standing(conn) == expected(live=second, previous=first)
        with pytest.raises(PlanRefused, match="nothing to undo"):
            rollback.foreseen(conn, Trial(TARGET, Wish(undo=True)))
        assert build(conn)


class TestTablesOfOthers:
    """What is live has tables that the role may not read, or not lock: the way back is open all the same."""

    STRANGERS = """
        create table nxtgauge._sqlx_migrations (version int primary key);
        insert into nxtgauge._sqlx_migrations values (1);
        create table nxtgauge.readable (id int primary key);
        grant select on nxtgauge.readable to {mover};
        create table nxtgauge.lockable (id int primary key);
        grant select, delete on nxtgauge.lockable to {mover};
        alter table nxtgauge.still enable row level security;
        alter table nxtgauge.still force row level security;
    """

    def test_each_is_named_apart_and_lose_passes(self, conn, moving, tmp_path):
        first, second = published(moving, DDL), published(moving, DDL)
        conn.execute(self.STRANGERS.format(mover="mover"))
        conn.execute("insert into nxtgauge.keyless values (7); insert into nxtgauge.lockable values (1)")
        told = rollback.foreseen(moving, Trial(TARGET, Wish())).written
        untold = {table["table"]: (table["why"], table["remedy"]) for table in told["untold"]}
        assert untold == {
            "_sqlx_migrations": (
                "role mover may not read it",
                'GRANT SELECT ON TABLE nxtgauge._sqlx_migrations TO "mover"',
            ),
            "still": (
                "row level security hides rows of it from role mover",
                "ALTER TABLE nxtgauge.still NO FORCE ROW LEVEL SECURITY",
            ),
        }
        assert {table["table"] for table in told["unlocked"]} == {"_sqlx_migrations", "readable"}
        assert {table["table"]: table["inserted"] for table in told["tables"]} == {"keyless": 1, "lockable": 1}

        with pytest.raises(PlanRefused) as caught:
            take(moving)
        assert len(caught.value.faults) == 5 and all("--lose" in fault for fault in caught.value.faults)
        with pytest.raises(PlanRefused, match=r"_sqlx_migrations: .*GRANT SELECT ON TABLE nxtgauge\._sqlx_migrations"):
            take(moving, export=str(tmp_path / "kept"))
        assert not list(tmp_path.iterdir()) and standing(conn) == expected(live=second, previous=first)
        taken = take(moving, lose=True)
        assert standing(conn) == expected(live=first, withdrawn=second)
        assert [table["table"] for table in taken.written["unlocked"]] == ["_sqlx_migrations", "readable"]

    def test_what_is_granted_as_told_is_counted_and_exported(self, conn, moving, tmp_path):
        published(moving, DDL), published(moving, DDL)
        conn.execute(self.STRANGERS.format(mover="mover"))
        told = rollback.foreseen(moving, Trial(TARGET, Wish())).written
        for table in (*told["untold"], *told["unlocked"]):
            conn.execute(table["remedy"])
        taken = take(moving, export=str(tmp_path / "kept"))
        assert taken.written["untold"] == taken.written["unlocked"] == ()
        assert [table["table"] for table in taken.written["tables"]] == ["_sqlx_migrations"]

    def test_writers_of_a_table_that_may_be_locked_are_kept_away_whoever_owns_it(self, conn, moving, other):
        published(moving, DDL), published(moving, DDL)
        conn.execute("create table nxtgauge.lockable (id int); grant select, delete on nxtgauge.lockable to mover")
        with other.transaction():
            other.execute("insert into nxtgauge.lockable values (1)")
            with pytest.raises(TargetError, match=f"session {other.info.backend_pid} of postgres"):
                rollback.take(moving, Trial(TARGET, Wish(lose=True)), lock_seconds=0.2)
        with pytest.raises(PlanRefused, match=r"1 rows were written .* \(lockable\)"):
            take(moving)

    def test_who_writes_to_what_comes_back_is_named_too(self, conn, other):
        published(conn, DDL), published(conn, DDL)
        with other.transaction():
            other.execute("insert into nxtgauge__previous.still values (99)")
            with pytest.raises(TargetError, match=f"session {other.info.backend_pid} of postgres .* for 0.2 s"):
                rollback.take(conn, Trial(TARGET, Wish()), lock_seconds=0.2)

    def test_one_that_could_not_be_read_when_it_was_put_in_place_is_told_then_exported_whole(
        self, conn, moving, tmp_path
    ):
        first, second = published(moving, DDL), published(moving, DDL)
        conn.execute(self.STRANGERS.format(mover="mover").replace("nxtgauge.", "nxtgauge__previous."))
        take(moving)
        conn.execute(f"grant select, delete on all tables in schema {TARGET} to mover")
        conn.execute(f"alter table {TARGET}.still no force row level security")
        conn.execute("delete from nxtgauge._sqlx_migrations; delete from nxtgauge.still where id = 1")
        with pytest.raises(PlanRefused, match="_sqlx_migrations: it could not be read when it was put in place"):
            take(moving, undo=True)
        taken = take(moving, undo=True, export=str(tmp_path / "kept"))
        files = json.loads((tmp_path / "kept" / "export.json").read_text())["files"]
        assert [file["table"] for file in files if file["rows"]] == ["_sqlx_migrations", "still"] and len(files) == 2
        assert taken.written["rows"] == 19 and standing(conn) == expected(live=second, previous=first)
