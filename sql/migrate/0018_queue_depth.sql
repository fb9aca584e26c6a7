-- The length of the queue, for /metrics, asked for by whoever checks that the database is there,
-- between two requests: it must not wait for a lock on jobs, nor keep a worker's clients waiting.
-- queued, running: how many wait and are being done; oldest: for how many seconds the oldest of
-- those that are due has waited. All null while jobs is locked. Answered from the indexes of
-- those that are not over.
create function queue_depth(out queued bigint, out oldest bigint, out running bigint)
language plpgsql stable set lock_timeout = '100ms' as $$
begin
	select (select count(*) from jobs where state = 'queued'),
	       coalesce(extract(epoch from now() - (select min(run_at) from jobs
						    where state = 'queued'
							  and run_at <= now())), 0)::bigint,
	       (select count(*) from jobs where state = 'running')
	into queued, oldest, running;
exception when lock_not_available then
	return;
end $$;
