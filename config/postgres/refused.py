"""Why a connection was refused, and what to do: by the words of libpq and the server, for neither gives a SQLSTATE.

Law: nothing here is a secret or holds one; a message is shown as the driver has it, but for what `redact` takes away.
"""

import re
from dataclasses import dataclass

from psycopg.conninfo import conninfo_to_dict

from config.postgres import tls
from config.postgres.connection import Connection, defaults, named
from config.postgres.quoting import grant, quoted

NOT_LET_IN, NO_PRIVILEGE, NOT_TAKEN = "28000", "42501", "0A000"
CLIENT = "name the client's certificate and its key with sslcert and sslkey"
# (pattern, SQLSTATE that fits, what to do). {login}, {connect}: the statements that let the role in.
KNOWN = [
    (r"permission denied for database", NO_PRIVILEGE, "{connect}"),
    (r"is not permitted to log in", NOT_LET_IN, "{login}"),
    (r"does not match host name", NOT_LET_IN,
     "connect by a name that the server's certificate has, or give the server one that has this name"),
    (r"certificate verify failed", NOT_LET_IN, "{why}"),
    (r"root certificate file .* does not exist", NOT_LET_IN,
     "name the file of the authority's certificate with sslrootcert, or sslrootcert=system for those of this machine"),
    (r"root certificate file", NOT_LET_IN, "sslrootcert is to name a file of certificates that can be read"),
    (r"requires a valid client certificate|alert certificate required", NOT_LET_IN, CLIENT),
    (r"alert certificate expired", NOT_LET_IN, "the client's certificate (sslcert) has expired: have another one made"),
    (r"alert (unknown ca|bad certificate|certificate (revoked|unknown))", NOT_LET_IN,
     "the server does not take the client's certificate (sslcert): wanted one of an authority in its ssl_ca_file"),
    (r"certificate authentication failed", NOT_LET_IN,
     "the client's certificate (sslcert) is another user's: its common name, or pg_ident.conf, says whose"),
    (r"has group or world access", NOT_LET_IN, "chmod 600 that file"),
    (r"private key file|certificate file|present, but not private key", NOT_LET_IN, CLIENT),
    (r"server does not support SSL", NOT_LET_IN, "let the server have TLS (ssl = on); sslmode=prefer goes without"),
    (r"no pg_hba\.conf entry .*(no encryption|SSL off)", NOT_LET_IN,
     "the server lets nobody in so without TLS: sslmode=verify-full, with sslrootcert; or see its pg_hba.conf"),
    (r"no pg_hba\.conf entry", NOT_LET_IN, "the server's pg_hba.conf has no line for such a connection"),
    (r"no password supplied", NOT_LET_IN, "give it in the connection string, by PGPASSWORD or in ~/.pgpass"),
    (r"channel binding", NOT_LET_IN, "channel_binding=require wants TLS and scram-sha-256 on the server"),
    (r"unsupported startup parameter", NOT_TAKEN,
     "the pooler there takes none such: leave it out, or let the pooler ignore it (ignore_startup_parameters)"),
    (r"SSL error|SSL support|sslmode", NOT_LET_IN, "see the ssl… parameters of the connection string"),
    (r"authentication failed|role .* does not exist", NOT_LET_IN,
     "check user and password in the connection string, and the server's pg_hba.conf"),
]  # fmt: skip


@dataclass(frozen=True)
class Refusal:
    """text: the line of the driver's message that says it; remedy: what to do."""

    text: str
    sqlstate: str
    remedy: str


def find(error: Exception, connection: Connection) -> Refusal | None:
    """What a driver's error says of a refusal; None if it says nothing of one. Of several hosts' the first line."""
    for line in str(error).removeprefix("IO: [libpq] ").splitlines():
        for pattern, sqlstate, remedy in KNOWN:
            if re.search(pattern, line):
                return Refusal(connection.redact(line), sqlstate, _filled(remedy, _given(error, connection)))
    return None


def _given(error: Exception, connection: Connection) -> dict[str, str]:
    """What was tried: libpq's own words, which have looked into services and the environment."""
    tried = getattr(error, "pgconn", None)
    if tried is not None:
        return named(tried.info)
    return defaults() | {name: str(value) for name, value in conninfo_to_dict(connection.watched).items()}


def _filled(remedy: str, given: dict[str, str]) -> str:
    if remedy == "{why}":
        return tls.distrusted(given) or "sslrootcert has to name the authority that made the server's certificate"
    user = given.get("user", "")
    granted = grant("CONNECT", f"DATABASE {quoted(given.get('dbname') or user)}", user)
    return remedy.format(login=f"ALTER ROLE {quoted(user)} LOGIN", connect=granted)
