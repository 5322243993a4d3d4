"""Reads the catalogue of a database, and spells its parts as SQL.

Reads pg_catalog and nothing else: no row of a table, no mapping. May touch: `session`.
"""
