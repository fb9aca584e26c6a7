-- How the import ended, in its own transaction: the upload is completed exactly when its
-- rows are there, and a job of its own is done with it.
-- $1 id   $2 state   $3 error code   $4 message   $5 the HTTP status to answer with
-- $6 facts of the file and counters, a JSON object: sheet, format, heading_row, mapping,
-- warnings, rows_total, inserted, updated, unchanged, duplicate, rejected
-- $7 its job or null   $8 the job's claim
-- Without a body nothing may be committed: 409 it was cancelled, 410 the job is another's
select status, body
from upload_finish($1::bigint, $2, $3, $4, $5::integer, $6::jsonb, $7::bigint, $8)
