-- A worker still has its job.
-- $1 id   $2 claim
-- One row; none: the job is over, or another's
update jobs set heartbeat_at = clock_timestamp()
where id = $1::bigint and state = 'running' and locked_by = $2
returning id
