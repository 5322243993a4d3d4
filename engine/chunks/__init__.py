"""How a run is cut into chunks, and what is written down of each in the transaction that loads it.

Shared by the lanes of `load` and by `quarantine`. May touch: `planning`, `books` and what is below.
"""
