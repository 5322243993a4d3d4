"""The profile tables and professionals: each of their rows leads to one row of user_role_profiles.

Laws (contract, 4.1 to 4.4)
- A profile keeps its id, in the root and in its extension row; only an id that is no UUID, or that an earlier profile
  table holds, is replaced by a derived one.
- A professional is merged into the profile of its role and user. Where there is none, one row of each user and role
  creates it, the last updated, and the others of that user and role are merged into what it made.
- Without a usable role a professional belongs to the only professional-role profile of its user, created ones included.
- Which row creates a profile is decided over all rows of a user, whatever chunk they are in.
"""

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from config import reasons
from config.rules import role_of, table_of
from transforms import steps
from transforms.outcome import ID_MAP, REJECTED, REMOVED_LINKS, Outcome, Parameters

ROOT = "user_role_profiles"

_CARRIED = ["display_name", "bio", "location", "rejection_reason", "approved_at", "created_at", "updated_at"]


def profiles(rows: pd.DataFrame, parameters: Parameters, lookups: Mapping[str, pd.DataFrame]) -> Outcome:
    """One root and one extension row per legacy profile; the role is the table's name.

    In: id, user_id, status, display_name, bio, location, rejection_reason, approved_at, the times, and the columns of
    parameters.removed. Out: user_role_profiles (these columns, with role and role_id) and the profile table (id,
    user_role_profile_id, the times). Rejected: unknown_status. Duplicates of one user and role are left to the unique
    constraint.
    """
    role = role_of(parameters.legacy_table)
    status, unknown = steps.statuses(rows["status"], parameters.statuses)
    refused = rows.loc[unknown]
    kept = rows.loc[~unknown] if len(refused) else rows
    ids = steps.target_id(kept["id"], parameters.legacy_table, taken=lookups["claimed_ids"]["id"])
    role_id = _role_ids(lookups["roles"], parameters).get(role)
    return Outcome(
        frames={
            ROOT: _roots(kept, ids, role, role_id, _or_draft(status.loc[kept.index])),
            parameters.legacy_table: _extensions(kept, ids),
        },
        rejected=steps.rejects(refused.index, ROOT, reasons.UNKNOWN_STATUS, steps.status_details(refused["status"])),
        id_map=_replaced_ids(kept["id"], ids),
        removed_links=_removed_links(kept, ids, parameters.removed),
    )


def professionals(rows: pd.DataFrame, parameters: Parameters, lookups: Mapping[str, pd.DataFrame]) -> Outcome:
    """Each row resolves to one profile: it is merged into it, creates it, or is rejected.

    In: key, id, user_id, role, status, display_name, bio, location, rejection_reason, approved_at, the times. Out: of
    rows that create a profile, user_role_profiles and the role's profile table as `profiles` makes them. Rejected:
    unknown_status (of a row that would create a profile), parent_rejected (the profile that it belongs to was
    rejected), ambiguous_professional and unresolvable_professional (no usable role, and several profiles or none),
    missing_id.
    """
    everyone = _with_siblings(rows, lookups["siblings"])
    verdicts = _verdicts(everyone, parameters, lookups).iloc[: len(rows)]
    verdicts.index = rows.index
    created = rows.loc[verdicts["outcome"] == "created"]
    merged = verdicts.index[verdicts["outcome"] == "merged"]
    return Outcome(
        frames=_created_frames(created, verdicts.loc[created.index], _role_ids(lookups["roles"], parameters)),
        rejected=_rejected(rows, verdicts),
        merged=merged,
        id_map=steps.joined(
            [
                steps.id_map(labels, rows["id"].loc[labels], ROOT, verdicts["profile_id"].loc[labels], why)
                for labels, why in ((created.index, "created"), (merged, "merged"))
            ],
            ID_MAP,
        ),
    )


def only_profile(user_id: pd.Series, known: pd.DataFrame, parameters: Parameters) -> tuple[pd.Series, pd.Series]:
    """(the only professional-role profile of each user, whether the user has several); null and false without any.

    known: [user_id, role, id], all profiles of these users at least; rows may repeat.
    """
    theirs = known.loc[steps.is_in(known["user_id"], user_id)]
    practised = theirs.loc[theirs["role"].isin(parameters.professional_roles)].drop_duplicates("id")
    several = practised["user_id"].duplicated(keep=False)
    single = practised.loc[~several]
    only = steps.looked_up(user_id, single["user_id"], single["id"])
    return only, steps.is_in(user_id, practised.loc[several, "user_id"])


