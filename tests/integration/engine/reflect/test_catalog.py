"""The catalogue says what is there: of every table, its shape, its size, what it needs and who may read it."""

from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from engine.planning.legacy_faults import hidden_rows
from engine.reflect import definitions
from engine.reflect.catalog import Attribute, Catalog, Dependency, DomainCheck, LegacyTable, TypeUse, reflect

NASTY = (Path(__file__).parents[1] / "nasty.sql").read_text()


@pytest.fixture
def url(database) -> str:
    return database()


@pytest.fixture
def connection(url):
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def stranger(connection, url):
    """A connection of a role that owns nothing and was granted nothing."""
    role = sql.Identifier(f"stranger_{connection.info.dbname}")
    connection.execute(sql.SQL("create role {} login").format(role))
    connection.execute(sql.SQL("create schema if not exists legacy; grant usage on schema legacy to {}").format(role))
    with psycopg.connect(url, autocommit=True) as stranger:
        stranger.execute(sql.SQL("set role {}").format(role))
        yield stranger
    connection.execute(sql.SQL("drop owned by {0}; drop role {0}").format(role))


def made(connection: psycopg.Connection, text: str, schema: str = "legacy") -> Catalog:
    name = sql.Identifier(schema)
    with connection.transaction():
        connection.execute(sql.SQL("create schema if not exists {}").format(name))
        connection.execute(sql.SQL("set local search_path = {}, public").format(name))
        connection.execute(text)
    return reflect(connection, schema)


def only(catalog: Catalog) -> LegacyTable:
    (table,) = catalog.tables
    return table


def test_the_database_is_named(connection):
    catalog = made(connection, "")
    assert (catalog.database, catalog.encoding) == (connection.info.dbname, "UTF8")
    assert catalog.server_version_num == connection.info.server_version
    assert catalog.schema_oid and catalog.schema_owner and catalog.system_identifier


def test_a_schema_that_is_not_there_is_empty(connection):
    catalog = reflect(connection, "no such; schema")
    assert (catalog.schema_oid, catalog.tables, catalog.functions) == (0, (), ())


def test_columns_tell_their_types(connection):
    made(connection, NASTY)
    columns = reflect(connection, "legacy").table("order").shape.columns
    found = {c.name: (c.type, c.base, c.kind, c.is_array, c.dimensions) for c in columns}
    assert found["feelings"] == ("mood[]", "mood", "b", True, 1)
    assert found["deep"] == ("mood[]", "mood", "b", True, 2)
    assert found["many"] == ("moods", "mood", "d", True, 0)
    assert found["contact"] == ("email", "text", "d", False, 0)
    assert found["contacts"] == ("email[]", "text", "b", True, 1)
    assert found["home"] == ("address", "address", "c", False, 0)
    assert found["durings"] == ("spans", "spans", "m", False, 0)
    assert found["price"] == ("numeric(14,2)", "numeric", "b", False, 0)
    assert found["gap"] == ("interval day to second(2)", "interval", "b", False, 0)
    assert found['x"; drop table users; --'][0] == "character varying(17)"


def test_columns_tell_their_rules(connection):
    table = made(connection, NASTY).table("order")
    found = {c.name: c for c in table.shape.columns}
    assert (found["select"].identity, found["select"].not_null, found["select"].default) == ("a", True, None)
    assert (found["total"].generated, found["total"].default) == ("s", "(price * (quantity)::numeric)")
    assert (found["Full Name"].collation, found["contact"].collation) == ('"C"', None)
    assert found['x"; drop table users; --'].comment == '\'); drop table "order"; --'
    assert table.shape.primary_key == ("select",)


def test_constraints_are_told_in_full(connection):
    catalog = made(connection, NASTY)
    found = {c.name: c for table in catalog.tables for c in table.shape.constraints}
    assert not [c for c in found.values() if c.kind == "n"]
    assert found["known; name"].expression == 'is_known("Full Name")'
    assert found["late"].is_validated is False
    assert found["pair"].nulls_not_distinct and found["pair"].comment == "as a pair"
    assert found["no overlap"].columns == ("during", "room")
    assert not found["wide"].nulls_not_distinct
    points = found["points at"]
    assert (points.columns, points.ref_table, points.ref_schema, points.ref_columns, points.is_deferrable) == (
        ("order",), "order", None, ("select",), True,
    )  # fmt: skip
    match = found["whole_match"]
    assert match.is_match_full and not match.is_validated
    assert (match.columns, match.ref_columns) == (("b", "a"), ("b", "a"))
    assert found["positive"].table == "measured"


