"""The command line, `nxtgauge-migrate`: commands, their options, and how they show results.

May touch: all of `flows`; what is heavy is imported within the command that needs it.
"""
