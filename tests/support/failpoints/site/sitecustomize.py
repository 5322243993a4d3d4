"""Python imports this as it starts, where the folder is on PYTHONPATH: a command, its children and the workers of a
cluster are armed as the environment says, and a process whose environment says nothing is left alone."""

import os
import sys
from pathlib import Path

if text := os.environ.get("NXTGAUGE_FAILPOINTS"):
    sys.path.append(str(Path(__file__).resolve().parents[4]))
    from tests.support.failpoints.arming import arm, parsed

    for strike in parsed(text):
        arm(strike)
