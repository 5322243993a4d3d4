"""What a database holds, read from its catalogue, and how parts of it are spelled as SQL.

Reads pg_catalog and nothing else: no row of a table, no mapping. May touch: `session`.
"""
