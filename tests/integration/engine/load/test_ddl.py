"""What is reflected can be made again elsewhere: replayed into a build schema and renamed, it reflects as it was."""

import dataclasses
import threading
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from config.errors import Interrupted, TargetError
from config.shapes import Column, Table
from engine.load import ddl
from engine.planning import prerequisite_ddl
from engine.reflect.catalog import Catalog, reflect
from engine.reflect.closure import needs, rehome
from engine.reflect.expressions import replace_calls
from engine.reflect.statements import Statement, spell
from engine.session.stop import Stop
from engine.start import rehearsal

NASTY = (Path(__file__).parents[1] / "nasty.sql").read_text()


@pytest.fixture
def source(database):
    with psycopg.connect(database(), autocommit=True) as connection:
        yield connection


@pytest.fixture
def target(database):
    with psycopg.connect(database(), autocommit=True) as connection:
        yield connection


def made(connection: psycopg.Connection, text: str, schema: str = "Legacy App") -> Catalog:
    """The catalogue of a schema that this text makes."""
    name = sql.Identifier(schema)
    connection.execute(sql.SQL("create schema if not exists {}").format(name))
    with connection.transaction():
        connection.execute(sql.SQL("set local search_path = {}, public").format(name))
        connection.execute(text)
    return reflect(connection, schema)


def before_load(catalog: Catalog, shapes: list[Table], hidden=()) -> list[Statement]:
    wanted = needs(catalog, shapes)
    return [
        *prerequisite_ddl.types(catalog, wanted.types),
        *prerequisite_ddl.functions(catalog, wanted.functions),
        *prerequisite_ddl.sequences(catalog, wanted.sequences),
        *prerequisite_ddl.domain_rules(catalog, wanted.types),
        *prerequisite_ddl.domain_checks(catalog, wanted.types),
        *ddl.tables(catalog, shapes, hidden),
    ]


def after_load(catalog: Catalog, shapes: list[Table]) -> list[Statement]:
    return [
        *ddl.not_nulls(shapes),
        *ddl.checks(shapes),
        *ddl.keys(shapes),
        *ddl.indexes(shapes),
        *ddl.foreign_keys(shapes),
        *ddl.validations(shapes),
        *ddl.comments(shapes),
        *prerequisite_ddl.late_domain_checks(catalog, needs(catalog, shapes).types),
        *ddl.owners(catalog, shapes),
        *ddl.positions(catalog, shapes, needs(catalog, shapes).sequences),
        *ddl.attend(shapes),
    ]


def build(connection: psycopg.Connection, catalog: Catalog, schema: str = "x__build") -> list[Table]:
    shapes = [table.shape for table in catalog.tables]
    connection.execute(sql.SQL("create schema {}").format(sql.Identifier(schema)))
    ddl.replay(connection, [schema, "public"], before_load(catalog, shapes) + after_load(catalog, shapes))
    return shapes


def publish(connection: psycopg.Connection, schema: str) -> None:
    taken = connection.execute("select from pg_namespace where nspname = %s", [schema]).rowcount
    for old, new in ([(schema, f"{schema}__previous")] if taken else []) + [("x__build", schema)]:
        rename = sql.SQL("alter schema {} rename to {}")
        connection.execute(rename.format(sql.Identifier(old), sql.Identifier(new)))


def comparable(catalog: Catalog) -> Catalog:
    """Without what is not replayed on purpose: partitions become one table, leftovers and unused functions stay."""
    plain = {"kind": "r", "partition_key": None, "leaves": (), "has_row_security": False}
    tables = tuple(dataclasses.replace(table, **plain) for table in catalog.tables)
    used = needs(catalog, [table.shape for table in tables])
    functions = tuple(f for f in catalog.functions if f.signature in used.functions)
    return dataclasses.replace(catalog, tables=tables, functions=functions, not_migrated=())


def assert_same(found: Catalog, wanted: Catalog) -> None:
    """Part by part, so that a difference is seen."""
    found, wanted = comparable(found), comparable(wanted)
    for field in (field.name for field in dataclasses.fields(Catalog) if field.compare and field.name != "schema"):
        missing = [item for item in getattr(wanted, field) if item not in getattr(found, field)]
        added = [item for item in getattr(found, field) if item not in getattr(wanted, field)]
        assert (missing, added) == ([], []), field
    assert [table.name for table in found.tables] == [table.name for table in wanted.tables]


