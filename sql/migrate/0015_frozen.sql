-- A host that froze, or was cut off, leaves its transaction open: what it loaded so far would
-- hold up the next attempt, which brings the same numbers, until the network gives the old one
-- up. Whoever takes an upload over from a silent worker ends the old transaction first: nothing
-- that it did was committed, and nothing of it may be any more.

-- Ends the transactions of others that load this upload: they share its lock (1, upload).
create function upload_let_go(p_upload bigint) returns void language sql as $$
	select pg_terminate_backend(a.pid)
	from pg_locks l join pg_stat_activity a using (pid)
	where l.locktype = 'advisory' and l.classid = 1 and l.objsubid = 2 and l.granted
	      and l.mode = 'ShareLock' and l.objid = (p_upload % 2147483647)::integer::oid
	      and l.database = (select oid from pg_database where datname = current_database())
	      and a.xact_start is not null and a.pid <> pg_backend_pid()
$$;

-- Takes jobs back from workers that are gone. Looks into pg_locks, which is not free, only
-- when one is silent.
create or replace function job_reap() returns void language plpgsql as $$
declare
	j jobs;
	v_detail text := 'its worker ended';
begin
	for j in select * from jobs
		 where state = 'running' and heartbeat_at < clock_timestamp() - interval '5 s'
		 order by id
	loop
		continue when j.heartbeat_at > clock_timestamp() - interval '60 s' and exists (
			select from pg_locks
			where locktype = 'advisory' and classid = 5 and objsubid = 2 and granted
			      and objid = job_lock(j.id)::oid
			      and database = (select oid from pg_database
					      where datname = current_database()));
		if j.upload_id is not null then
			perform from uploads where id = j.upload_id for update skip locked;
			continue when not found;
		end if;
		perform from jobs n where n.id = j.id and n.state = 'running'
				  and n.locked_by = j.locked_by
				  and n.heartbeat_at = j.heartbeat_at
		for update skip locked;
		continue when not found;
		perform upload_let_go(j.upload_id);
		if j.attempts < job_attempts() then
			perform job_again(j.id, j.upload_id, v_detail, case when j.attempts > 1
				then job_back_off(j.attempts - 1) else interval '0' end);
		else
			perform job_give_up(j.id, j.upload_id, 'importer_died', format(
				'The server stopped %s times while it was loading this file; '
				'nothing of it was loaded: try again, and if it happens once '
				'more, save the file anew or split it.', j.attempts), v_detail);
		end if;
	end loop;
end
$$;
