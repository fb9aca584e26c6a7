-- Puts an upload that failed back into the queue.
-- $1 id or key   $2 by whom, or null
-- 202 it is queued, 404 upload_not_found, 409 upload_file_gone, upload_completed
select status, body from upload_retry($1, nullif($2, ''))
