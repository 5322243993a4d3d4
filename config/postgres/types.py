"""PostgreSQL's builtin types in groups, by pg_type.typname.

These are facts about PostgreSQL. The engine and the auditor decide separately what follows from them for a value.
"""

TEXTUAL = {"text", "varchar", "bpchar", "citext", "name"}
INTEGERS = {"int2", "int4", "int8"}
NUMBERS = {*INTEGERS, "numeric"}
FLOATS = {"float4", "float8"}
TIMES = {"date", "timestamp", "timestamptz"}

# Every text that uuid's input takes, as a pattern of PostgreSQL and of Python; letters of either case.
UUID_TEXT = "^([0-9a-f]{4}(-?[0-9a-f]{4}){7}|[{][0-9a-f]{4}(-?[0-9a-f]{4}){7}[}])$"
