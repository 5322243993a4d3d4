"""The profile of a run: every attempt goes by the one that the run began with.

Laws
- The books hold the profile's name, and its keys and values when the run began.
- Another profile may be given if it is as strict in every key; it then becomes the run's profile.
- If the file of the run's own profile has changed since, the run goes by the file; whatever it newly allows is reported
  at every attempt.
"""

from config import origins
from config.errors import ConfigError, PlanRefused
from config.settings import Settings
from config.strictness import looser
from engine.books.bookkeeping import Run

REMEDY = "leave --profile out, or name one that is as strict in every key"


def as_begun(settings: Settings, run: Run | None) -> Settings:
    """The settings for a further attempt at the run. Errors: PlanRefused if the given profile is a looser one."""
    if run is None or run.profile == settings.profile:
        return settings
    if not settings.is_profile_given:
        return _own(settings, run)
    if found := looser(settings, _kept(settings, run)):
        what = f"run {run.run_id} began under profile {run.profile}, and {settings.profile} is looser"
        raise PlanRefused([f"{what}: {'; '.join(found)}; {REMEDY}"])
    return settings


def loosened(settings: Settings, run: Run) -> list[str]:
    """What the run's own profile allows now, and did not when it began."""
    return looser(settings, _kept(settings, run))


def _own(settings: Settings, run: Run) -> Settings:
    """By the profile's file; a user's own may be gone since, and the books have kept what it said."""
    try:
        return settings.under(run.profile)
    except ConfigError:
        if run.settings is None or not origins.is_file(run.profile):
            raise
        return settings.as_kept(run.profile, run.settings)


def _kept(settings: Settings, run: Run) -> Settings:
    """Older books do not say what the profile said: then its file does."""
    return settings.as_kept(run.profile, run.settings) if run.settings is not None else settings.under(run.profile)
