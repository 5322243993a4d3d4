"""Which of two profiles is stricter, key by key: a run may be resumed under a stricter one, never under a looser one.

Laws
- Every key of a profile is of one kind here, so that no new key can be forgotten.
- Ordered keys compare by their order; keys of speed are ignored; all others have to be equal.
"""

from config.settings import Profile

FROM_LOOSE_TO_STRICT = {
    "missing_tables": ("warn", "fail"),
    "allow_changed_source": (True, False),
    "allow_dependants": (True, False),
    "require_certificate": (False, True),
    "require_approval": (False, True),
}
STRICT_IF_FAIL = ("unmapped_columns", "unmapped_tables")  # carry and archive build different things
STRICT_IF_LESS = ("approval_seconds",)
TOLERANCES = ("default_tolerance", "tolerance")
EFFORT = (
    "workers", "task_runner", "dask_scheduler", "stream_chunk_bytes", "frame_chunk_bytes", "retry_seconds",
    "read_megabytes_per_second", "max_active_sessions", "max_lag_megabytes", "health_query", "oldest_snapshot_seconds",
)  # fmt: skip
EQUAL = ("time_zone", "extension_schema")


def looser(given: Profile, than: Profile) -> list[str]:
    """What the given profile allows and the other does not, one sentence each; none if it is as strict in every key."""
    keys = [key for key in FROM_LOOSE_TO_STRICT if _rank(key, given) < _rank(key, than)]
    keys += [key for key in STRICT_IF_FAIL if getattr(given, key) not in ("fail", getattr(than, key))]
    keys += [key for key in STRICT_IF_LESS if getattr(given, key) > getattr(than, key)]
    keys += [key for key in EQUAL if getattr(given, key) != getattr(than, key)]
    found = [f"{key} is {_shown(getattr(given, key))}, and was {_shown(getattr(than, key))}" for key in keys]
    return found + _tolerating(given, than)


def _rank(key: str, profile: Profile) -> int:
    return FROM_LOOSE_TO_STRICT[key].index(getattr(profile, key))


def _shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _tolerating(given: Profile, than: Profile) -> list[str]:
    """Reasons of which more rows may be rejected; None stands for all those that neither profile names."""
    found = []
    for reason in (None, *sorted(given.tolerance.keys() | than.tolerance.keys())):
        now, was = given.tolerated(reason), than.tolerated(reason)
        if was is not None and (now is None or now > was):
            name = f"tolerance.{reason}" if reason else "default_tolerance"
            found.append(f"{name} is {'unlimited' if now is None else now}, and was {was}")
    return found
