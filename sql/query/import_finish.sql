-- How the import ended, in its own transaction: the upload is completed exactly when its
-- rows are there.
-- $1 id   $2 state   $3 error code   $4 message   $5 the HTTP status to answer with
-- $6 facts of the file and counters, a JSON object: sheet, format, heading_row, mapping,
-- warnings, rows_total, inserted, updated, unchanged, duplicate, rejected
update uploads u
set state = $2, error = $3, message = $4, finished_at = clock_timestamp(),
    sheet = f.sheet, format = f.format, heading_row = f.heading_row, mapping = f.mapping,
    warnings = f.warnings, rows_total = f.rows_total, rows_done = f.rows_total,
    inserted = f.inserted, updated = f.updated, unchanged = f.unchanged,
    duplicate = f.duplicate, rejected = f.rejected
from jsonb_to_record($6::jsonb) as f (
	sheet text, format text, heading_row bigint, mapping jsonb, warnings jsonb,
	rows_total bigint, inserted bigint, updated bigint, unchanged bigint,
	duplicate bigint, rejected bigint)
where u.id = $1::bigint
returning $5::integer as status, upload_json(u, true)::text as body
