-- After the commit of a dispatch that put parcels on hold (see the migrations).
-- $1 id   $2 whether the dispatch had been made before
select status, body from session_settle($1::bigint, $2::boolean)