def test_a_foreign_key_into_another_schema_names_it(connection):
    connection.execute("create schema other; create table other.users (id integer primary key)")
    (key,) = only(made(connection, "create table t (u integer references other.users)")).shape.constraints
    assert (key.ref_schema, key.ref_table) == ("other", "users")
    assert definitions.constraint(key) == 'FOREIGN KEY ("u") REFERENCES "other"."users" ("id")'


def test_a_reference_to_a_partitioned_table_is_one_constraint(connection):
    catalog = made(connection, NASTY + "create table r (id bigint, d date, foreign key (id, d) references measured)")
    assert [c.name for c in catalog.table("r").shape.constraints] == ["r_id_d_fkey"]


def test_indexes_tell_every_column_they_read(connection):
    indexes = {i.name: i for table in made(connection, NASTY).tables for i in table.shape.indexes}
    expression = indexes["Ex pression"]
    assert sorted(expression.columns) == ["Full Name", "best", "bits", "price", "quantity"]
    assert (expression.is_unique, expression.has_expression) == (True, True)
    assert expression.predicate == "((quantity > 1) AND (best IS NOT NULL))"
    assert definitions.index(indexes["measured_by_place"]) == (
        'CREATE INDEX "measured_by_place" ON "measured" USING "btree" (place) WHERE ((amount > (1)::numeric))'
    )


def test_an_invalid_index_is_listed_and_left(connection):
    made(connection, "create table t (a integer); insert into t values (1), (1)")
    with pytest.raises(psycopg.errors.UniqueViolation):
        connection.execute('create unique index concurrently "half made" on legacy.t (a)')
    table = only(reflect(connection, "legacy"))
    assert (table.invalid_indexes, table.shape.indexes) == (("half made",), ())


def test_partitions_are_read_through_their_root(connection):
    catalog = made(connection, NASTY)
    assert {table.name for table in catalog.tables} == {"Tür", "child", "measured", "order", "whole"}
    measured = catalog.table("measured")
    assert (measured.kind, measured.partition_key) == ("p", 'RANGE ("On Day")')
    assert [leaf.name for leaf in measured.leaves] == ["measured_2024_a", "measured_2024_rest", "measured_rest"]
    assert not [need for need in (*catalog.type_uses, *catalog.dependencies) if need.table.startswith("measured ")]


def test_leaves_in_other_schemas_are_leaves_and_roots_in_others_are_told(connection):
    connection.execute("create schema other")
    text = """
        create table root (id integer) partition by range (id);
        create table other.leaf partition of root default;
        create table other.root (id integer) partition by range (id);
        create table leaf partition of other.root default;
    """
    catalog = made(connection, text)
    assert [(leaf.schema, leaf.name) for leaf in catalog.table("root").leaves] == [("other", "leaf")]
    assert (catalog.table("leaf").is_partition, catalog.table("root").is_partition) == (True, False)
    assert catalog.table("leaf").inherits == ()


def test_inheritance_is_told_on_both_sides(connection):
    catalog = made(connection, 'create table "Parent" (a integer); create table child () inherits ("Parent")')
    assert (catalog.table("child").inherits, catalog.table("child").has_heirs) == (("Parent",), False)
    assert (catalog.table("Parent").inherits, catalog.table("Parent").has_heirs) == ((), True)


def test_sizes_are_those_of_now(connection):
    fill = "insert into t select n, 'a text of some length' from generate_series(1, 20000) n"
    table = only(made(connection, f"create table t (id integer, a text) with (autovacuum_enabled = off); {fill}"))
    assert table.pages == connection.execute("select pg_relation_size('legacy.t') / 8192").fetchone()[0] > 0
    assert 10_000 < table.rows < 40_000, "a guess from the widths, for it was never analysed"
    connection.execute("analyze legacy.t")
    assert abs(only(reflect(connection, "legacy")).rows - 20_000) < 200
    table = only(made(connection, fill))
    assert abs(table.rows - 40_000) < 800, "the density of the analysis times the pages of now"
    connection.execute("truncate legacy.t")
    assert (only(reflect(connection, "legacy")).pages, only(reflect(connection, "legacy")).rows) == (0, 0)


