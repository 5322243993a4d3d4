"""The catalogue says of every table its columns, constraints, indexes, partitions and size."""

import psycopg
import pytest

from engine.reflect import definitions
from engine.reflect.catalog import reflect
from tests.integration.engine.reflect.schemas import NASTY, made, only


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
