"""However a table is cut into chunks, its rows end the same; and professionals end as a plain reading of the rule says.

A small world, so that rows meet: few users, roles, ids and times. Lookups are made of the whole world and then
restricted to what a chunk needs, as the engine does, or handed over whole; neither may make a difference.
"""

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from config import mapping, rules
from config.rules import spelling
from transforms.outcome import TEXT, Outcome, Parameters
from transforms.portfolio import owned_by_profile
from transforms.profiles import ROOT, professionals, profiles
from transforms.steps import derived_id

ROLE_KEYS = rules.role_keys(mapping.load())
PROFESSIONAL = mapping.load().professional_roles
STATUSES = rules.spellings(mapping.load().common.statuses)
FACTS = Parameters("professionals", ROLE_KEYS, STATUSES, professional_roles=PROFESSIONAL)
COMMON = ["display_name", "bio", "location", "rejection_reason", "approved_at", "created_at"]
USERS, ROLES = ["u1", "u2", "u3"], ["tutor", "developer", "company"]
UUIDS = [f"a0000000-0000-0000-0000-00000000000{digit}" for digit in "123456"]
IDS = [*UUIDS, UUIDS[0].upper(), "{" + UUIDS[1] + "}", "9", "10", "-1", "x"]
TIMES = ["2024-01-01 00:00:00+00", "2024-01-01 00:00:00.5+00", "12024-01-01 00:00:00+00", "infinity"]

many = settings(max_examples=50, deadline=None)
statuses = st.sampled_from([None, "", "Active", "under review", "frozen"])
cuts = st.lists(st.integers(0, 2), min_size=12, max_size=12)  # row number → chunk number


def table(columns: list[str], rows: list[dict]) -> pd.DataFrame:
    return pd.DataFrame({c: pd.Series([row.get(c) for row in rows], dtype=TEXT) for c in columns})


def rows_of(**columns: st.SearchStrategy) -> st.SearchStrategy[list[dict]]:
    return st.lists(st.fixed_dictionaries(columns), min_size=5, max_size=12)


def keyed(rows: list[dict], columns: list[str]) -> pd.DataFrame:
    return table(["key", *columns], [row | {"key": f"(0,{number})"} for number, row in enumerate(rows)])


def distinct(rows: list[dict], *key: str) -> list[dict]:
    return list({tuple(row[name] for name in key): row for row in rows}.values())


def sorted_records(frame: pd.DataFrame) -> list[tuple]:
    columns = [frame[name].array.__arrow_array__().to_pylist() for name in frame]
    return sorted(zip(frame.index, *columns, strict=True), key=repr)


def flattened(outcomes: list[Outcome]) -> dict[str, list]:
    """All that the outcomes say, in an order of its own; an empty frame says nothing."""
    parts: dict[str, list] = {"merged": sorted(label for outcome in outcomes for label in outcome.merged)}
    for outcome in outcomes:
        named = {
            **outcome.frames,
            "?rejected": outcome.rejected,
            "?ids": outcome.id_map,
            "?links": outcome.removed_links,
        }
        for name, frame in named.items():
            parts.setdefault(name, []).extend(sorted_records(frame))
    return {name: sorted(records, key=repr) for name, records in parts.items() if records}


def assert_cut_makes_no_difference(
    transform, rows: pd.DataFrame, cut: list[int], parameters: Parameters, asked
) -> Outcome:
    """asked(rows) gives the lookups of a chunk, asked(None) the whole ones."""
    whole = transform(rows, parameters, asked(rows))
    number = pd.Series(cut[: len(rows)], index=rows.index, dtype="int64")
    chunks = [rows.loc[number == each] for each in sorted(set(number))]
    assert flattened([transform(chunk, parameters, asked(chunk)) for chunk in chunks]) == flattened([whole])
    assert flattened([transform(rows, parameters, asked(None))]) == flattened([whole])
    assert_one_outcome_each(whole, rows, next(iter(whole.frames)))
    return whole


