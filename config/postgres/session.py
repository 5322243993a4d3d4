"""Settings that each of our sessions makes for itself, on either database: those by which a database or a role could
change how values are read or written.

Laws
- The engine, the auditor, its suites, the staging copy and its programs all read this one list. A setting that only one
  of them wants (a time limit, read-only, memory) is made by that one.
- A setting that the server does not know yet is left out; one that only a superuser may change is made only by one.
"""

PINNED = {
    # how values are spelled
    "client_encoding": "UTF8",
    "TimeZone": "UTC",
    "DateStyle": "ISO, YMD",
    "IntervalStyle": "postgres",
    "extra_float_digits": "3",
    "bytea_output": "hex",
    "lc_monetary": "C",
    "xmlbinary": "base64",
    "quote_all_identifiers": "off",  # names and types that the catalogue spells are compared
    # how texts are read
    "standard_conforming_strings": "on",
    "backslash_quote": "safe_encoding",
    "escape_string_warning": "off",
    "array_nulls": "on",
    "xmloption": "content",
    "timezone_abbreviations": "Default",
    "transform_null_equals": "off",
    "default_text_search_config": "pg_catalog.simple",
    # what is found and seen
    "search_path": "pg_catalog",  # so nothing that a schema holds is called by a name that PostgreSQL has too
    "row_security": "off",  # a filtered read is an error, and no silent loss
    "gin_fuzzy_search_limit": "0",  # or an index leaves rows out
    "restrict_nonsystem_relation_kind": "",
    "default_transaction_isolation": "read committed",
    "default_transaction_deferrable": "off",
    "session_replication_role": "origin",
    # how and where things are made
    "check_function_bodies": "on",
    "default_table_access_method": "heap",
    "default_tablespace": "",
    "temp_tablespaces": "",
    # what ends a session or a query that takes its time
    "exit_on_error": "off",
    "statement_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "idle_session_timeout": "0",
    "transaction_timeout": "0",
    "client_min_messages": "warning",  # libpq prints notices to stderr
}

# What a program or a driver is told when it connects, for it asks before anybody can set anything. Servers from version
# 14 on know them all.
AT_START = (
    "DateStyle", "IntervalStyle", "TimeZone", "array_nulls", "backslash_quote", "default_text_search_config",
    "quote_all_identifiers", "search_path", "standard_conforming_strings", "transform_null_equals", "xmlbinary",
    "xmloption",
)  # fmt: skip


def query(settings: dict[str, str], yielding: dict[str, str] | None = None) -> str:
    """One SELECT that makes all these settings, for not every driver takes several statements at once; beside each it
    gives the number of the session's process.

    yielding: settings that yield to what the connection string says of them.
    """
    made = [(name, value, False) for name, value in settings.items()]
    made += [(name, value, True) for name, value in (yielding or {}).items()]
    rows = ", ".join(f"('{name}', '{value}', {yields})" for name, value, yields in made)
    return (
        "select pg_catalog.set_config(s.name, given.value, false), pg_catalog.pg_backend_pid() "
        f"from (values {rows}) as given (name, value, yields) join pg_catalog.pg_settings as s on s.name = given.name "
        "where (s.context <> 'superuser' or pg_catalog.current_setting('is_superuser') = 'on') "
        "and not (given.yields and s.source = 'client')"
    )


def options() -> str:
    """AT_START as libpq's connection option; a blank in a value is escaped."""
    return " ".join(f"-c {name}={PINNED[name].replace(' ', chr(92) + ' ')}" for name in AT_START)
