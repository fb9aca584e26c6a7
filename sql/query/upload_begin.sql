-- An import begins; from here on this connection holds the upload's lock.
-- $1 upload_key or null   $2 file name   $3 uploaded_by
-- $4 dry_run  $5 strict  $6 batch: true or false
-- $7 the file's bytes  $8 their CRC-32  $9 sheet and columns, as jobs.payload
-- id with status null: go on. Otherwise status and body: 200 the first answer to this key,
-- 202 it is queued, 409 upload_in_progress, upload_key_reused
select id, status, body
from upload_begin(nullif($1, ''), nullif($2, ''), nullif($3, ''), $4::boolean, $5::boolean,
		  $6::boolean, $7::bigint, $8::bigint, $9::jsonb)
