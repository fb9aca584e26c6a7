-- A session ends without a dispatch.
-- $1 id   $2 by   $3 reason
-- 200 with already when it was cancelled before; 404 session_not_found; 409 session_dispatched
select status, body from session_cancel($1::bigint, nullif($2, ''), nullif($3, ''))
