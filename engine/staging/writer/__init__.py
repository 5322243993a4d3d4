"""The writer that a rehearsal of a cut-over brings along: it stands in for the old application.

Laws
- It writes to a staging copy, which the copy's books prove, and nowhere else.
- No value of a row leaves its memory: what it tells are names of tables, kinds, SQLSTATEs and numbers.
"""

from engine.staging.writer.losses import Loss, lost
from engine.staging.writer.writer import Writer
from engine.staging.writer.written import Acknowledged, Stall, Written

__all__ = ["Acknowledged", "Loss", "Stall", "Writer", "Written", "lost"]
