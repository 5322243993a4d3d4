"""Locales of ICU in one form, however a server spells them."""

import pytest

from checks.shape.locales import standard


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("und-u-ks-level1-kc-true", "und-u-kc-ks-level1"),
        ("de-u-co-phonebk", "de-u-co-phonebk"),
        ("DE_de", "de-DE"),
        ("zh-hant-TW", "zh-Hant-TW"),
        ("root", "und"),
        ("en-US-u-va-posix", "en-US-u-va-posix"),
        ("C", "en-US-u-va-posix"),
        ("en-u-kn-true-kf-upper-kr-latn-digit", "en-u-kf-upper-kn-kr-latn-digit"),
    ],
)
def test_a_locale_is_spelled_by_rule(given, wanted):
    assert standard(given) == wanted