def assert_one_outcome_each(outcome: Outcome, rows: pd.DataFrame, table_name: str) -> None:
    labels = [*outcome.frames[table_name].index, *outcome.rejected.index, *outcome.merged]
    assert sorted(labels) == rows.index.tolist()


def asks(whole: dict[str, pd.DataFrame], needed: dict) -> object:
    """The lookups of a chunk: of each frame the rows that needed[name](frame, chunk) picks, in reverse order."""

    def asked(chunk: pd.DataFrame | None) -> dict[str, pd.DataFrame]:
        if chunk is None:
            return whole
        picked = {name: frame.loc[needed[name](frame, chunk)] for name, frame in whole.items() if name in needed}
        return {name: frame.iloc[::-1] for name, frame in (whole | picked).items()}

    return asked


def of_its_users(frame: pd.DataFrame, chunk: pd.DataFrame) -> pd.Series:
    return frame["user_id"].isin(chunk["user_id"].dropna())


@many
@given(
    rows=rows_of(
        id=st.sampled_from([None, *IDS]),
        user_id=st.sampled_from(USERS),
        status=statuses,
        url=st.sampled_from([None, "", "https://x"]),
    ),
    claimed=st.lists(st.sampled_from(UUIDS), min_size=3),
    cut=cuts,
)
def test_profiles(rows, claimed, cut):
    frame = table(["id", "user_id", "status", "updated_at", *COMMON, "url"], rows)
    whole = {"claimed_ids": table(["id"], [{"id": id_} for id_ in claimed]), "roles": table(["name", "id"], [])}
    outcome = assert_cut_makes_no_difference(
        profiles, frame, cut, Parameters("tutor_profiles", ROLE_KEYS, STATUSES, removed=("url",)), asks(whole, {})
    )
    roots, extensions = outcome.frames[ROOT], outcome.frames["tutor_profiles"]
    assert sorted_records(roots[["id"]]) == sorted_records(extensions[["user_role_profile_id"]])
    assert not set(roots["id"].dropna()) & set(claimed)
    assert not set(outcome.id_map.index) & set(outcome.rejected.index)


professional_rows = rows_of(
    id=st.sampled_from([None, *IDS]),
    user_id=st.sampled_from([None, *USERS]),
    role=st.sampled_from([None, "", "plumber", "Tutor", "DEVELOPER", "company"]),
    status=statuses,
    updated_at=st.sampled_from(TIMES),
)
profile_rows = rows_of(user_id=st.sampled_from(USERS), role=st.sampled_from(ROLES), id=st.sampled_from(UUIDS)).map(
    lambda rows: distinct(distinct(rows, "user_id", "role"), "id")
)


@many
@given(rows=professional_rows, held=profile_rows, lost=profile_rows, cut=cuts)
def test_professionals(rows, held, lost, cut):
    frame = keyed(rows, ["id", "user_id", "role", "status", "updated_at", *COMMON])
    whole = {
        "profiles": table(["user_id", "role", "id"], held),
        "rejected_profiles": table(["user_id", "role"], lost),
        "taken_ids": table(["id"], held),
        "siblings": frame.loc[frame["user_id"].duplicated(keep=False) & frame["user_id"].notna()],
        "roles": table(["name", "id"], [{"name": "TUTOR", "id": "1"}]),
    }
    needed = dict.fromkeys(("profiles", "rejected_profiles", "siblings"), of_its_users)
    outcome = assert_cut_makes_no_difference(professionals, frame, cut, FACTS, asks(whole, needed))
    assert said(outcome) == plainly(frame, held, lost)


def said(outcome: Outcome) -> dict[int, tuple[str, str | None]]:
    rejected = {label: (reason, None) for label, reason in outcome.rejected["reason"].items()}
    return rejected | {label: (row["why"], row["target_id"]) for label, row in outcome.id_map.iterrows()}


