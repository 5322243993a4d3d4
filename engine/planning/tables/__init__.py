"""Plans for each kind of table: copied, reshaped, beside another, set aside; and which keys and indexes it keeps.

Each module reads the planner's draft and returns parts of the plan. May touch: `planning`, but not the planner.
"""
