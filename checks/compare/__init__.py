"""How two queries, one on each side, are compared, and what the target should hold where a legacy value arrives.

May touch: `reading`, `verdict`.
"""
