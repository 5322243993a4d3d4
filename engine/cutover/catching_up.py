"""How long a cut-over catches up before it locks: what its last round has to do while writers wait is what was written
since the one before.

Laws
- Another round is made as long as it takes clearly less than the one before, unless that gains little.
- A round that takes more than is allowed, after one that did not, met something that passes: it decides nothing.
"""

from collections.abc import Callable

from config.errors import ConfigError

MOST_ROUNDS = 5
SHRINKING = 0.9  # a round that takes more than this of the one before is as small as they get
LITTLE = 0.1  # of the budget: a round that takes no more is as good as none
SHARE = 0.5  # of the budget that the last round may take: verification and publish take the rest


def catch_up(make_round: Callable[[], float], budget: float) -> None:
    """Make rounds; make_round: makes one, and tells its seconds. budget: seconds that writers may wait.

    Errors: ConfigError, if the last round would take too much of the budget.
    """
    took, before = float("inf"), float("inf")
    for _ in range(MOST_ROUNDS):
        took, before = make_round(), took
        is_least = took > before * SHRINKING and not before <= budget * SHARE < took
        if is_least or took <= budget * LITTLE:
            break
    if (least := min(took, before)) > budget * SHARE:
        raise ConfigError(
            f"the last rounds took {least:.1f} s and more, and a round may take {SHARE:.0%} of the budget "
            f"({budget:g} s); choose an hour with fewer writes, or a budget of at least {least / SHARE:.0f} s "
            "(--budget); nobody was kept waiting"
        )
