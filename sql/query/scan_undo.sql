-- A scan is undone.
-- $1 scan_id   $2 by   $3 station
-- 200, the same when it was undone before; 404 scan_not_found; 409 session_dispatched,
-- session_cancelled
select status, body from scan_undo($1::uuid, nullif($2, ''), nullif($3, ''))
