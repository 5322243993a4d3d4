"""Connections as settings have them."""

from psycopg.conninfo import make_conninfo

from config.postgres.connection import Connection, parse


def connection_to(url: str, **more: str) -> Connection:
    return parse(make_conninfo(url, **more), "NXTGAUGE_SOURCE_URL")
