"""A connection string, parsed once by libpq's own rules and never shown again.

Laws
- Every form that libpq takes is taken: URIs (sockets, several hosts, parameters), keywords, services; SQLAlchemy's
  `postgresql+psycopg://` too, its driver name left out.
- An error says what is wrong with a string without quoting any part of it: because of a misplaced @, libpq may take
  half a password for a host.
- However a Connection is printed, it shows user, host, port and database, and nothing else.
"""

import re
import ssl
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.pq import Conninfo, ConninfoOption

from config.errors import ConfigError

WANTED = "wanted postgresql://user:password@host:port/database, or host=… dbname=… user=…, or service=…"
ENCODED = "in a URL, write @ : / ? # % and spaces in a user or password as %40 %3A %2F %3F %23 %25 %20"
SCHEME = re.compile(r"^(postgres(?:ql)?)(?:\+\w+)?://", re.IGNORECASE)
# Where the connection string is silent. Proxies and firewalls forget an idle connection after some minutes; a network
# that is lost while data is under way is noticed by tcp_user_timeout alone. Neither means anything on a socket.
WATCHED = {
    "application_name": "nxtgauge-migrate",
    "connect_timeout": "10",
    "keepalives": "1",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "6",
    "tcp_user_timeout": "60000",  # milliseconds
}
SECRETS = ("password", "sslpassword", "oauth_client_secret", "scram_client_key", "scram_server_key")


@dataclass(frozen=True)
class Connection:
    """Where a database is and how to connect to it. variable: the environment variable it came from, for messages."""

    variable: str
    conninfo: str = field(repr=False)  # keywords; psycopg and ADBC both take this form
    redacted: str  # user@host:port/database

    def __str__(self) -> str:
        return self.redacted

    def with_defaults(self, **values: str | int) -> "Connection":
        """The same place; values: libpq's parameters, where the connection string is silent."""
        known = conninfo_to_dict(self.conninfo)
        return replace(
            self, conninfo=make_conninfo(self.conninfo, **{k: v for k, v in values.items() if k not in known})
        )

    @property
    def watched(self) -> str:
        """What to connect by, so that a network or a server that is lost is noticed within a minute or two.

        A driver's own TLS library knows the machine's authorities only where it was built for that machine; so
        sslrootcert=system becomes the file in which this machine has them.
        """
        given = self.with_defaults(**WATCHED)
        known = conninfo_to_dict(given.conninfo)
        file = ssl.get_default_verify_paths().cafile
        if (known.get("sslrootcert") or defaults().get("sslrootcert")) != "system" or not file:
            return given.conninfo
        mode = known.get("sslmode") or defaults().get("sslmode")
        if mode not in (None, "prefer", "verify-full"):  # libpq refuses it
            return given.conninfo
        return make_conninfo(given.conninfo, sslrootcert=file, sslmode="verify-full")

    def with_options(self, options: str) -> "Connection":
        """The same place; options: what the server is told as the session starts, after what the string tells it."""
        given = conninfo_to_dict(self.conninfo).get("options", "")
        return replace(self, conninfo=make_conninfo(self.conninfo, options=f"{given} {options}".strip()))

    def redact(self, text: str) -> str:
        """The text, whatever it quotes, without this connection's passwords."""
        known = conninfo_to_dict(self.conninfo)
        for secret in filter(None, (known.get(name) for name in SECRETS)):
            text = text.replace(str(secret), "***")
        return text


def defaults() -> dict[str, str]:
    """What libpq takes where a connection string is silent, from the environment (PGSSLMODE, …) or of its own."""
    return named(Conninfo.get_defaults())


def named(options: Iterable[ConninfoOption]) -> dict[str, str]:
    """Options that have a value, by their keywords."""
    return {option.keyword.decode(): option.val.decode() for option in options if option.val}


def parse(text: str, variable: str) -> Connection:
    """The connection that the text describes. Errors: ConfigError, naming the variable and no part of the text."""
    text = SCHEME.sub(lambda match: match[1].lower() + "://", text.strip())
    if not text:
        raise ConfigError(f"{variable} is empty; {WANTED}")
    if "\0" in text:
        raise ConfigError(f"{variable} holds a NUL character; {WANTED}")
    if "://" in text and not _is_unambiguous(text):
        raise ConfigError(f"{variable} has a URL with an @ where none may stand; {ENCODED}")
    values = _libpq_values(text, variable)
    _check_ports(values, variable)
    # The dictionary first: it holds strings that libpq has read already, and quotes them anew.
    return Connection(variable, make_conninfo("", **values), _shown(values))


def _is_unambiguous(url: str) -> bool:
    """No @ but the one that ends the user, which libpq takes to be the first before any slash, and in the query."""
    rest = url.split("://", 1)[1]
    if "@" in rest.partition("/")[0]:
        rest = rest.partition("@")[2]
    return "@" not in rest.partition("?")[0]


def _libpq_values(text: str, variable: str) -> dict[str, str]:
    try:
        values = conninfo_to_dict(text)
    except (psycopg.Error, UnicodeError):  # its message repeats the text
        values = None
    if not values:
        raise ConfigError(f"{variable} is not a connection string that libpq can read; {WANTED}; {ENCODED}")
    return {name: str(value) for name, value in values.items()}


def _check_ports(values: dict[str, str], variable: str) -> None:
    for port in filter(None, values.get("port", "").split(",")):
        if not (port.isdecimal() and 1 <= int(port) <= 65535):
            raise ConfigError(f"{variable} has a port that is no number from 1 to 65535; {ENCODED}")


def _shown(values: dict[str, str]) -> str:
    if "service" in values and "host" not in values:
        return f"service {values['service']}"
    hosts = (values.get("host") or values.get("hostaddr") or "the default host").split(",")
    ports = (values.get("port") or "").split(",")
    ports = ports * len(hosts) if len(ports) == 1 else ports
    places = ",".join(_place(host, port) for host, port in zip(hosts, ports, strict=False))
    user = f"{values['user']}@" if "user" in values else ""
    return f"{user}{places}/{values.get('dbname', '')}".rstrip("/")


def _place(host: str, port: str) -> str:
    host = f"[{host}]" if ":" in host else host
    return f"{host}:{port}" if port else host
