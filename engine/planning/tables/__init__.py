"""How each kind of table is planned: copied, reshaped, beside another, put aside; which keys and indexes it keeps.

Each module looks at the draft that the planner set and returns parts of the plan. May touch: `planning`, but not the
planner.
"""
