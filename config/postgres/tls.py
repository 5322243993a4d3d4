"""Why a server's certificate is not trusted, which libpq does not say."""

import contextlib
import socket
import ssl
from pathlib import Path

from config.postgres.network import QUESTION

SECONDS = 5
REMEDIES = {
    "expired": "have another one made for the server",
    "not yet valid": "the clock of this machine or of the server is wrong",
    "self-signed": "sslrootcert has to name the authority that made it, or it itself",
    "issuer": "sslrootcert has to name the authority that made it",
}


def distrusted(given: dict[str, str]) -> str | None:
    """Why the server's certificate is not trusted, and what to do; None where that is not to be found out.

    libpq's own message is the same whatever the reason, so it is asked for once more. given: libpq's parameters.
    """
    roots = given.get("sslrootcert") or Path.home() / ".postgresql" / "root.crt"
    place = given.get("hostaddr") or given.get("host") or "localhost", int(given.get("port") or 5432)
    with contextlib.suppress(OSError, ValueError):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.load_verify_locations(roots)
        said = _said_of(place, context)
        remedy = next((remedy for word, remedy in REMEDIES.items() if word in said), REMEDIES["issuer"])
        return f"the server's certificate is not trusted: {said}; {remedy}" if said else None
    return None


def _said_of(place: tuple[str, int], context: ssl.SSLContext) -> str:
    """What OpenSSL says against the certificate; '' if nothing."""
    with socket.create_connection(place, SECONDS) as plain:
        plain.sendall(QUESTION)
        if plain.recv(1) != b"S":
            return ""
        try:
            with context.wrap_socket(plain, server_hostname=place[0]):
                return ""
        except ssl.SSLCertVerificationError as error:
            return error.verify_message
