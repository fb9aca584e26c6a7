"""The whole table."""

from . import files, framing, request_line

ROWS = request_line.ROWS + framing.ROWS + files.ROWS
