-- plain
-- The bytes of a file that is looked at, in parts.
copy preview_files (preview_id, part, bytes) from stdin
