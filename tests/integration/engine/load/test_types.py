"""Every type that PostgreSQL has built in, and types of a database's own, through either lane: each value arrives as it
is."""

import re
from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql

from config import settings as configuration
from engine.run import migrate
from engine.session import connect, fetch
from engine.start.options import Options
from tests.support.auditors import reconciling

OWN = """
    create extension citext; create extension hstore; create extension ltree; create extension isn;
    create type mood as enum ('sad', 'größer', 'it''s');
    create domain percent as numeric(5,2) check (value between 0 and 100);
    create domain short as varchar(3);
    create domain shorter as short check (value <> 'no');
    create domain moods as mood[];
    create domain document as jsonb;
    create type gone as (at timestamptz, felt mood, left_ int, share percent, felts mood[], book isbn13);
    alter type gone drop attribute left_;
    create type pair as (felt mood, "sh are" percent, grid int[], word citext);
    create domain pairs as pair[];
    create type wide as (one pair, many pair[]);
    create function length(mood) returns int language sql as 'select 1';
    create type feelings as range (subtype = mood, multirange_type_name = many_feelings);
    create type words as range (subtype = text, collation = "C");
"""
# Values of each builtin type, the extremes and those that are spelled in several ways.
VALUES = {
    "bit": ["1"],
    "bit(3)": ["101", "000"],
    "bool": ["t", "f"],
    "box": ["(2,2),(-0,1e-300)"],
    "bpchar": ["é  ", ""],
    "character(4)": ["é", "ab d"],
    "bytea": [r"\x00ff", ""],
    '"char"': ["a", r"\351", ""],
    "cid": ["4294967295"],
    "cidr": ["10.0.0.0/8", "::/0", "2001:db8::/32"],
    "circle": ["<(0.1,-0),1e300>"],
    "date": ["infinity", "-infinity", "4713-01-01 BC", "5874897-12-31"],
    "datemultirange": ["{}", "{[2024-01-01,2024-02-01),[infinity,)}"],
    "daterange": ["empty", "(,)", "[2024-01-01,infinity]"],
    "float4": ["NaN", "-0", "1e-45", "3.4028235e38", "-Infinity"],
    "float8": ["NaN", "-0", "5e-324", "0.1", "1.7976931348623157e308", "Infinity"],
    "inet": ["10.0.0.1/8", "::ffff:1.2.3.4", "fe80::1/64"],
    "int2": ["-32768", "32767"],
    "int2vector": ["1 -2", ""],
    "int4": ["-2147483648", "2147483647"],
    "int4multirange": ["{[1,2),[5,)}"],
    "int4range": ["[1,3]", "empty", "(,5)"],
    "int8": ["-9223372036854775808", "9223372036854775807"],
    "int8multirange": ["{(,)}"],
    "int8range": ["[1,9223372036854775806]"],
    "interval": ["1 year -2 mons 3 days -04:05:06.789", "0", "-178000000 years"],
    "interval year to month": ["1 year 2 mons"],
    "interval(2)": ["00:00:00.12"],
    "json": ['{"b": 1, "b": 2.10}', r'"\u0000é"', "null"],
    "jsonb": ['{"é": 1.10, "b": [1e400]}', "null", r'"ü"'],
    "jsonpath": ['$."a"[*] ? (@ > 1)', "strict $"],
    "line": ["{1,-1,0.1}"],
    "lseg": ["[(0,0),(1,1e-5)]"],
    "macaddr": ["08:00:2b:01:02:03"],
    "macaddr8": ["08:00:2b:01:02:03:04:05"],
    "money": ["-$92,233,720,368,547,758.08", "$0.01"],
    "name": ["é" * 20, ""],
    "numeric": ["NaN", "-Infinity", "Infinity", "0.000", "-1e-1000", "1e10000", "100.10", "12345678901234567890.0001"],
    "numeric(14,2)": ["-999999999999.99", "NaN", "0.10", "-0.01"],
    "numeric(3,-2)": ["12300"],
    "numeric(2,5)": ["0.00099"],
    "nummultirange": ["{[1.10,2.20),[NaN,NaN]}"],
    "numrange": ["[1.10,2.200)", "(,Infinity]"],
    "oid": ["4294967295"],
    "oidvector": ["1 4294967295", ""],
    "path": ["[(0,0),(1,1)]", "((0,0),(1,1))"],
    "pg_lsn": ["FFFFFFFF/FFFFFFFF"],
    "pg_snapshot": ["10:20:10,14,15"],
    "point": ["(NaN,-0)", "(1e-300,Infinity)"],
    "polygon": ["((0,0),(1,1),(1,0))"],
    "refcursor": ["a cursor", ""],
    "text": ["", "NULL", r"\N", "é\t\r\n ", "z" * 3000],
    "tid": ["(4294967295,65535)"],
    "time": ["24:00:00", "00:00:00.000001"],
    "time(1)": ["10:00:00.1"],
    "timestamp": ["infinity", "-infinity", "4713-01-01 00:00:00 BC", "294276-12-31 23:59:59.999999"],
    "timestamp(0)": ["2024-02-29 10:00:00"],
    "timestamptz": ["infinity", "-infinity", "4713-01-01 00:00:00+00 BC", "294276-12-31 23:59:59.999999+00"],
    "timestamptz(3)": ["2024-02-29 10:00:00.123+00"],
    "timetz": ["24:00:00+15:59:59", "00:00:00-08"],
    "tsmultirange": ["{[2024-01-01,infinity)}"],
    "tsquery": ["'é':*A & !( b | c ) <2> d", ""],
    "tsrange": ["[2024-01-01,]"],
    "tstzmultirange": ["{[2024-01-01 00:00+00,2024-01-02 00:00+00]}"],
    "tstzrange": ["[2024-01-01 00:00+00,infinity]", "empty"],
    "tsvector": ["'a':1A,2B 'é':16383", ""],
    "txid_snapshot": ["10:20:10,14,15"],
    "uuid": ["00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"],
    "varbit": ["", "1010101"],
    "varchar": ["é ", ""],
    "varchar(3)": ["é  ", "abc"],
    "xid": ["4294967295"],
    "xid8": ["18446744073709551615"],
    "aclitem": ["=r/postgres"],
}
OBJECTS = {  # oids that stand for something of the source alone: their names arrive, as texts
    "regclass": ["pg_class"],
    "regcollation": ['"C"'],
    "regconfig": ["simple"],
    "regdictionary": ["simple"],
    "regnamespace": ["public"],
    "regoper": ["||/"],
    "regoperator": ["=(integer,integer)"],
    "regproc": ["pi"],
    "regprocedure": ["lower(text)"],
    "regrole": ["postgres"],
    "regtype": ["integer[]"],
}
OWN_VALUES = {
    "mood": ["größer", "it's"],
    "percent": ["99.50", "0"],
    "short": ["é  ", ""],
    "shorter": ["abc"],
    "moods": ["[0:1]={sad,NULL}"],
    "document": ['{"é": 1.10}', "null"],
    "gone": ['(infinity,sad,99.50,"{sad,NULL}",978-0-393-04002-9)', "(,,,,)"],
    "pair": ['(größer,1.10,"[0:0]={1}",É)', "(,,,)"],
    "pairs": [r'{"(sad,1.00,{},É)",NULL}'],
    "wide": [r'("(sad,1.00,{},É)","{""(sad,1.00,{},É)""}")'],
    "feelings": ["[sad,größer]", "empty"],
    "many_feelings": ["{[sad,sad]}"],
    "words": ['["",é)', "(,b]"],
    "citext": ["É", ""],
    "hstore": ['"a"=>NULL, "é"=>""'],
    "ltree": ["a.b", ""],
    "lquery": ["*.b"],
    "isbn13": ["978-0-393-04002-9"],
    "information_schema.yes_or_no": ["YES"],
}
NO_VALUES = {  # their input takes none; that of xml does only in servers with libxml
    "gtsvector", "pg_brin_bloom_summary", "pg_brin_minmax_multi_summary", "pg_dependencies", "pg_mcv_list",
    "pg_ndistinct", "pg_node_tree", "xml",
}  # fmt: skip
BUILTIN = """
    select typname from pg_type
    where typnamespace = 'pg_catalog'::regnamespace and typtype in ('b', 'r', 'm') and typcategory <> 'A'
"""
FOUND = """
    select min(format_type(a.atttypid, a.atttypmod)),
        array_agg(case when t.{0} is distinct from null then concat(t.{0}) end order by t.place)
    from {1} as t join pg_attribute a on a.attrelid = t.tableoid and a.attname = {2}
"""
TYPES = {f"of {type_}": (type_, values) for type_, values in (VALUES | OBJECTS | OWN_VALUES).items()}
ROWS = 1 + max(len(values) for _, values in TYPES.values())
IDS = [f"aaaaaaaa-0000-4000-8000-{place:012d}" for place in range(ROWS)]
# The same columns carried by a reshaped table, in a copied one whose ids are derived, and in one that is streamed.
TABLES = {
    "photographer_profiles": "user_id text, status text",
    "pages": "number int generated always as identity",
    "leaves": "number int generated always as identity",
}


