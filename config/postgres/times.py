"""Patterns of texts that are times: a valid day, with or without a time, as ISO 8601 or PostgreSQL write it. And of
texts that are not blank.

Regular expressions as PostgreSQL takes them, of which every match can be cast. ZONED says its zone, LOCAL does not.
"""

_DAY = "(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])|(0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31"
_LEAP_YEAR = "[0-9]{2}(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00"
_DATE = f"(?!0000)([0-9]{{4}}-({_DAY})|({_LEAP_YEAR})-02-29)"
_HOUR = "([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]{1,9})?)?"
_ZONE = " ?(Z|UTC|[+-](0[0-9]|1[0-4])(:?[0-5][0-9])?)"

LOCAL = rf"^\s*{_DATE}([ T]{_HOUR})?\s*$"
ZONED = rf"^\s*{_DATE}[ T]{_HOUR}{_ZONE}\s*$"

# A letter that is no white space, whatever a server's locale calls so.
VISIBLE = r"[^\u0009-\u000d\u001c-\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]"
