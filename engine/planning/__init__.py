"""From the catalogue and the mapping to the plan: what becomes of every table, column and constraint.

The plan is made of frozen values; nothing is written to either database. May touch: `reflect`; `probe` looks at a few
rows by a session that it is handed.
"""
