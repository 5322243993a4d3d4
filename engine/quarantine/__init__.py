"""What would violate a constraint of the target leaves the build, with its reason, before the constraint is made.

Legacy rows are named and read again here too. May touch: `chunks`, `planning` and what is below; never `load`.
"""
