-- A server behind a pooler that gives each transaction another session (database_pooled) can
-- hold no lock for longer than one. It says so by waybill.pooled, within each transaction, and
-- then: an upload that is being loaded is alive while the transaction of its rows runs, which
-- holds lock (1, upload) anyway, and for 10 s behind its last sign of life, which covers what
-- comes before and after; a job whose worker is silent for 5 s is taken over, unless that
-- transaction (it holds lock (5, job) as well) still runs. Servers of both kinds, and of the
-- previous release, may work with one database at the same time.

alter table uploads
	add column pooled boolean not null default false; -- its loader has no session

create function waybill_pooled() returns boolean language sql stable as $$
	select coalesce(current_setting('waybill.pooled', true), '') = 'on'
$$;

-- Has somebody loaded, or will somebody load, this upload?
create or replace function upload_alive(p_id bigint) returns boolean language sql volatile as $$
	-- A standby does not see the primary's locks, and believes what is written.
	select pg_is_in_recovery()
	       or exists (select from jobs where upload_id = p_id and state in ('queued', 'running'))
	       or exists (
		select from pg_locks
		where locktype = 'advisory' and classid = 1 and objsubid = 2 and granted
		      and objid = (p_id % 2147483647)::integer::oid
		      and database = (select oid from pg_database
				      where datname = current_database()))
	       or exists (
		select from uploads
		where id = p_id and pooled
		      and greatest(loading_at, progress_at) > clock_timestamp() - interval '10 s')
$$;

create or replace function upload_begin(p_key text, p_file_name text, p_by text,
	p_dry_run boolean, p_strict boolean, p_batch boolean, p_size bigint, p_crc32 bigint,
	out id bigint, out status integer, out body text)
language plpgsql as $$
begin
	insert into uploads as n (upload_key, file_name, uploaded_by, state, dry_run, strict, batch,
				  file_size, file_crc32, phase, loading_at, pooled)
	values (p_key, p_file_name, p_by, 'processing', p_dry_run, p_strict, p_batch, p_size,
		p_crc32, 'reading', clock_timestamp(), waybill_pooled())
	on conflict (upload_key) do nothing returning n.id into id;
	if id is null then
		select k.* into id, status, body
		from upload_known_key(p_key, p_file_name, p_by, p_dry_run, p_strict, p_batch,
				      p_size, p_crc32, 'processing') k;
		update uploads n set pooled = waybill_pooled()
		where n.id = upload_begin.id and n.pooled <> waybill_pooled();
	end if;
	if id is not null and not waybill_pooled() then
		perform pg_advisory_lock_shared(1, (id % 2147483647)::integer);
	end if;
end
$$;

create or replace function upload_take(p_id bigint, p_job bigint, p_claim text) returns integer
language plpgsql as $$
declare
	u uploads;
begin
	if not waybill_pooled() then
		perform pg_advisory_lock_shared(1, (p_id % 2147483647)::integer);
	end if;
	select * into u from uploads where id = p_id for update;
	if not found or not job_held(p_job, p_claim) then
		return 410;
	end if;
	delete from upload_rejects where upload_id = p_id;
	update uploads set state = 'processing' where id = p_id;
	perform upload_set_back(p_id);
	return case when u.cancel_asked_at is null then 0 else 409 end;
end
$$;

-- The next job, now this worker's; no row when nothing waits.
create or replace function job_claim(p_by text) returns setof jobs language plpgsql as $$
declare
	v_id bigint;
begin
	perform job_reap();
	perform schedule_due();
	select id into v_id from jobs
	where state = 'queued' and run_at <= clock_timestamp()
	order by run_at, id for update skip locked limit 1;
	if not found then
		return;
	end if;
	if not waybill_pooled() then
		perform pg_advisory_lock_shared(5, job_lock(v_id));
	end if;
	return query
	update jobs set state = 'running', attempts = attempts + 1,
			locked_by = p_by || ' ' || gen_random_uuid(),
			heartbeat_at = clock_timestamp(), started_at = clock_timestamp()
	where id = v_id returning *;
end
$$;
