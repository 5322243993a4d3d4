"""Chunks of a run, and the records that each writes in the transaction that loads it.

Shared by the lanes of `load` and by `quarantine`. May touch: `planning`, `books` and what is below.
"""
