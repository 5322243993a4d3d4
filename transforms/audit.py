"""The audit trail: who did what, and one row for every field that an action changed.

Laws (contract, 4.9: audit)
- metadata reaches the target unchanged, as an object. A value that is no object, or that jsonb does not take, is put
  into one under `legacy_metadata`, and is noted. An ip that is no address is added to it.
- Values are compared as jsonb compares them (1.0 equals 1.00, the order of keys does not matter) and written unchanged.
- JSON's null is a value; a field that one side lacks has no value there (SQL NULL) and so differs.
"""

import contextlib
import re
import socket
from collections.abc import Mapping
from decimal import InvalidOperation

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from config import note_kinds
from transforms import jsonb, steps
from transforms.outcome import NOTES, Outcome, Parameters

LOGS = "audit_logs"
CHANGES = "audit_log_changes"
LEGACY_IP, LEGACY_METADATA = "legacy_ip_address", "legacy_metadata"

ABSENT = object()  # what a side holds of a field that it lacks

_CARRIED = ["action", "entity_type", "entity_id", "user_agent", "created_at"]

# Only such texts can hold a change; the escape may hide a letter of these keys.
_MAY_HOLD_CHANGES = r'"(?:changes|before)"|\\u'

_OCTET = "0*(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
# inet's shorthand: fewer octets need a prefix, of less than eight bits for each octet that is missing.
IPV4 = "|".join(
    [
        rf"(?:{_OCTET}\.){{3}}{_OCTET}\.?(?:/0*(?:3[0-2]|[12]?[0-9]))?",
        rf"(?:{_OCTET}\.){{2}}{_OCTET}\.?/0*(?:3[01]|[12]?[0-9])",
        rf"{_OCTET}\.{_OCTET}\.?/0*(?:2[0-3]|1?[0-9])",
        rf"{_OCTET}\.?/0*(?:1[0-5]|[0-9])",
    ]
)
_IPV6_GROUP = re.compile("[0-9a-fA-F]{1,4}")
_IPV6_PREFIX = re.compile("/(?:12[0-8]|1[01][0-9]|[1-9]?[0-9])")
_STRICT_OCTET = re.compile("(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])?")


def activity_logs(rows: pd.DataFrame, parameters: Parameters, lookups: Mapping[str, pd.DataFrame]) -> Outcome:
    """One audit_log per activity, and one audit_log_change per field that differs.

    If the ids of several activities are one UUID in different forms, one of them keeps it and the others get derived
    ids.

    In: id, user_id, action, entity_type, entity_id, ip_address, user_agent, metadata, created_at. Out: audit_logs
    (these columns; user_id as actor_user_id) and audit_log_changes (id, audit_log_id, field_name, old_value, new_value,
    created_at). Nothing is rejected. Notes: changes_not_read (metadata is nested too deeply; it is carried all the
    same), metadata_no_object and metadata_no_json (it is kept under legacy_metadata, as JSON or as a text).
    """
    documents, wrapped = _documents(rows["metadata"], "metadata" in parameters.documents)
    is_repeated = steps.is_in(rows["id"], lookups["repeated_ids"]["id"])
    kept = steps.target_id(rows["id"].mask(is_repeated), parameters.legacy_table)
    ids = steps.first_known(kept, steps.derived_ids(rows["id"].where(is_repeated), parameters.legacy_table))
    is_address = is_inet(rows["ip_address"])
    logs = steps.frame(
        rows.index,
        {"id": ids, "actor_user_id": rows["user_id"], "ip_address": rows["ip_address"].where(is_address)}
        | {"metadata": _with_bad_ips(documents, rows["ip_address"], is_address)}
        | {name: rows[name] for name in _CARRIED},
    )
    derived = rows.index[ids.notna() & (is_repeated | steps.canonical_uuid(rows["id"]).isna())]
    talking = _talking_of_changes(rows)
    too_deep = talking.index[[jsonb.depth(text) > jsonb.MAX_DEPTH for text in talking["metadata"].tolist()]]
    unread = note_kinds.CHANGES_NOT_READ.saying()
    return Outcome(
        frames={LOGS: logs, CHANGES: _changes(talking.drop(too_deep), ids, parameters.legacy_table)},
        id_map=steps.id_map(derived, rows["id"], LOGS, ids, "derived"),
        notes=steps.joined([wrapped, steps.notes(too_deep, CHANGES, None, unread, None)], NOTES),
    )


