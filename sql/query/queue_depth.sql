-- reads
-- The queue: how many jobs wait, for how many seconds the oldest of those that are due has
-- waited, how many are being done. Answered from the indexes of those that are not over.
select (select count(*) from jobs where state = 'queued') as queued,
       coalesce(extract(epoch from now() - (select min(run_at) from jobs
					    where state = 'queued' and run_at <= now())), 0)::bigint
	       as oldest,
       (select count(*) from jobs where state = 'running') as running
