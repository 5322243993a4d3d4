"""Time limits of a second, of the server, the database and the role: whoever relies on none being set is ended."""

from tests.torture.servers import Server

NAMES = (
    "statement_timeout",
    "lock_timeout",
    "idle_session_timeout",
    "idle_in_transaction_session_timeout",
    "transaction_timeout",  # from version 17 on
)
KNOWN = "select name from pg_settings where name = any(%s) order by name"


def put(server: Server, database: str) -> None:
    """For the role and the database, which new sessions heed; for the server, which those that are there do."""
    for place in _places(database):
        for name in _known(server):
            server.ask(f"alter {place} set {name} = '1s'")
    server.ask("select pg_reload_conf()")


def take_back(server: Server, database: str) -> None:
    for place in _places(database):
        for name in _known(server):
            server.ask(f"alter {place} reset {name}")
    server.ask("select pg_reload_conf()")


def _places(database: str) -> tuple[str, ...]:
    return f"database {database}", f"role postgres in database {database}", "system"


def _known(server: Server) -> list[str]:
    return [name for (name,) in server.ask(KNOWN, [list(NAMES)])]
