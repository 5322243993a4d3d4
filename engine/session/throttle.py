"""How fast the source may be read: whoever has read too soon waits.

Laws
- All readers that share a Throttle share its rate; what is waited for is always time that has been used up already.
- A request to stop ends a wait at once.
"""

import threading
import time

from engine.session.patience import pause
from engine.session.stop import Stop

MEGABYTE = 1_000_000


class Throttle:
    """megabytes_per_second: as they come from the source, uncompressed; 0 for as fast as they come."""

    def __init__(self, megabytes_per_second: float, stop: Stop):
        self.stop = stop
        self._rate = megabytes_per_second * MEGABYTE
        self._lock, self._free_at = threading.Lock(), 0.0

    def spend(self, size: int) -> None:
        """So many bytes have been read: wait until they may have been. Errors: Interrupted."""
        self.stop.check()
        if self._rate:
            pause(self._take(size), self.stop)

    def _take(self, size: int) -> float:
        """Seconds to wait."""
        with self._lock:
            now = time.monotonic()
            self._free_at = max(self._free_at, now) + size / self._rate
            return self._free_at - now