@pytest.mark.parametrize("schema", ["legacy", "public", 'x"; drop table users; --', "select", "Legacy App"])
def test_a_nasty_schema_survives_the_way_into_another_database(source, target, schema):
    legacy = made(source, NASTY, schema)
    build(target, legacy)
    publish(target, schema)
    assert_same(reflect(target, schema), legacy)


def test_what_a_shape_no_longer_uses_is_not_needed(source):
    legacy = made(source, NASTY)
    shapes = [table.shape for table in legacy.tables if table.name == "whole"]
    assert needs(legacy, shapes).types == {"span"}
    retyped = tuple(dataclasses.replace(c, type="text", default=None) for c in shapes[0].columns)
    assert not needs(legacy, [dataclasses.replace(shapes[0], columns=retyped)]).types


def test_needs_are_closed_over_domains_and_functions(source):
    legacy = made(source, NASTY)
    order = legacy.table("order").shape
    best = dataclasses.replace(order, columns=(order.find_column("best"),), constraints=(), indexes=())
    assert needs(legacy, [best]).types == {"good_mood", "mood"}
    assert needs(legacy, [best]).functions == {"mood_rank(value mood)"}


def test_virtual_columns_and_unvalidated_not_nulls(source, target):
    if source.info.server_version < 180000:
        pytest.skip("PostgreSQL 18 has them first")
    text = """
        create table t (a integer, b integer, c integer generated always as (a + 1) virtual);
        alter table t add constraint b_there not null b not valid, add check (a > 0) not enforced;
        create table rooms (room int4range, at daterange, other int4range constraint named not null no inherit,
            primary key (room, at without overlaps), unique (other, at without overlaps));
        create table stays (id integer, room int4range, at daterange,
            foreign key (room, period at) references rooms (room, period at),
            foreign key (room, period at) references rooms (room, period at) not enforced);
    """
    legacy = made(source, text, "legacy")
    assert [column.not_null for column in legacy.table("t").shape.columns] == [False, False, False]
    build(target, legacy)
    publish(target, "legacy")
    assert_same(reflect(target, "legacy"), legacy)


def test_tables_are_bare_and_carry_their_origin(source, target):
    legacy = made(source, "create table t (id integer primary key, a text not null default 'x' check (a <> 'y'))")
    target.execute("create schema b")
    ddl.replay(target, ["b", "public"], before_load(legacy, [legacy.tables[0].shape], hidden={"t"}))
    target.execute("insert into b.t values (null, null, '16405(12,5)'), (1, 'y', null), (1, 'y', null)")
    assert [column.name for column in reflect(target, "b").tables[0].shape.columns] == ["id", "a", "__origin"]
    ddl.replay(target, ["b", "public"], ddl.drop_hidden(["t"]))
    assert reflect(target, "b").tables[0].shape.columns[-1].name == "a"


def test_columns_are_renamed_before_their_tables(source, target):
    legacy = made(source, NASTY)
    build(target, legacy)
    renamed = ddl.renames([("order", 'new "name"')], [("order", "Full Name", "where; --")])
    ddl.replay(target, ["x__build", "public"], renamed)
    order = reflect(target, "x__build").table('new "name"').shape
    assert order.column("where; --").collation == '"C"'
    assert next(c.expression for c in order.constraints if c.name == "known; name") == 'is_known("where; --")'


POSITIONS = {
    # making the sequence and moving it in the source; values in the target; what the next value is then
    "untouched": ("create sequence s", [], 1),
    "called": ("create sequence s; select nextval('s')", [], 2),
    "set but not called": ("create sequence s; select setval('s', 50, false)", [], 50),
    "set but not called, and there": ("create sequence s; select setval('s', 50, false)", [50], 51),
    "behind its values": ("create sequence s", [7, 3], 8),
    "ahead of its values": ("create sequence s; select setval('s', 20)", [7, 3], 21),
    "by tens": ("create sequence s increment 10; select setval('s', 21)", [27], 37),
    "descending": ("create sequence s increment -2; select setval('s', -9)", [-20, 5], -22),
    "descending, ahead": ("create sequence s increment -2; select setval('s', -9)", [-3], -11),
    "descending, not called": ("create sequence s increment -1", [-1], -2),
    "values beyond its bounds": ("create sequence s maxvalue 100; select setval('s', 20)", [5000, -3, 30], 31),
    "cycled": ("create sequence s maxvalue 100 cycle; select setval('s', 20)", [100, 30], 21),
    "big": ("create sequence s", [9007199254740993], 9007199254740994),
}