@pytest.fixture
def settings(database):
    urls = database(encoding="LATIN1"), database()
    given = configuration.load("demo", {"NXTGAUGE_SOURCE_URL": urls[0], "NXTGAUGE_TARGET_URL": urls[1]})
    with psycopg.connect(urls[0]) as source:
        source.execute(OWN)
        source.execute("create table users as select unnest(%s::uuid[]) as id", [IDS])
        source.execute("alter table users add primary key (id)")
        for table, columns in TABLES.items():
            _fill(source, table, columns)
        source.execute("update photographer_profiles set user_id = id, status = 'approved'")
        source.execute("update pages set id = 'page-0' where id = %s", [IDS[0]])
    return given


def _fill(source: psycopg.Connection, table: str, columns: str) -> None:
    """Two columns of each type, for its values and for arrays of them; the last row of each column is null."""
    declared = sql.SQL(", ").join(
        sql.SQL("{} {type}, {} {type}[]").format(
            sql.Identifier(name), sql.Identifier(f"all {name}"), type=sql.SQL(type_)
        )
        for name, (type_, _) in TYPES.items()
    )
    source.execute(
        sql.SQL("create table {} (id text primary key, place int, {}, {})").format(
            *map(sql.SQL, (table, columns)), declared
        )
    )
    for place, id_ in enumerate(IDS):
        given = {name: (type_, (*values, None)[place % (len(values) + 1)]) for name, (type_, values) in TYPES.items()}
        names = [sql.Identifier(name) for own in given for name in (own, f"all {own}")]
        cells = [
            sql.SQL(form).format(sql.Literal(text), sql.SQL(type_))
            for type_, value in given.values()
            for form, text in (("{}::{}", value), ("{}::{}[]", _array(value)))
        ]
        source.execute(
            sql.SQL("insert into {} (id, place, {}) values ({}, {}, {})").format(
                sql.SQL(table),
                sql.SQL(", ").join(names),
                sql.Literal(id_),
                sql.Literal(place),
                sql.SQL(", ").join(cells),
            )
        )