def _or_draft(status: pd.Series) -> pd.Series:
    return steps.first_known(status, steps.constant("DRAFT", status.index))


def _roots(
    rows: pd.DataFrame, ids: pd.Series, role: pd.Series | str, role_id: pd.Series | str | None, status: pd.Series
) -> pd.DataFrame:
    own = {"id": ids, "user_id": rows["user_id"], "role": role, "role_id": role_id, "status": status}
    return steps.frame(rows.index, own | {name: rows[name] for name in _CARRIED})


def _extensions(rows: pd.DataFrame, ids: pd.Series) -> pd.DataFrame:
    times = {name: rows[name] for name in ("created_at", "updated_at")}
    return steps.frame(rows.index, {"id": ids, "user_role_profile_id": ids, **times})


def _replaced_ids(legacy: pd.Series, ids: pd.Series) -> pd.DataFrame:
    canonical = steps.canonical_uuid(legacy)
    replaced = ids.index[ids.notna() & (canonical.isna() | (canonical != ids))]
    return steps.id_map(replaced, legacy.loc[replaced], ROOT, ids.loc[replaced], "derived")


def _removed_links(rows: pd.DataFrame, ids: pd.Series, removed: tuple[str, ...]) -> pd.DataFrame:
    parts = []
    for column in removed:
        url = rows[column].loc[ids.notna()].dropna()  # a row without an id is going to be rejected
        values: steps.Values = [ids, column, url]
        parts.append(steps.frame(url.index, dict(zip(REMOVED_LINKS, values, strict=True))))
    return steps.joined(parts, REMOVED_LINKS)


def _role_ids(roles: pd.DataFrame, parameters: Parameters) -> dict[str, str]:
    """Role key → id of the legacy roles row that names it; a name spelled as the key goes before a synonym."""
    keys = steps.role_keys(roles["name"], parameters.role_keys)
    is_synonym = steps.spelling(roles["name"]) != steps.spelling(keys)
    named = roles.assign(key=keys, is_synonym=is_synonym).loc[keys.notna()]
    best = named.sort_values(["is_synonym", "name", "id"]).drop_duplicates("key")
    return dict(zip(best["key"], best["id"], strict=True))


def _with_siblings(rows: pd.DataFrame, siblings: pd.DataFrame) -> pd.DataFrame:
    """The chunk's rows first, then their users' rows in other chunks; numbered anew."""
    others = siblings.loc[~steps.is_in(siblings["key"], rows["key"]), list(rows.columns)]
    return pd.concat([rows, others], ignore_index=True) if len(others) else rows.reset_index(drop=True)


