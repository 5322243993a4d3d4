"""The proof that no personal value of the original is left in a masked staging copy.

Remembers hashes of values and never a value. May touch: `reading`, `verdict`.
"""
