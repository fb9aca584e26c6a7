"""The whole table."""

from . import kinds, sheets, texts, zips

CASES = zips.CASES + sheets.CASES + texts.CASES + kinds.CASES
