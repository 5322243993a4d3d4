"""What a standby says as it takes back what a session reads, for its primary's changes cannot wait, and what to do."""

CONFLICT = "conflict with recovery"
TAKEN_BACK = (
    "the standby took back what was being read; where that happens again and again, set max_standby_streaming_delay = "
    "-1 or hot_standby_feedback = on there, or read from its primary"
)


def why(text: str) -> str:
    """What an error of this text should say of a standby; '' if it is none of a standby's."""
    return TAKEN_BACK if CONFLICT in text else ""
