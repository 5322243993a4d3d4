"""Locales of ICU, which two servers may spell otherwise: one as it was told, another as its ICU has it, old or new."""

SPELLED = {2: str.upper, 4: str.title}  # a region, a script
NONE = ("", "root", "und")


def standard(locale: str) -> str:
    """A locale in one form: `DE_de-u-ks-level1-kc-true` → `de-DE-u-kc-ks-level1`; the old form (de@…) as it is."""
    if "@" in locale:
        return locale
    if locale.upper() in ("C", "POSIX"):
        return "en-US-u-va-posix"
    name, _, extension = locale.replace("_", "-").partition("-u-")
    language, *parts = name.lower().split("-")
    whole = ["und" if language in NONE else language, *(SPELLED.get(len(p), str.lower)(p) for p in parts)]
    keys = _keys(extension.lower())
    return "-".join([*whole, *(["u"] if keys else []), *(word for key in sorted(keys) for word in (key, *keys[key]))])


def _keys(extension: str) -> dict[str, list[str]]:
    """What is said by each key; that it is so is what a key says by itself."""
    keys: dict[str, list[str]] = {}
    for word in filter(None, extension.split("-")):
        if len(word) == 2:
            keys[word] = []
        elif word not in ("true", "yes") and keys:
            keys[list(keys)[-1]].append(word)
    return keys
