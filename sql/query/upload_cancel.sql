-- Cancels an upload that is not loaded yet.
-- $1 id or key   $2 by whom, or null
-- 200 it is over, 202 it is being stopped, 404 upload_not_found, 409 upload_completed
select status, body from upload_cancel($1, nullif($2, ''))
