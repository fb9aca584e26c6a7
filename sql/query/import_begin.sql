-- The import's transaction: it holds the upload's lock until it is over, and the history
-- of what it changes names it. Without a session that holds the lock of its job, it does that
-- too.
-- $1 id   $2 uploaded_by or null
select pg_advisory_xact_lock_shared(1, ($1::bigint % 2147483647)::integer),
       set_config('waybill.cause', json_build_object(
	       'cause', 'upload', 'by', $2, 'detail', json_build_object('upload_id', $1::bigint))::text,
	       true),
       (select count(pg_advisory_xact_lock_shared(5, job_lock(id))) from jobs
	where waybill_pooled() and upload_id = $1::bigint and state = 'running')
