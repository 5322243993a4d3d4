"""The rehearsal of a cut-over: a build follows the staging copy under a writer, and is cut over but for the commit.

May touch every room. Nothing is published, and the source is not touched: the copy alone is written to and fenced.
"""

from engine.rehearsal.cutover import Rehearsing, rehearse

__all__ = ["Rehearsing", "rehearse"]
