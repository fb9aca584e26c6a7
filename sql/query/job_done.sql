-- A job that comes by the clock is done.
-- $1 id   $2 claim   $3 rows
update jobs set state = 'done', error = null, finished_at = clock_timestamp(),
		result = jsonb_build_object('rows', $3::bigint)
where id = $1::bigint and state = 'running' and locked_by = $2
