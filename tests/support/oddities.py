"""Settings of a database that differ from everything a session of ours wants, and spell or mean something else."""

import psycopg
from psycopg import sql

ODD = {
    "TimeZone": "Asia/Kolkata",
    "DateStyle": "SQL, DMY",
    "IntervalStyle": "sql_standard",
    "extra_float_digits": "-15",
    "bytea_output": "escape",
    "xmlbinary": "hex",
    "quote_all_identifiers": "on",
    "standard_conforming_strings": "off",
    "backslash_quote": "on",
    "array_nulls": "off",
    "xmloption": "document",
    "timezone_abbreviations": "India",
    "transform_null_equals": "on",
    "default_text_search_config": "pg_catalog.english",
    "search_path": "odd, public",
    "row_security": "on",
    "gin_fuzzy_search_limit": "1",
    "default_transaction_isolation": "serializable",
    "default_transaction_deferrable": "on",
    "default_transaction_read_only": "on",
    "session_replication_role": "replica",
    "check_function_bodies": "off",
    "exit_on_error": "on",
    "statement_timeout": "3s",
    "idle_in_transaction_session_timeout": "3s",
    "idle_session_timeout": "3s",
    "client_min_messages": "log",
    "enable_hashjoin": "off",
    "enable_seqscan": "off",
}


def set_oddly(conn: psycopg.Connection) -> None:
    """Sessions to come on this connection's database have all of them."""
    for name, value in ODD.items():
        query = sql.SQL("alter database {} set {} = {}")
        parts = value.split(", ") if name == "search_path" else [value]
        values = sql.SQL(", ").join(map(sql.Literal, parts))
        conn.execute(query.format(sql.Identifier(conn.info.dbname), sql.Identifier(name), values))
