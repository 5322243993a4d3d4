"""What the run wrote down, held to the source: balance, rejects and their reasons, notes, new ids.

The books are claims here, not facts. May touch: `laws`, `compare`, `reading`, `verdict`.
"""
