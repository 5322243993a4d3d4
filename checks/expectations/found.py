"""The result of one expectation, whoever executed it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Found:
    """The result of one expectation. error: the kind of exception that it raised. count: rows that break it, or all
    rows.

    compared: how many rows it looked at, 0 where it does not say.
    """

    success: bool
    error: str | None = None
    count: int = 0
    compared: int = 0
