"""The catalogue says what tables and functions need: types, functions, sequences, extensions; and what is left."""

from engine.reflect.catalog import Attribute, Dependency, DomainCheck, TypeUse, reflect
from tests.integration.engine.reflect.schemas import NASTY, made


def test_type_uses_reach_through_arrays_domains_composites_and_ranges(connection):
    catalog = made(connection, NASTY)
    uses = {(use.column, use.type, use.kind) for use in catalog.type_uses if use.table == "order"}
    assert {use for use in uses if use[0] == "safe"} == {
        ("safe", "checked_address", "d"), ("safe", "address", "c"), ("safe", "Select", "e"), ("safe", "mood", "e"),
    }  # fmt: skip
    assert {use for use in uses if use[0] == "many"} == {("many", "moods", "d"), ("many", "mood", "e")}
    assert {use for use in uses if use[0] == "durings"} == {("durings", "span", "r")}


def test_types_are_told_in_full(connection):
    types = {kind.name: kind for kind in made(connection, NASTY).types}
    assert types["mood"].labels == ("happy", 'it\'s "fine"', "back\\slash", "Ünïcode")
    email = types["email"]
    assert (email.base, email.default, email.collation) == ("text", "'nobody@example.com'::text", '"C"')
    assert email.checks[0] == DomainCheck("has_at", "(VALUE ~~ '%@%'::text)")
    assert (types["good_mood"].not_null, email.not_null) == (True, False)
    assert types["address"].attributes[:2] == (Attribute("street", "text", '"C"'), Attribute("House No", "integer"))
    assert types["address"].needs == ("Select", "mood") and types['weird " type'].needs == ("span",)
    assert dict(types["span"].range_options) == {
        "subtype": "double precision", "subtype_diff": "float8mi", "multirange_type_name": "spans",
    }  # fmt: skip


def test_types_of_other_schemas_rows_and_extensions_are_told(connection):
    connection.execute("create schema other; create type other.mood as enum (); create extension citext schema other")
    catalog = made(connection, "create table t (a other.mood[], b other.citext); create table u (t t)")
    assert [use for use in catalog.type_uses if use.table == "t" or use.type == "t"] == [
        TypeUse("t", "a", "other", "mood", "e"),
        TypeUse("t", "b", "other", "citext", "b", "citext"),
        TypeUse("u", "t", "legacy", "t", "row"),
    ]
    citext = next(extension for extension in catalog.extensions if extension.name == "citext")
    assert (citext.schema, citext.types) == ("other", ("citext",))


def test_types_come_in_an_order_in_which_they_can_be_made(connection):
    text = 'create type c as (x integer); create domain b as c; create type a as (y b[]); create domain "A" as a[];'
    catalog = made(connection, text)
    assert [kind.name for kind in catalog.types] == ["c", "b", "a", "A"]
    assert [kind.needs for kind in catalog.types] == [(), ("c",), ("b",), ("a",)]


def test_dependencies_name_what_expressions_call(connection):
    catalog = made(connection, NASTY)
    found = set(catalog.dependencies)
    assert Dependency("constraint", "order", "known; name", "function", "legacy", "is_known", "value text") in found
    assert Dependency("default", "order", "slugged", "function", "legacy", "slug", "value text") in found
    assert Dependency("index", "order", "Ex pression", "function", "legacy", "slug", "value text") in found
    assert Dependency("default", "child", "ticket", "sequence", "legacy", "ticket_seq") in found
    assert Dependency("domain check", "email", "known", "function", "legacy", "is_known", "value text") in found
    assert Dependency("domain check", "checked_address", "checked_address_check", "type", "legacy", "address") in found
    assert Dependency("default", "whole", "stays", "type", "legacy", "span") in found, (
        "its constructors are no functions"
    )


def test_dependencies_name_extensions(connection):
    connection.execute("create schema other; create extension pg_trgm schema other")
    text = """
        create table t (a text check (other.similarity(a, 'x') > 0.5));
        alter table t add exclude using gist (a other.gist_trgm_ops with =);
        create index by_a on t using gin (a other.gin_trgm_ops);
    """
    found = {(d.user_kind, d.user, d.kind, d.name, d.extension) for d in made(connection, text).dependencies}
    assert found == {
        ("constraint", "t_a_check", "function", "similarity", "pg_trgm"),
        ("constraint", "t_a_excl", "operator class", "gist_trgm_ops", "pg_trgm"),
        ("index", "by_a", "operator class", "gin_trgm_ops", "pg_trgm"),
    }


def test_tables_of_extensions_are_told(connection):
    connection.execute("create schema legacy; create extension pg_stat_statements; create extension lo")
    connection.execute("create table legacy.spatial (id integer); alter extension lo add table legacy.spatial")
    catalog = made(connection, "create table t (id integer)")
    assert [(table.name, table.extension) for table in catalog.tables] == [("spatial", "lo"), ("t", None)]
    assert next(e for e in catalog.extensions if e.name == "lo").tables == ("spatial",)