def _array(value: str | None) -> str:
    """The text of an array of this value, which begins to count at 5."""
    element = "NULL" if value is None else '"{}"'.format(re.sub(r'(["\\\\])', r"\\\1", value))
    return f"[5:5]={{{element}}}"


def test_every_value_arrives_as_it_is(settings):
    with connect.source(settings.source) as source:
        builtin = {name for (name,) in source.execute(BUILTIN)}
        assert builtin - NO_VALUES - {name.strip('"') for name in VALUES | OBJECTS} == set()
    migrate(settings, Options(auditor=reconciling(settings)))
    with connect.source(settings.source) as source, connect.target(settings.target) as target:
        assert target.execute("select count(*), min(detail) from migration.rejects").fetchone() == (0, None)
        for table in TABLES:
            wanted = dict(_found(source, "public", table))
            for type_ in OBJECTS:
                wanted |= {name: ("text", wanted[name][1]) for name in (f"of {type_}", f"all of {type_}")}
            assert dict(_found(target, settings.target_schema, table)) == wanted


def _found(conn: psycopg.Connection, schema: str, table: str) -> Iterator[tuple[str, tuple[str, list[str | None]]]]:
    """(column, (its type, its values in the order of the rows)) of each column of the table."""
    conn.execute("select set_config('search_path', %s, false)", [f"{schema}, public"])
    for column in (name for own in TYPES for name in (own, f"all {own}")):
        names = sql.Identifier(column), sql.Identifier(schema, table), sql.Literal(column)
        yield column, fetch.one(conn, sql.SQL(FOUND).format(*names))