def _documents(metadata: pd.Series, is_json: bool) -> tuple[pd.Series, pd.DataFrame]:
    """metadata as objects, and notes of those that were none. is_json: all of it is known to be JSON."""
    begins = pc.starts_with(pc.utf8_ltrim(steps.arrow(metadata), " \t\r\n"), "{")
    is_taken = jsonb.taken(metadata, is_json)
    odd = metadata.index[~is_taken | (metadata.notna() & ~steps.mask(begins, metadata.index))]
    result = metadata.copy()
    result.loc[odd] = jsonb.under(LEGACY_METADATA, metadata.loc[odd], is_taken.loc[odd])
    no_object, no_json = note_kinds.NO_OBJECT.saying(), note_kinds.METADATA_NO_JSON.saying()
    said = steps.constant(no_object, odd).where(is_taken.loc[odd], no_json)
    return result, steps.notes(odd, LOGS, "metadata", said, None)


def _talking_of_changes(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows whose metadata may hold changes; without an id a row has none, for it is going to be rejected."""
    may_hold = pc.match_substring_regex(steps.arrow(rows["metadata"]), _MAY_HOLD_CHANGES)
    return rows.loc[steps.mask(may_hold, rows.index) & rows["id"].notna()]


# Addresses


def is_inet(values: pd.Series) -> pd.Series:
    """Which texts PostgreSQL's inet input takes; null is no address.

    One exception: of a prefix like /4294967296 PostgreSQL sees the low 32 bits; here it is no address.
    """
    given = steps.arrow(values)
    found = steps.mask(pc.match_substring_regex(given, f"^(?:{IPV4})$"), values.index)
    may_be_ipv6 = ~found & steps.mask(pc.match_substring(given, ":"), values.index)
    if may_be_ipv6.any():
        judged = steps.by_distinct(values.where(may_be_ipv6), lambda ip: ip if is_ipv6(ip) else None)
        found |= judged.notna()
    return found


def is_ipv6(ip: str) -> bool:
    """Whether PostgreSQL reads this text, which holds a colon, as an IPv6 address with or without a prefix."""
    with contextlib.suppress(OSError, ValueError):  # all that the C library takes it does; it takes more
        return bool(socket.inet_pton(socket.AF_INET6, ip))
    address, slash, prefix = ip.partition("/")
    if slash and not _IPV6_PREFIX.fullmatch(slash + prefix):
        return False
    if address.startswith(":"):
        if not address.startswith("::"):
            return False
        address = address[1:]
    *groups, last = address.split(":")
    gaps = groups.count("")
    written = [group for group in groups if group]
    if gaps > 1 or not all(map(_IPV6_GROUP.fullmatch, written)):
        return False
    size = _ipv6_size(last, is_after_gap=not groups or not groups[-1], has_prefix=bool(slash))
    if size is None:
        return False
    return len(written) + size < 8 if gaps else len(written) + size == 8


def _ipv6_size(last: str, is_after_gap: bool, has_prefix: bool) -> int | None:
    """Groups in the last part of an address: two of an IPv4 address, none of nothing; null where it is neither."""
    if "." in last:
        return 2 if _is_ipv4_tail(last, has_prefix) else None
    if not last:  # a single colon at the end is taken before a prefix only
        return 0 if is_after_gap or has_prefix else None
    return 1 if _IPV6_GROUP.fullmatch(last) else None


def _is_ipv4_tail(text: str, has_prefix: bool) -> bool:
    """PostgreSQL reads an empty octet as 0, the last one before a prefix only, and fills up to four."""
    octets = text.split(".")
    return len(octets) <= 4 and all(map(_STRICT_OCTET.fullmatch, octets)) and (has_prefix or octets[-1] != "")


def _with_bad_ips(metadata: pd.Series, ip: pd.Series, is_address: pd.Series) -> pd.Series:
    """metadata, with every ip that is no address kept in it."""
    bad = ip.index[ip.notna() & ~is_address]
    if not len(bad):
        return metadata
    pairs = zip(metadata.loc[bad].tolist(), ip.loc[bad].tolist(), strict=True)
    kept = [with_legacy_ip(None if pd.isna(text) else text, value) for text, value in pairs]
    result = metadata.copy()
    result.loc[bad] = steps.text(pa.array(kept, pa.string()), bad)
    return result


def with_legacy_ip(metadata: str | None, ip: str) -> str:
    """metadata, an object, with the ip added under `legacy_ip_address`, or `legacy_ip_address_` if it has that name
    already.

    The ip is spliced into the text, so that the rest stays unchanged.
    """
    text = "{}" if metadata is None else metadata.strip(" \t\r\n")
    name = LEGACY_IP
    while f'"{name}"' in text:
        name += "_"
    body = text[:-1].rstrip(" \t\r\n")
    return f'{body}{"" if body == "{" else ", "}"{name}": {jsonb.quoted(ip)}}}'


# Changes


def _changes(rows: pd.DataFrame, ids: pd.Series, legacy_table: str) -> pd.DataFrame:
    """The audit_log_changes of rows whose metadata may hold changes."""
    texts = zip(rows.index, rows["id"].tolist(), rows["metadata"].tolist(), strict=True)
    found = [(label, legacy_id, *change) for label, legacy_id, text in texts for change in changes(text)]
    labels, legacy_ids, fields, old, new = zip(*found, strict=True) if found else ((),) * 5
    index = pd.Index(labels, dtype=rows.index.dtype)
    names = map(":".join, zip(legacy_ids, fields, strict=True))
    columns = {"id": list(names), "field_name": fields, "old_value": old, "new_value": new}
    own = {name: steps.text(pa.array(values, pa.string()), index) for name, values in columns.items()}
    own["id"] = steps.derived_ids(own["id"], f"{CHANGES}:{legacy_table}")
    return steps.frame(index, {**own, "audit_log_id": ids, "created_at": rows["created_at"]})


def changes(metadata: str) -> list[tuple[str, str | None, str | None]]:
    """(field, old value, new value) of every field that differs, as JSON texts; None where a side lacks the field.

    None of a text that jsonb does not take.
    """
    try:
        document = jsonb.read(metadata)
        sides = [(field, old, new) for field, (old, new) in _sides(document).items() if old != new]
    except (ValueError, InvalidOperation):
        return []
    if not jsonb.fits(document, metadata):
        return []
    return [(field, _written(old), _written(new)) for field, old, new in sides]


def _written(side: object) -> str | None:
    return None if side is ABSENT else jsonb.written(side)


def _sides(document: object) -> dict[str, tuple[object, object]]:
    """Field → (old, new). Of a field in both forms `changes` tells."""
    if not isinstance(document, dict):
        return {}
    before, after = (document.get(name, ABSENT) for name in ("before", "after"))
    sides: dict[str, tuple[object, object]] = {}
    if _is_snapshot(before) and _is_snapshot(after):
        before, after = before or {}, after or {}
        sides = {field: (before.get(field, ABSENT), after.get(field, ABSENT)) for field in before | after}
    fields = document.get("changes")
    for field, change in fields.items() if isinstance(fields, dict) else ():
        if isinstance(change, dict):
            sides[field] = change.get("old", ABSENT), change.get("new", ABSENT)
    return sides


def _is_snapshot(value: object) -> bool:
    """An object, or null: what is created was nothing before, what is deleted is nothing after."""
    return value is None or isinstance(value, dict)
