"""Schema `migration` of the target: runs, rejects, notes, ids and totals, their versions, and who may read them.

What operators query has fixed names here. May touch: `reflect`, `session`.
"""
