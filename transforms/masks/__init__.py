"""The masks of staging copies: pure functions from the text of a value to a text that identifies nobody.

Laws
- Deterministic: one key and one kind give one value the same mask in whatever table; another key gives another.
- Injective: distinct values stay distinct and equal ones equal, so joins and uniqueness survive.
- A text that is blank, or has neither letter nor digit, is kept; so is white space at either end.
- A valid value stays valid and an invalid one invalid, so that a rehearsal rejects the same rows.
"""

from transforms.masks.masker import Mask, Masker

__all__ = ["Mask", "Masker"]
