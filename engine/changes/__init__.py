"""The change feed: what was written to the tables of a schema between two snapshots, by scan and arithmetic.

A mark records what a snapshot saw; `feed` compares the tables with it later; `keys` finds out which keys are gone, and
proves it; `kept` keeps the mark of what is published; `rounds` is the list of the rounds that a build has followed.
Writes nothing where it looks. May touch `books`, `reflect` and `session`; never what moves or judges rows.
"""
