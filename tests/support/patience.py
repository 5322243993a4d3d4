"""How long a test may wait: what is soon on an idle machine takes longer on one that is busy."""

import os


def allowed(seconds: float) -> float:
    """So many seconds on an idle machine; as many times more as there are processes for each core of a busy one."""
    return seconds * (1 + os.getloadavg()[0] / (os.cpu_count() or 1))
