"""The rounds in which a build follows a source that goes on being written to: after each, build and books are those of
a fresh run over the round's snapshot.

`units` says what is derived together; `seeds` which rows a round derives anew; `delta` derives and judges them beside
the build, by the very routes, lookups and rules of a run; `closure` finds what else that touches; `apply` changes build
and books, in one transaction; `round` is all of it. Of a group `ties` says how its rows hang together, `hanging` keeps
that from round to round, and `kin` finds those that a round derives; only histories use these three.

May touch `load` and everything below; never verifies or publishes.
"""
