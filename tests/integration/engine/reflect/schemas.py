"""Schemas that tests make, and the catalogue of each."""

from pathlib import Path

import psycopg
from psycopg import sql

from engine.reflect.catalog import Catalog, LegacyTable, reflect

NASTY = (Path(__file__).parents[1] / "nasty.sql").read_text()


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
