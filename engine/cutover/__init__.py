"""The cut-over: writers are kept away, the last round is applied and verified, the build is published.

Fails with both sides as they were, up to the target's commit. May touch every room but `sync`'s callers.
"""
