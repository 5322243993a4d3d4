"""The rehearsal copy of the legacy database: made or refreshed in the staging database, masked on the way.

Laws
- The source is only read, in one snapshot. In the staging database nothing is dropped that this package did not make.
- A copy equals the source, except for masked values: definitions come by pg_dump and pg_restore, rows by COPY.
- No value leaves the pipe between the two servers; books, reports and errors hold names, kinds and numbers.
"""

from config.errors import ConfigError, StagingError
from config.settings import Settings
from engine.session import connect
from engine.session.blame import blame
from engine.staging import books
from engine.staging.attempts import refresh
from engine.staging.refresh import HeldCopy, Prove, Wish, choices

WRITTEN = (
    "the staging copy {} holds what a rehearsed cut-over has written since {:%Y-%m-%d %H:%M}: figures of its rows are "
    "not the source's; --refresh makes it anew"
)

__all__ = ["HeldCopy", "Prove", "Wish", "choices", "refresh", "require"]


def require(settings: Settings) -> str:
    """Require a copy that a rehearsal may read; a remark, if it is not its source's any more. A staging database
    without our books is somebody's own copy.

    Errors: ConfigError if there is none, or the last did not end proven, nor unmasked for a reason; PlanRefused,
    StagingError.
    """
    with connect.staging(settings.staging) as conn, blame(StagingError, "reading the copy's books"):
        copy, is_empty = books.latest(conn, settings.source_schema), books.is_empty(conn, settings.source_schema)
    if copy is None and is_empty:
        found = f"the staging database holds no copy: schema {settings.source_schema} has no tables there"
        raise ConfigError(f"{found}; `nxtgauge-migrate stage` makes one")
    if copy is None or copy.state == "proven" or (copy.state == "copied" and not copy.is_masked):
        return WRITTEN.format(copy.copy_id, copy.written_at) if copy and copy.written_at else ""
    raise ConfigError(
        f"the staging copy {copy.copy_id} is {copy.state}, not proven; `nxtgauge-migrate stage` makes it anew"
    )
