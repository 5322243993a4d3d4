"""The start of a run: its preflight, the rehearsal of all DDL, and its beginning or resumption.

`plan` and `migrate` ask here and get one answer. May touch: everything below it.
"""
