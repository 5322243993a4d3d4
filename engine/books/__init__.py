"""Schema `migration` of the target: runs, rejects, notes, ids and totals, their versions, and who may read them.

The names here are fixed, for operators query them. May touch: `reflect`, `session`.
"""
