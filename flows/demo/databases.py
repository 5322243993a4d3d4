"""The demo's own databases, and what profile demo means without a connection: these.

Laws
- Where any connection is set, none is added: the databases of two places are never mixed.
"""

import os

from config.origins import VARIABLES
from config.settings import CONNECTIONS
from config.settings import VARIABLES as SETTINGS
from flows.demo import postgres
from flows.local import commands, report
from flows.local.places import demo_folder

PROFILE = "demo"
LEGACY, TARGET = "legacy", "target"
SAID = "profile demo, and no connection is set: on the demo's own databases"


def addresses() -> dict[str, str]:
    """What the environment has to say for commands to work on them; the server runs."""
    return {SETTINGS["source_url"]: postgres.url(LEGACY), SETTINGS["target_url"]: postgres.url(TARGET)}


def taken(profile: str | None) -> str | None:
    """Adds them to the environment where the profile means them and they run; the sentence that says so."""
    is_demo = (profile or os.environ.get(VARIABLES["profile"])) == PROFILE
    if not is_demo or any(os.environ.get(SETTINGS[key]) for key in CONNECTIONS) or not postgres.is_running():
        return None
    use()
    return SAID


def use() -> None:
    """From now on this process works on them. Its reports stand beside them, unless somebody wants them elsewhere."""
    os.environ.update(addresses())
    os.environ.setdefault(report.VARIABLE, str(demo_folder() / "reports"))
    commands.also(profile=PROFILE)
