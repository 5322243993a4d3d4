"""The masks of staging copies: pure functions from a value's text to a text that is nobody's.

Laws
- Deterministic: one key and one kind give one value the same mask in whatever table; another key gives another.
- Injective: distinct values stay distinct and equal ones equal, so joins and uniqueness survive.
- What is blank, or holds neither letter nor digit, is kept; so is white space at either end.
- What is valid of its kind stays valid, and what is not stays that, so a rehearsal rejects the same rows.
"""

from transforms.masks.masker import Mask, Masker

__all__ = ["Mask", "Masker"]