def _verdicts(rows: pd.DataFrame, parameters: Parameters, lookups: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Per row: role, status, profile_id (the profile it resolves to) and outcome (created, merged or the reason)."""
    status, is_unknown = steps.statuses(rows["status"], parameters.statuses)
    role = steps.role_keys(rows["role"], parameters.role_keys)
    pair = steps.paired(role, rows["user_id"])
    profile_id = _of_pair(pair, lookups["profiles"])
    has_lost = profile_id.isna() & steps.is_in(pair, _pairs(lookups["rejected_profiles"]))
    may_create = role.notna() & profile_id.isna() & ~has_lost & rows["id"].notna()
    creates, is_refused = _creators(rows.loc[may_create], pair.loc[may_create], is_unknown.loc[may_create])
    made = _made(rows.loc[creates], role.loc[creates], lookups["taken_ids"])
    known = pd.concat([lookups["profiles"], made])
    only, has_several = only_profile(rows["user_id"].where(role.isna()), known, parameters)
    profile_id = steps.first_known(profile_id, made["id"].reindex(rows.index), _of_pair(pair, made), only)
    conditions: dict[str, np.ndarray] = {
        reasons.MISSING_ID.name: rows["id"].isna().to_numpy(),
        reasons.PARENT_REJECTED.name: has_lost.to_numpy(),
        reasons.UNKNOWN_STATUS.name: rows.index.isin(is_refused),
        "created": rows.index.isin(creates),
        "merged": profile_id.notna().to_numpy(),
        reasons.AMBIGUOUS_PROFESSIONAL.name: has_several.to_numpy(),
    }
    names, otherwise = [np.array(name) for name in conditions], np.array(reasons.UNRESOLVABLE_PROFESSIONAL.name)
    outcome = np.select(list(conditions.values()), names, otherwise)
    return pd.DataFrame({"role": role, "status": _or_draft(status), "profile_id": profile_id, "outcome": outcome})


def _pairs(known: pd.DataFrame) -> pd.Series:
    return steps.paired(known["role"], known["user_id"])


def _of_pair(pair: pd.Series, known: pd.DataFrame) -> pd.Series:
    return steps.looked_up(pair, _pairs(known), known["id"])


def _creators(rows: pd.DataFrame, pair: pd.Series, is_unknown: pd.Series) -> tuple[pd.Index, pd.Index]:
    """(labels that create, labels refused for their status) among the rows whose role and user have no profile.

    The last updated of each pair creates, of equally late ones the higher id. An unknown status cannot create: such
    rows are refused until one comes that can, and those after it are merged like any other.
    """
    can = ~is_unknown
    so_far = can.astype("int64")  # of a row that shares its pair with none; without a user it shares none
    order = _latest_first(rows.loc[pair.notna() & pair.duplicated(keep=False)])
    so_far.loc[order] = so_far.loc[order].groupby(pair.loc[order], sort=False).cumsum()
    return can.index[can & (so_far == 1)], can.index[so_far == 0]


def _latest_first(rows: pd.DataFrame) -> pd.Index:
    lateness = steps.ranks(steps.moment_order(rows["updated_at"]))
    height = steps.ranks(steps.id_order(rows["id"]) + "\0" + rows["key"])  # the key parts rows that share an id
    return rows.index[np.lexsort((-height, -lateness))]


def _made(rows: pd.DataFrame, role: pd.Series, taken_ids: pd.DataFrame) -> pd.DataFrame:
    """The profiles that these rows create: user_id, role, id."""
    ids = steps.target_id(rows["id"], "professionals", taken=taken_ids["id"])
    return steps.frame(rows.index, {"user_id": rows["user_id"], "role": role, "id": ids})


def _created_frames(rows: pd.DataFrame, verdicts: pd.DataFrame, role_ids: Mapping[str, str]) -> dict[str, pd.DataFrame]:
    role = verdicts["role"]
    role_id = steps.by_distinct(role, role_ids.get)
    roots = _roots(rows, verdicts["profile_id"], role, role_id, verdicts["status"])
    extensions = _extensions(rows, verdicts["profile_id"])
    return {ROOT: roots} | {table_of(key): extensions.loc[role == key] for key in sorted(role.unique())}


def _rejected(rows: pd.DataFrame, verdicts: pd.DataFrame) -> pd.DataFrame:
    details: dict[reasons.Reason, Callable[[pd.DataFrame], pd.Series]] = {
        reasons.MISSING_ID: lambda some: steps.constant("id is null", some.index),
        reasons.PARENT_REJECTED: lambda some: (
            "the " + verdicts["role"].loc[some.index] + " profile of its user was rejected"
        ),
        reasons.UNKNOWN_STATUS: lambda some: steps.status_details(some["status"]),
        reasons.AMBIGUOUS_PROFESSIONAL: lambda some: (
            _role_said(some) + ", and its user has several profiles to choose from"
        ),
        reasons.UNRESOLVABLE_PROFESSIONAL: lambda some: _role_said(some) + ", and its user has no profile to go by",
    }
    parts = []
    for reason, detail in details.items():
        some = rows.loc[verdicts["outcome"] == reason.name]
        if len(some):
            parts.append(steps.rejects(some.index, ROOT, reason, detail(some)))
    return steps.joined(parts, REJECTED)


def _role_said(rows: pd.DataFrame) -> pd.Series:
    named = "role '" + rows["role"] + "' is none of the known roles"
    return named.mask(steps.is_blank(rows["role"]), "role is blank")
