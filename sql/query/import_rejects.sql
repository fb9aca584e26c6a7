-- plain
-- The rows that could not be read.
copy upload_rejects (upload_id, row_number, kind, "column", text, reason, cells) from stdin