def plainly(frame: pd.DataFrame, held: list[dict], lost: list[dict]) -> dict[int, tuple[str, str | None]]:
    """The rule of professionals, row by row: what becomes of each, and the profile it resolves to."""
    rows = [row | {"label": label, "key_role": role_of(row)} for label, row in enumerate(frame.to_dict("records"))]
    existing = {(row["user_id"], row["role"]): row["id"] for row in held}
    rejected = {(row["user_id"], row["role"]) for row in lost} - set(existing)
    taken = {row["id"] for row in held}
    verdicts, made = {}, {}
    for row in sorted(rows, key=lateness, reverse=True):
        pair = (row["user_id"] if not pd.isna(row["user_id"]) else row["key"], row["key_role"])
        if pd.isna(row["id"]):
            verdicts[row["label"]] = ("missing_id", None)
        elif row["key_role"] is None:
            continue
        elif pair in existing:
            verdicts[row["label"]] = ("merged", existing[pair])
        elif pair in rejected:
            verdicts[row["label"]] = ("parent_rejected", None)
        elif pair in made:
            verdicts[row["label"]] = ("merged", made[pair])
        elif row["status"] == "frozen":
            verdicts[row["label"]] = ("unknown_status", None)
        else:
            made[pair] = root_id(row["id"], taken)
            verdicts[row["label"]] = ("created", made[pair])
    practised = {pair: id_ for pair, id_ in (existing | made).items() if pair[1] in PROFESSIONAL}
    for row in rows:
        theirs = {id_ for (user, _), id_ in practised.items() if user == row["user_id"]}
        several = "ambiguous_professional" if theirs else "unresolvable_professional"
        verdicts.setdefault(row["label"], ("merged", *theirs) if len(theirs) == 1 else (several, None))
    return verdicts


def role_of(row: dict) -> str | None:
    return None if pd.isna(row["role"]) else ROLE_KEYS.get(spelling(row["role"]))


def lateness(row: dict) -> tuple:
    id_ = "" if pd.isna(row["id"]) else row["id"]
    is_integer = id_.lstrip("-").isdigit()
    height = (0, int(id_), "") if is_integer else (1, 0, id_.strip("{}").lower())
    return (TIMES.index(row["updated_at"]), height, row["key"])


def root_id(id_: str, taken: set[str]) -> str:
    canonical = id_.strip("{}").lower()
    return canonical if canonical in UUIDS and canonical not in taken else derived_id(f"professionals:{id_}")


@many
@given(
    name=st.sampled_from(["portfolio_items", "services", "lead_requests"]),
    rows=rows_of(
        professional_id=st.sampled_from([None, None, None, "", *IDS]), user_id=st.sampled_from([None, *USERS])
    ),
    known=rows_of(id=st.sampled_from(IDS), target_id=st.sampled_from([None, *UUIDS])),
    held=profile_rows,
    aliases=rows_of(
        legacy_table=st.sampled_from(ROLES), legacy_id=st.sampled_from(IDS), target_id=st.sampled_from(UUIDS)
    ),
    cut=cuts,
)
def test_owned_by_profile(name, rows, known, held, aliases, cut):
    frame = keyed(rows, ["id", "professional_id", "user_id", "created_at", "updated_at"])
    whole = {
        "professionals": table(["id", "target_id"], known),
        "profiles": table(["user_id", "role", "id"], held),
        "profile_aliases": table(["legacy_table", "legacy_id", "target_id"], aliases),
    }

    def of_users_or_ids(lookup: pd.DataFrame, chunk: pd.DataFrame) -> pd.Series:
        ids = {id_.strip("{}").lower() for id_ in chunk["professional_id"].dropna()}
        return of_its_users(lookup, chunk) | lookup["id"].isin(ids)

    outcome = assert_cut_makes_no_difference(
        owned_by_profile,
        frame,
        cut,
        Parameters(name, professional_roles=PROFESSIONAL),
        asks(whole, {"profiles": of_users_or_ids}),
    )
    assert list(outcome.frames) == [name] and outcome.frames[name]["user_role_profile_id"].notna().all()
    assert set(outcome.rejected["reason"]) <= {"parent_rejected", "orphan_professional"}
