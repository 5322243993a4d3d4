"""The verification of one run: its checks, the findings that drift explains, and the keys and values that it shows.

The top of the auditor: nothing in `checks` imports it. May touch: all of `checks`.
"""
