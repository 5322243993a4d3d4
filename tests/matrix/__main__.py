"""`make matrix`: migrations between all versions of PostgreSQL that are taken, and a table of how they ended.

FROM and TO name versions (14,15,…); ROWS=0 leaves the seeded database out; GOLDEN=1 runs the golden cases too, some
minutes for each pair, and any other GOLDEN those that pytest's -k finds by it. Servers: tests/support/servers.py.
"""

import argparse
import contextlib
import signal
import sys
import time

from tests.matrix import pairs
from tests.support import servers

EVERY = "14,15,16,17,18"


def main() -> int:
    given = _arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # whoever ends it ends its servers
    is_wrong = False
    with contextlib.ExitStack() as stack:
        try:
            wanted = sorted({*given.source, *given.target})
            running = {major: stack.enter_context(servers.running(major)) for major in wanted}
        except servers.NotToBeHad as error:
            print(f"no matrix: {error}", file=sys.stderr)
            return 1
        print("| from | to | tried | result | seconds |\n|---|---|---|---|---|")
        for source in given.source:
            for target in given.target:
                is_wrong |= _told(running[source], running[target], given)
    return int(is_wrong)


def _told(source: servers.Server, target: servers.Server, given: argparse.Namespace) -> bool:
    """Whether anything went wrong with a pair, of which a line is printed."""
    started = time.monotonic()
    found = list(pairs.tried(source, target, given.rows, pairs.CASES, given.golden))
    faults = [f"{one.what}: {one.fault}" for one in found if one.fault]
    what, result = ", ".join(one.what for one in found), "; ".join(faults).replace("\n", " ") or "as wanted"
    print(f"| {source.major} | {target.major} | {what} | {result} | {time.monotonic() - started:.0f} |", flush=True)
    return bool(faults)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make matrix", description=__doc__)
    parser.add_argument("--from", dest="source", type=_versions, default=EVERY)
    parser.add_argument("--to", dest="target", type=_versions, default=EVERY)
    parser.add_argument("--rows", type=int, default=2000)
    parser.add_argument("--golden", type=lambda text: "" if text == "1" else text)
    return parser.parse_args()


def _versions(text: str) -> list[int]:
    found = [int(part) for part in text.split(",")]
    if unknown := [part for part in found if part not in servers.VERSIONS]:
        raise argparse.ArgumentTypeError(f"{unknown} is none of {EVERY}")
    return found


if __name__ == "__main__":
    sys.exit(main())
