"""Makes the plan from the catalogue and the mapping: what becomes of every table, column and constraint.

The plan consists of frozen values; planning writes to neither database. May touch: `reflect`; `probe` looks at a few
rows by a session that it is handed.
"""
