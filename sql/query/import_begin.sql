-- The import's transaction: it holds the upload's lock until it is over, and the history
-- of what it changes names it.
-- $1 id   $2 uploaded_by or null
select pg_advisory_xact_lock_shared(1, ($1::bigint % 2147483647)::integer),
       set_config('waybill.cause', json_build_object(
	       'cause', 'upload', 'by', $2, 'detail', json_build_object('upload_id', $1::bigint))::text,
	       true)
