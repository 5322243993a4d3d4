"""portfolio_items, services and lead_requests: rows that belonged to a professional belong to a profile.

Laws (contract, 4.4: professionals)
- A professional_id names a professional, else a profile by its legacy id; a row without one goes to the only
  professional-role profile of its user.
- A row whose professional was rejected is rejected, too; one whose professional does not exist is an orphan.
"""

from collections.abc import Mapping

import pandas as pd

from config import reasons
from transforms import steps
from transforms.outcome import REJECTED, Outcome, Parameters
from transforms.profiles import only_profile


def owned_by_profile(rows: pd.DataFrame, parameters: Parameters, lookups: Mapping[str, pd.DataFrame]) -> Outcome:
    """user_role_profile_id takes the place of professional_id; all else is carried as it is.

    In: professional_id, user_id. Out: the legacy table itself (user_role_profile_id). Rejected: parent_rejected,
    orphan_professional.
    """
    owner, is_lost = _named(rows["professional_id"], lookups)
    has_none = rows["professional_id"].isna()
    only, _ = only_profile(rows["user_id"].where(has_none), lookups["profiles"], parameters)
    owner = steps.first_known(owner, only)
    kept = rows.index[owner.notna()]
    return Outcome(
        frames={parameters.legacy_table: steps.frame(kept, {"user_role_profile_id": owner})},
        rejected=_rejected(parameters.legacy_table, owner.isna(), is_lost, has_none),
    )


def _named(professional_id: pd.Series, lookups: Mapping[str, pd.DataFrame]) -> tuple[pd.Series, pd.Series]:
    """(the profile that each professional_id leads to, whether it names one that was rejected)."""
    wanted = _comparable(professional_id)
    professional, aliases = _targets(lookups["professionals"], "id"), _targets(lookups["profile_aliases"], "legacy_id")
    profile_ids = lookups["profiles"]["id"]
    is_professional = steps.is_in(wanted, professional["name"])
    as_professional = steps.looked_up(wanted, professional["name"], professional["target_id"])
    as_profile = steps.first_known(
        steps.looked_up(wanted, profile_ids, profile_ids),
        steps.looked_up(wanted, aliases["name"], aliases["target_id"]),
    )
    owner = steps.first_known(as_professional, as_profile.mask(is_professional))
    return owner, owner.isna() & (is_professional | steps.is_in(wanted, aliases["name"]))


def _comparable(ids: pd.Series) -> pd.Series:
    """One form for each UUID, however it is written; other ids stand as they are."""
    return steps.first_known(steps.canonical_uuid(ids), ids)


def _targets(known: pd.DataFrame, column: str) -> pd.DataFrame:
    """[name, target_id], one row a name; null where its row was rejected. A name of several targets leads nowhere."""
    named = steps.frame(known.index, {"name": _comparable(known[column]), "target_id": known["target_id"]})
    if named["name"].is_unique:
        return named
    found = named.dropna().drop_duplicates()
    lost = named.loc[~steps.is_in(named["name"], found["name"])].drop_duplicates("name")
    return pd.concat([found.loc[~found["name"].duplicated(keep=False)], lost])


def _rejected(table: str, is_refused: pd.Series, is_lost: pd.Series, has_none: pd.Series) -> pd.DataFrame:
    refusals = [
        (is_lost, reasons.PARENT_REJECTED, "what professional_id names was rejected"),
        (is_refused & ~is_lost & ~has_none, reasons.ORPHAN_PROFESSIONAL, "professional_id does not name one owner"),
        (
            is_refused & has_none,
            reasons.ORPHAN_PROFESSIONAL,
            "professional_id is null, and user_id leads to no single profile",
        ),
    ]
    parts = [steps.rejects(where.index[where], table, reason, detail) for where, reason, detail in refusals]
    return steps.joined(parts, REJECTED)
