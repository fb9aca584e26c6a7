"""The whole table."""

from . import sheets, texts, zips

CASES = zips.CASES + sheets.CASES + texts.CASES
