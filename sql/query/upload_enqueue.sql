-- An upload for the queue, first of its transaction; its bytes follow (upload_bytes.sql), then
-- upload_enqueued.sql.
-- $1 to $9 as upload_begin.sql's
-- id with status null: go on. Otherwise status and body: 200 or 202 the first answer to this
-- key, 409 upload_in_progress, upload_key_reused
select id, status, body
from upload_enqueue(nullif($1, ''), nullif($2, ''), nullif($3, ''), $4::boolean, $5::boolean,
		    $6::boolean, $7::bigint, $8::bigint, $9::jsonb)
