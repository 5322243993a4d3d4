"""The verification of one run: which checks are made, what is written since excuses, what is said and shown.

The top of the auditor: nothing in `checks` imports it. May touch: all of `checks`.
"""
