"""Where lineage events go: a file, one JSON object a line, or an OpenLineage server over HTTP.

Laws
- The library's client is left out: it reads OPENLINEAGE_* variables and files named openlineage.yml, which may send
  events elsewhere, or put the environment into them. Its transports are used as they are.
- Events are sent by a thread of their own, in their order: a slow server holds up no run.
- An event that cannot be sent is dropped, with one warning that leaves out the address's path, user and token.
"""

import contextlib
import logging
import queue
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from openlineage.client.event_v2 import RunEvent
from openlineage.client.transport import Transport
from openlineage.client.transport.file import FileConfig, FileTransport
from openlineage.client.transport.http import HttpConfig, HttpTransport

from flows.local import private

LOG = logging.getLogger("nxtgauge")
ENDPOINT = "/api/v1/lineage"  # where the address has no path
TIMEOUT_SECONDS = 5.0
PAUSE_SECONDS = 1.0  # before the second and last try
NO_RETRIES = {"total": 0, "connect": 0, "read": 0, "status_forcelist": []}  # urllib3's would log the address


def transport(address: str) -> Transport:
    """Of an http:// or https:// address, else of a file's path. Errors: ValueError for an address without a host."""
    if not is_http(address):
        return FileTransport(FileConfig(log_file_path=address, append=True))
    parts = urlsplit(address)
    token = unquote(parts.username or "") if parts.password is None else ""
    place = parts.netloc.rpartition("@")[2] if token else parts.netloc  # user and password stay: basic auth
    return HttpTransport(
        HttpConfig.from_dict(
            {
                "url": f"{parts.scheme}://{place}",
                "endpoint": _endpoint(parts),
                "timeout": TIMEOUT_SECONDS,
                "retry": NO_RETRIES,
                "auth": {"type": "api_key", "apiKey": token} if token else {},
            }
        )
    )


def _endpoint(parts: SplitResult) -> str:
    path = parts.path if parts.path.strip("/") else ENDPOINT
    return f"{path}?{parts.query}" if parts.query else path


def is_http(address: str) -> bool:
    return address.lower().startswith(("http://", "https://"))


def shown(address: str) -> str:
    """The address as a log may show it."""
    if not is_http(address):
        return address
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


class Sender:
    """Sends events in their order, a burst at a time; after a fault the rest of the burst is dropped."""

    def __init__(self, address: str):
        self._transport, self._place = transport(address), shown(address)
        self._file = None if is_http(address) else Path(address.removeprefix("file://"))
        self._bursts: queue.SimpleQueue[list[RunEvent] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="lineage", daemon=True)
        self._thread.start()

    def send(self, events: Iterable[RunEvent]) -> None:
        self._bursts.put(list(events))

    def close(self, seconds: float) -> None:
        """Waits for what is still to be sent, but no longer than this."""
        self._bursts.put(None)
        self._thread.join(seconds)
        if self._thread.is_alive():
            LOG.warning("lineage: %s has not taken every event within %g s; the run goes on", self._place, seconds)

    def _work(self) -> None:
        for burst in iter(self._bursts.get, None):
            try:
                if self._file:
                    with contextlib.suppress(OSError):  # that it cannot be written is said where it is written to
                        private.touch(self._file)
                for event in burst:
                    self._emit(event)
            except Exception as error:  # whatever ails a server of somebody else's, the run goes on
                LOG.warning("lineage was not told to %s: %s; the run goes on", self._place, _cause(error))
            finally:
                self._transport.close()  # the next burst may be hours away

    def _emit(self, event: RunEvent) -> None:
        try:
            self._transport.emit(event)
        except Exception:
            time.sleep(PAUSE_SECONDS)
            self._transport.emit(event)


def _cause(error: Exception) -> str:
    """Without the error's own text, which quotes addresses."""
    answer = getattr(error, "response", None)
    if answer is not None:
        return f"it answered {answer.status_code}"
    return getattr(error.__cause__, "strerror", None) or type(error).__name__
