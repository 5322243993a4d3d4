"""What happens before the first row: what a run is refused for, the rehearsal of all DDL, and how a run begins.

`plan` and `migrate` ask here and get one answer. May touch: everything below it.
"""