def test_functions_tell_what_they_need(connection):
    text = """
        create type mood as enum ('a');
        create table users (id integer);
        create sequence s;
        create function free(users integer) returns integer language sql as 'select users -- s, helper()';
        create function helper() returns mood language plpgsql as $$ begin return 'a'::mood; end $$;
        create function by_text() returns bigint language sql as $$ select count(*) from "users" $$;
        create function by_name() returns bigint language plpgsql as $$ begin return nextval('s'); end $$;
        create function by_atom() returns integer begin atomic select id from users; end;
        create function by_call() returns mood language plpgsql as $$ begin return helper(); end $$;
        create function by_row(u users) returns integer language sql as 'select 1';
        create function by_array(mood[]) returns integer language sql as 'select 1';
        create type span as range (subtype = integer);
        create function by_spans(int4multirange, span_multirange) returns integer language sql as 'select 1';
        create function by_schema() returns integer language plpgsql as $$ begin return legacy.helper(); end $$;
        create aggregate total(integer) (sfunc = int4pl, stype = integer);
    """
    functions = {function.name: function for function in made(connection, text).functions}
    assert {name: function.needs for name, function in functions.items()} == {
        "free": (),
        "helper": ("type mood",),
        "by_text": ("relation users",),
        "by_name": ("sequence s",),
        "by_atom": ("relation users",),
        "by_call": ("function helper", "type mood"),
        "by_row": ("relation users",),
        "by_array": ("type mood",),
        "by_spans": ("type span",),
        "by_schema": ("function helper", "schema legacy"),
        "total": (),
    }
    assert {name for name, function in functions.items() if function.is_portable} == {
        "free", "helper", "by_array", "by_spans",
    }  # fmt: skip
    assert functions["free"].definition.startswith("CREATE OR REPLACE FUNCTION free(users integer)\n")
    assert (functions["total"].definition, functions["total"].kind) == (None, "a")


def test_sequences_tell_owner_options_and_position(connection):
    text = "select nextval('free_seq'); select setval('ticket_seq', 500, false)"
    found = {s.name: s for s in made(connection, NASTY + text).sequences}
    free, ticket = found["free_seq"], found["ticket_seq"]
    assert (free.type, free.start, free.increment, free.minimum, free.maximum) == ("integer", 8, 5, 3, 1000)
    assert (free.cache, free.is_cycled, free.table, free.last_value, free.is_called) == (7, True, None, 38, True)
    assert (ticket.last_value, ticket.is_called) == (500, False)
    assert (found["child_id_seq"].table, found["child_id_seq"].column) == ("child", "id")
    assert (found["order_select_seq"].is_identity, found["child_id_seq"].is_identity) == (True, False)


def test_many_sequences_are_read(connection):
    made(
        connection,
        "do $$ begin for n in 1 .. 1203 loop execute format('create sequence s%s start %s', n, n); end loop; end $$",
    )
    found = reflect(connection, "legacy").sequences
    assert len(found) == 1203 and all(s.name == f"s{s.last_value}" for s in found)


def test_leftovers_can_be_run_again(connection):
    leftovers = made(connection, NASTY).not_migrated
    leftovers = [leftover for leftover in leftovers if not leftover.kind.startswith("partition")]
    assert {(leftover.kind, leftover.name, leftover.table) for leftover in leftovers} == {
        ("view", "happy", None), ("materialized view", "slugs", None), ("trigger", "Touch", "order"),
        ("rule", "quiet", "whole"), ("row security", "whole", "whole"), ("policy", "own", "whole"),
        ("statistics", "child_stats", "child"),
    }  # fmt: skip
    connection.execute("set search_path = legacy")
    connection.execute(
        'drop view happy; drop materialized view slugs; drop trigger "Touch" on "order"; drop rule quiet on whole;'
        "drop policy own on whole; alter table whole disable row level security; drop statistics child_stats"
    )
    for leftover in leftovers:
        connection.execute(leftover.definition)
    assert set(leftovers) <= set(reflect(connection, "legacy").not_migrated)


def test_how_tables_are_run_is_told(connection):
    catalog = made(
        connection,
        """
        create table plain (id int primary key, t text storage external compression pglz, n int)
            with (fillfactor = 70, toast.autovacuum_enabled = false);
        alter table plain alter n set statistics 500, alter n set (n_distinct = 5);
        create index "Cl" on plain (n); create index ex on plain ((n + 1));
        alter index ex alter column 1 set statistics 300;
        alter table plain cluster on "Cl"; alter table plain replica identity full;
        create unlogged table fast (id int not null); create unique index pu on fast (id);
        alter table fast replica identity using index pu;
        create table parted (d date) partition by range (d);
        create table parted_1 partition of parted for values from ('2024-01-01') to ('2025-01-01');
        create index compressed on plain (t); select lo_create(0), lo_create(0);
        """,
    )
    found = {(kept.kind, kept.name): kept.definition for kept in catalog.not_migrated}
    assert found == {
        ("storage parameters", "plain"): "ALTER TABLE plain SET (fillfactor=70, toast.autovacuum_enabled=false)",
        ("column storage", "t"): "ALTER TABLE plain ALTER COLUMN t SET STORAGE EXTERNAL",
        ("column compression", "t"): "ALTER TABLE plain ALTER COLUMN t SET COMPRESSION pglz",
        ("statistics target", "n"): "ALTER TABLE plain ALTER COLUMN n SET STATISTICS 500",
        ("column options", "n"): "ALTER TABLE plain ALTER COLUMN n SET (n_distinct=5)",
        ("statistics target", "expr"): "ALTER INDEX ex ALTER COLUMN 1 SET STATISTICS 300",
        ("clustering", "Cl"): 'ALTER TABLE plain CLUSTER ON "Cl"',
        ("replica identity", "plain"): "ALTER TABLE plain REPLICA IDENTITY FULL",
        ("replica identity", "fast"): "ALTER TABLE fast REPLICA IDENTITY USING INDEX pu",
        ("large object", "2 of the database"): (
            "-- Large objects stand in no schema; lo_export writes one to a file, lo_import reads it."
        ),
        ("unlogged", "fast"): "ALTER TABLE fast SET UNLOGGED",
        ("partitioning", "parted"): "PARTITION BY RANGE (d)",
        ("partition", "parted_1"): (
            "CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')"
        ),
    }
