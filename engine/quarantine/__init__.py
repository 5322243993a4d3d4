"""Removes rows that would violate a constraint of the target from the build, with their reasons, before the constraint
is made.

Reads legacy rows again, for rejects and notes. May touch: `chunks`, `planning` and what is below; never `load`.
"""
