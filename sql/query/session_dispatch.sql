-- A session's parcels leave (see session_dispatch() in the migrations).
-- $1 id   $2 hold_missing   $3 dry_run   $4 by
-- 200 with what was done, already when it was done before; 404 session_not_found;
-- 409 session_cancelled. Third: true when session_settle has to follow the commit.
select status, body, coalesce(status = 200 and not coalesce($3::boolean, false)
			      and ((body::jsonb) ->> 'held')::bigint > 0
			      and not (body::jsonb) ? 'settled', false) as settle,
       coalesce(((body::jsonb) ->> 'already')::boolean, false) as already
from session_dispatch($1::bigint, coalesce($2::boolean, false), coalesce($3::boolean, false),
		      nullif($4, ''))