@pytest.mark.parametrize("case", POSITIONS)
@pytest.mark.parametrize("kind", ["bigint", "numeric"])
def test_sequences_go_on_after_values_and_position(source, case, kind):
    text, values, wanted = POSITIONS[case]
    legacy = made(source, f"{text}; create table t (id {kind} default nextval('s'))", "legacy")
    shapes = [legacy.tables[0].shape]
    source.execute("create schema b")
    ddl.replay(source, ["b", "public"], before_load(legacy, shapes))
    source.cursor().executemany("insert into b.t values (%s)", [[value] for value in values])
    ddl.replay(source, ["b", "public"], ddl.positions(legacy, shapes, ["s"]))
    assert source.execute("select nextval('b.s')").fetchone() == (wanted,)


def test_identities_and_shared_sequences_go_on_too(source, target):
    text = """
        create table a (id integer generated by default as identity, shared serial);
        create table b (id bigint default nextval('a_shared_seq'), word text default 'n' || nextval('a_shared_seq'));
    """
    legacy = made(source, text, "legacy")
    shapes = [table.shape for table in legacy.tables]
    target.execute("create schema b")
    ddl.replay(target, ["b", "public"], before_load(legacy, shapes))
    target.execute("insert into b.a values (40, 5); insert into b.b values (60)")
    ddl.replay(target, ["b", "public"], ddl.positions(legacy, shapes, needs(legacy, shapes).sequences))
    target.execute("insert into b.a default values")
    assert target.execute("select * from b.a where id > 40").fetchall() == [(41, 61)]


def test_a_descending_sequence_goes_on_below_all_its_columns(source):
    text = "create sequence s increment -1; create table a (n int default nextval('s'), m int default nextval('s'))"
    legacy = made(source, text, "legacy")
    source.execute("create schema b")
    shapes = [legacy.tables[0].shape]
    ddl.replay(source, ["b", "public"], before_load(legacy, shapes))
    source.execute("insert into b.a values (-7, -30)")
    ddl.replay(source, ["b", "public"], ddl.positions(legacy, shapes, ["s"]))
    assert source.execute("select nextval('b.s')").fetchone() == (-31,)


def test_an_unreadable_sequence_goes_on_after_its_values(source, target):
    legacy = made(source, "create sequence s start 5; create table t (id integer default nextval('s'))")
    unread = dataclasses.replace(legacy, sequences=(dataclasses.replace(legacy.sequences[0], last_value=None),))
    shapes = [legacy.tables[0].shape]
    target.execute("create schema b")
    ddl.replay(target, ["b", "public"], before_load(unread, shapes) + ddl.positions(unread, shapes, ["s"]))
    assert target.execute("select nextval('b.s')").fetchone() == (5,)
    target.execute("insert into b.t values (9)")
    ddl.replay(target, ["b", "public"], ddl.positions(unread, shapes, ["s"]))
    assert target.execute("select nextval('b.s')").fetchone() == (10,)


def test_a_rehearsal_leaves_nothing_and_finds_nothing_wrong(source, target):
    legacy = made(source, NASTY)
    shapes = [table.shape for table in legacy.tables]
    assert rehearsal.rehearse(target, "x__build", before_load(legacy, shapes) + after_load(legacy, shapes)) == []
    assert reflect(target, "x__build").schema_oid == 0


def test_a_rehearsal_tells_all_faults_at_once(source, target):
    text = """
        create function f(integer) returns boolean language sql immutable as 'select $1 > 0';
        create type mood as enum ('a');
        create table a (id integer primary key, m mood, check (f(id)), unique (m));
        create table b (id integer primary key, a_id integer references a (id));
        create index by_f on b (f(id));
    """
    legacy = made(source, text)
    shapes = [table.shape for table in legacy.tables]
    statements = ddl.tables(legacy, shapes) + after_load(legacy, shapes)  # neither types nor functions
    target.execute("create schema taken")
    faults = rehearsal.rehearse(target, "taken", statements)
    assert [str(fault) for fault in faults] == [
        'the target refuses the table a: type "mood" does not exist',
        "the target refuses the index b.by_f: function f(integer) does not exist",
    ]


