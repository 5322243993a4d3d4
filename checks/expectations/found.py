"""What becomes of one expectation, whoever executed it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Found:
    """What one expectation found. error: the kind of what it raised. count: rows that break it, or rows there are.

    compared: how many rows it looked at, 0 where it does not say.
    """

    success: bool
    error: str | None = None
    count: int = 0
    compared: int = 0