def test_a_partitioned_table_is_as_big_as_its_leaves(connection):
    text = "insert into measured select n, '2024-01-01'::date + n, 'a', 1.5 from generate_series(1, 3000) n"
    table = made(connection, NASTY + text).table("measured")
    assert (table.pages, table.rows) == (sum(x.pages for x in table.leaves), sum(x.rows for x in table.leaves))
    assert table.pages > 3 and all(leaf.relfilenode for leaf in table.leaves)


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


def test_grants_are_told(connection):
    grants = made(connection, NASTY).grants
    found = {(g.kind, g.name, g.column, g.privilege) for g in grants if g.grantee == ""}
    assert found == {("table", "order", None, "SELECT"), ("column", "order", "price", "UPDATE")}


def test_what_may_not_be_read_is_told(connection, stranger):
    role = sql.Identifier(f"stranger_{connection.info.dbname}")
    made(
        connection,
        "create table closed (a integer); create table half (a integer, b integer); create table whole (a integer);"
        "create sequence closed_seq; create sequence open_seq; create table hidden (a integer)",
    )
    connection.execute(
        sql.SQL(
            "grant select (a) on legacy.half to {0}; grant select (a) on legacy.whole to {0};"
            "grant select on legacy.open_seq, legacy.hidden to {0}; alter table legacy.hidden enable row level security"
        ).format(role)
    )
    catalog = reflect(stranger, "legacy")
    assert {t.name: t.has_select for t in catalog.tables} == {
        "closed": False,
        "half": False,
        "hidden": True,
        "whole": False,  # system columns are not granted with the others
    }
    assert {t.name for t in catalog.tables if t.is_filtered} == {"hidden"}
    owner = catalog.table("hidden").owner
    assert hidden_rows(catalog.table("hidden")).endswith(f"a role with BYPASSRLS, or its owner, {owner}")
    connection.execute("alter table legacy.hidden force row level security")
    assert "or its owner" not in hidden_rows(reflect(stranger, "legacy").table("hidden"))
    assert not any(t.is_filtered for t in reflect(connection, "legacy").tables), "a superuser sees all rows"
    assert {s.name: s.is_readable for s in catalog.sequences} == {"closed_seq": False, "open_seq": True}
    connection.execute("revoke execute on function pg_control_system() from public")
    assert reflect(stranger, "legacy").system_identifier is None
    assert reflect(connection, "legacy").system_identifier


def test_a_schema_without_usage_is_empty(connection, stranger):
    made(connection, "create table t (a integer)", "secret")
    assert reflect(stranger, "secret").schema_oid == 0


def test_reading_needs_no_write_and_leaves_no_trace(url, connection):
    made(connection, NASTY)
    options = "-c default_transaction_read_only=on -c search_path=public"
    with psycopg.connect(make_conninfo(url, options=options)) as reader:
        assert reflect(reader, "legacy").tables
        assert reader.info.transaction_status == psycopg.pq.TransactionStatus.IDLE
        reader.execute("select 1")
        assert reflect(reader, "legacy").tables
        assert reader.execute("show search_path").fetchone() == ("public",)
        locks = reader.execute(
            "select distinct mode from pg_locks where pid = pg_backend_pid() and relation is not null"
        )
        assert locks.fetchall() == [("AccessShareLock",)]


def test_the_number_of_queries_does_not_grow_with_the_schema(url, connection):
    asked = []

    class Counting(psycopg.Cursor):
        def execute(self, *arguments, **options):
            asked.append(arguments[0])
            return super().execute(*arguments, **options)

    many = "do $$ begin for n in 1 .. 50 loop execute format('create table t%s (id serial)', n); end loop; end $$"
    made(connection, many)
    made(connection, "create table t (id serial)", "small")
    with psycopg.connect(url, autocommit=True, cursor_factory=Counting) as counted:
        counts = []
        for schema, tables in (("legacy", 50), ("small", 1)):
            asked.clear()
            assert len(reflect(counted, schema).tables) == tables
            counts.append(len(asked))
    assert counts[0] == counts[1] < 30
