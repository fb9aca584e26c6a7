-- plain
-- The bytes of a queued upload, in parts.
copy upload_files (upload_id, part, bytes) from stdin
