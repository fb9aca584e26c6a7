-- A session goes on: an open one as it is, a cancelled one opened again.
-- $1 id   $2 by
-- 200 with already when it was open; 404 session_not_found; 409 session_dispatched
select status, body from session_resume($1::bigint, nullif($2, ''))
