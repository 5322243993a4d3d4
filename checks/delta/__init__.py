"""The verification of a delta: what the last rounds of a copy have touched, judged while its source's writers wait.

Rests on a full verification that was made before. May touch: every other room of the auditor.
"""