def test_a_rehearsal_tells_what_would_hang_on_another_schema(source, target):
    text = "create type mood as enum ('a'); create table a (id integer primary key, m mood);"
    made(target, text, "public")
    legacy = made(source, text + "create table b (a_id integer references a (id), m mood)")
    shapes = [table.shape for table in legacy.tables if table.name == "b"]
    wrong = Statement("index", ("b", "none"), "create index none on b (none)")
    faults = rehearsal.rehearse(target, "x__build", [*ddl.tables(legacy, shapes), *ddl.foreign_keys(shapes), wrong])
    assert [str(fault).split(",")[0] for fault in faults] == [
        'the target refuses the index b.none: column "none" does not exist',
        "b.m would depend on the type public.mood",
        "b.b_a_id_fkey would reference the table public.a",
    ]


def test_members_of_extensions_follow_them(source, target):
    text = """
        create schema extensions; create extension citext schema extensions; create extension pg_trgm schema extensions;
        create table t (
            a extensions.citext default 'x'::extensions.citext, b extensions.citext[],
            note text default 'extensions.citext', check (a operator(extensions.<>) 'y'::extensions.citext)
        );
        create index on t using gin (note extensions.gin_trgm_ops);
    """
    legacy = made(source, text)
    assert legacy.table("t").shape.column("a").type == "extensions.citext"
    moved = rehome(legacy, "public")
    ddl.replay(target, ["public", "public"], prerequisite_ddl.extensions(["citext", "pg_trgm"]))
    build(target, moved)
    column, _, note = reflect(target, "x__build").table("t").shape.columns
    assert (column.type, column.default) == ("public.citext", "'x'::public.citext")
    assert note.default == "'extensions.citext'::text"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("uuid_generate_v4()", "gen_random_uuid()"),
        ("(public.uuid_generate_v4 () || 'uuid_generate_v4()')", "(gen_random_uuid () || 'uuid_generate_v4()')"),
        ('"UUID_generate_v4"()', '"UUID_generate_v4"()'),
        ('UUID_GENERATE_V4() || x."uuid_generate_v4"()', "gen_random_uuid() || gen_random_uuid()"),
        ("uuid_generate_v4 + my_uuid_generate_v4()", "uuid_generate_v4 + my_uuid_generate_v4()"),
        (
            r"E'\'uuid_generate_v4()' || $x$uuid_generate_v4()$x$",
            r"E'\'uuid_generate_v4()' || $x$uuid_generate_v4()$x$",
        ),
        ('"a""uuid_generate_v4()"', '"a""uuid_generate_v4()"'),
        ("odd(uuid_generate_v4())", '"Even One"(gen_random_uuid())'),
    ],
)
def test_calls_are_replaced_where_they_are_calls(text, wanted):
    assert replace_calls(text, {"uuid_generate_v4": "gen_random_uuid()", "odd": "Even One"}) == wanted


def test_a_declared_table_needs_no_legacy_one(source, target):
    legacy = made(source, "")
    shape = Table(
        'a "new" one', (Column("id", "uuid", True, "gen_random_uuid()"), Column("n", "integer", identity="a"))
    )
    target.execute("create schema b")
    ddl.replay(target, ["b", "public"], before_load(legacy, [shape]) + after_load(legacy, [shape]))
    assert [(c.not_null, c.identity) for c in reflect(target, "b").tables[0].shape.columns] == [(True, ""), (True, "a")]


def test_a_statement_that_fails_is_named_with_its_kind_table_and_constraint(source, target):
    legacy = made(source, "create table a (id int primary key); create table b (id int primary key, n int)")
    target.execute("create schema b")
    shapes = [table.shape for table in legacy.tables]
    ddl.replay(target, ["b", "public"], before_load(legacy, shapes))
    target.execute("insert into b.b values (1), (1)")
    with pytest.raises(TargetError, match=r"^making key b\.b_pkey: unique violation \(23505\)"):
        ddl.replay(target, ["b", "public"], after_load(legacy, shapes))


def test_what_was_stopped_is_not_run_again_statement_by_statement(target):
    stop = Stop()
    target.execute("create sequence public.tries")  # what it counts is not rolled back
    slow = spell("table", "slow", "select nextval('public.tries'), pg_sleep(60)")
    threading.Timer(0.5, stop.set).start()
    with stop.reaching(lambda: target.cancel_safe(timeout=5)), pytest.raises(Interrupted):
        ddl.replay(target, ["public", "public"], [slow], stop=stop)
    assert target.execute("select last_value, is_called from public.tries").fetchone() == (1, True)
