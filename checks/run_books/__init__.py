"""The books of the run, compared with the source: balance, rejects and their reasons, notes, new ids.

The books are claims here, not facts. May touch: `laws`, `compare`, `reading`, `verdict`.
"""
