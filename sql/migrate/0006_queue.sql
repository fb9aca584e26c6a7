-- Queued uploads and other work in the background; cancelling, undoing, progress.
--
-- A job is done by whichever host's queue worker claims it. Its claim is the text in
-- locked_by, new for each attempt: whoever ends a job, or commits its rows, shows it, and one
-- that was taken over in the meantime changes nothing. So an upload counts once whatever dies
-- or freezes when. That a worker is dead only decides when the next one tries: it shows up
-- every second in heartbeat_at, and its connection holds advisory lock (5, job), which goes
-- with the connection. A job is taken over when it has been silent for 5 s and its lock is
-- gone (the worker died; a database that is slow to answer does not let the lock go), or
-- when it has been silent for 60 s (its host froze, or was cut off).
--
-- Rows are locked in this order: the upload, then its job.

alter table uploads
	add column phase text, -- of the attempt under way: reading, merging
	add column bytes_done bigint,
	add column bytes_total bigint,
	add column loading_at timestamptz, -- when this attempt began to read,
	add column merging_at timestamptz, -- ... had read everything,
	add column progress_at timestamptz, -- ... was last heard of
	add column cancel_asked_at timestamptz, -- from then on it cannot be completed
	add column cancelled_by text,
	add column undone_at timestamptz,
	add column undone_by text,
	add column undo jsonb; -- {removed, kept, reasons}

alter table jobs
	add column heartbeat_at timestamptz,
	add column started_at timestamptz,
	add column result jsonb;
create index jobs_upload on jobs (upload_id) where upload_id is not null;
create index jobs_running on jobs (id) where state = 'running';

-- Work that comes by the clock; a queue worker makes a job of what is due.
create table schedule (
	kind text primary key,
	every interval not null,
	at time, -- of the day, in the site's time zone; null: whenever `every` has passed
	next_at timestamptz not null default now()
);
insert into schedule (kind, every, at) values
	('session_purge', '1 hour', null),
	-- Every upload matches unknown scans after its commit; this is for one that died there.
	('scans_match', '10 minutes', null),
	('hold_expiry', '1 day', '00:10'),
	('retention', '1 day', '02:30');

-- How often a job is tried.
create function job_attempts() returns integer language sql immutable as $$ select 5 $$;

-- 2, 8, 32, 128 seconds: a database that restarts is back in time for one of them.
create function job_back_off(p_attempts integer) returns interval language sql immutable as $$
	select make_interval(secs => 2 * 4.0 ^ (p_attempts - 1))
$$;

create function job_lock(p_job bigint) returns integer language sql immutable as $$
	select (p_job % 2147483647)::integer
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
$$;

-- Has this upload's loader died? The row may have been read before the loader's commit, and
-- the lock may be looked for behind that: so the row is looked at once more.
create function upload_lost(u uploads) returns boolean language plpgsql as $$
begin
	if u.state <> 'processing' or upload_alive(u.id) then
		return false;
	end if;
	perform from uploads n where n.id = u.id and n.state = 'processing';
	return found;
end
$$;

-- The state as clients see it.
create function upload_state(u uploads) returns text language sql volatile as $$
	select case when upload_lost(u) then 'failed' else u.state end
$$;

-- Seconds until an upload that is being loaded will be there. PostgreSQL merges the rows once
-- all are read, which takes about twice as long as the reading.
create function upload_seconds_left(u uploads) returns integer language sql stable as $$
	select case
	when u.state <> 'processing' or u.loading_at is null then null
	when u.merging_at is not null then
		greatest(0, extract(epoch from 2 * (u.merging_at - u.loading_at)
				    - (clock_timestamp() - u.merging_at)))::integer
	when u.bytes_done > 0 then
		greatest(0, extract(epoch from (u.progress_at - u.loading_at))
			    * (3.0 * u.bytes_total / u.bytes_done - 1))::integer
	end
$$;

-- An upload as clients see it; one whose loader died is shown as failed.
create or replace function upload_json(u uploads, p_rejects boolean) returns json
language sql volatile as $$
	select json_build_object(
		'error', case when dead then 'importer_died' else u.error end,
		'message', case when dead then upload_orphan_message() else u.message end,
		'id', u.id, 'upload_key', u.upload_key, 'file_name', u.file_name,
		'state', case when dead then 'failed' else u.state end,
		'sheet', u.sheet, 'format', u.format,
		'rows_total', u.rows_total, 'rows_done', u.rows_done, 'inserted', u.inserted,
		'updated', u.updated, 'unchanged', u.unchanged, 'duplicate', u.duplicate,
		'rejected', u.rejected, 'heading_row', u.heading_row, 'mapping', u.mapping,
		'warnings', u.warnings,
		'rejects', case when p_rejects then (
			select coalesce(json_agg(json_build_object(
				'row', r.row_number, 'column', r."column", 'text', r.text,
				'reason', r.reason, 'kind', r.kind) order by r.row_number), '[]')
			from (select * from upload_rejects where upload_id = u.id
			      order by row_number limit 100) r)
			else '[]'::json end,
		'started_at', u.started_at, 'finished_at', u.finished_at,
		'uploaded_by', u.uploaded_by, 'dry_run', u.dry_run, 'strict', u.strict,
		'batch', u.batch,
		'file_size', u.file_size,
		'phase', case when u.state = 'queued' then 'waiting'
			      when u.state = 'processing' and not dead then u.phase end,
		'bytes_done', u.bytes_done, 'bytes_total', u.bytes_total,
		'rows_per_second', case when u.rows_done > 0 then
			round(u.rows_done / nullif(extract(epoch from
				coalesce(u.merging_at, u.progress_at) - u.loading_at), 0)) end,
		'seconds_left', case when not dead then upload_seconds_left(u) end,
		'cancelling', u.cancel_asked_at is not null
			      and u.state in ('queued', 'processing') and not dead,
		'cancelled_by', u.cancelled_by,
		'can_retry', u.state = 'failed'
			     and exists (select from upload_files f where f.upload_id = u.id),
		'job', (select json_build_object(
				'state', j.state, 'attempts', j.attempts, 'run_at', j.run_at,
				'error', j.error)
			from jobs j where j.upload_id = u.id order by j.id desc limit 1),
		'undone_at', u.undone_at, 'undone_by', u.undone_by, 'undo', u.undo)
	from (select upload_lost(u) as dead) d
$$;

-- An upload's key is known already: either that is answered (status and body are set), or the
-- upload is failed, cancelled, undone or was only a rehearsal, and its row (locked, and set
-- back) is to be used again. A key whose file is loaded or on its way is for no other file.
create function upload_known_key(p_key text, p_file_name text, p_by text, p_dry_run boolean,
				 p_strict boolean, p_batch boolean, p_size bigint,
				 p_crc32 bigint, p_state text,
				 out id bigint, out status integer, out body text)
language plpgsql as $$
declare
	u uploads;
	v_alive boolean;
	v_done boolean;
begin
	select * into strict u from uploads n where n.upload_key = p_key for update;
	v_alive := u.state in ('queued', 'processing') and upload_alive(u.id);
	v_done := u.state = 'completed' and u.undone_at is null;
	if (v_alive or v_done) and (u.file_size, u.file_crc32) is distinct from (p_size, p_crc32) then
		status := 409;
		body := json_build_object('error', 'upload_key_reused', 'id', u.id,
			'upload_key', p_key, 'message',
			'This upload_key was used for another file before: '
			'give every file a key of its own.');
	elsif v_alive and exists (select from jobs j where j.upload_id = u.id
				  and j.state in ('queued', 'running')) then
		status := 202;
		body := upload_json(u, false);
	elsif v_alive then
		status := 409;
		body := jsonb_build_object('error', 'upload_in_progress', 'message',
			'This file is still being loaded: wait for it to finish.')
			|| (upload_json(u, false)::jsonb - 'error' - 'message');
	-- A rehearsal does not stand in for the loading itself.
	elsif v_done and (p_dry_run or not u.dry_run) then
		status := 200;
		body := upload_json(u, true);
	else
		delete from upload_rejects r where r.upload_id = u.id;
		delete from upload_files f where f.upload_id = u.id;
		update uploads n
		set file_name = p_file_name, file_size = p_size, file_crc32 = p_crc32,
		    uploaded_by = p_by, state = p_state, dry_run = p_dry_run,
		    strict = p_strict, batch = p_batch, started_at = now(),
		    cancel_asked_at = null, cancelled_by = null,
		    undone_at = null, undone_by = null, undo = null
		where n.id = u.id;
		perform upload_set_back(u.id);
		id := u.id;
	end if;
end
$$;

-- Forgets what an earlier attempt has found out.
create function upload_set_back(p_id bigint) returns void language sql as $$
	update uploads
	set sheet = null, format = null, heading_row = null, mapping = '[]', rows_total = null,
	    rows_done = 0, inserted = 0, updated = 0, unchanged = 0, duplicate = 0, rejected = 0,
	    error = null, message = null, warnings = '[]', finished_at = null,
	    phase = case state when 'processing' then 'reading' end,
	    bytes_done = null, bytes_total = null, merging_at = null, progress_at = null,
	    loading_at = case state when 'processing' then clock_timestamp() end
	where id = p_id
$$;

-- Begins an upload whose client waits, or answers for the first one with this key: status and
-- body are then set. Otherwise this connection holds the lock from before the row can be seen.
create or replace function upload_begin(p_key text, p_file_name text, p_by text,
	p_dry_run boolean, p_strict boolean, p_batch boolean, p_size bigint, p_crc32 bigint,
	out id bigint, out status integer, out body text)
language plpgsql as $$
begin
	insert into uploads as n (upload_key, file_name, uploaded_by, state, dry_run, strict, batch,
				  file_size, file_crc32, phase, loading_at)
	values (p_key, p_file_name, p_by, 'processing', p_dry_run, p_strict, p_batch, p_size,
		p_crc32, 'reading', clock_timestamp())
	on conflict (upload_key) do nothing returning n.id into id;
	if id is null then
		select k.* into id, status, body
		from upload_known_key(p_key, p_file_name, p_by, p_dry_run, p_strict, p_batch,
				      p_size, p_crc32, 'processing') k;
	end if;
	if id is not null then
		perform pg_advisory_lock_shared(1, (id % 2147483647)::integer);
	end if;
end
$$;

-- The same for one that is queued; its bytes follow in the same transaction.
create function upload_enqueue(p_key text, p_file_name text, p_by text, p_dry_run boolean,
			       p_strict boolean, p_batch boolean, p_size bigint,
			       p_crc32 bigint,
			       out id bigint, out status integer, out body text)
language plpgsql as $$
begin
	insert into uploads as n (upload_key, file_name, uploaded_by, state, dry_run, strict, batch,
				  file_size, file_crc32)
	values (p_key, p_file_name, p_by, 'queued', p_dry_run, p_strict, p_batch, p_size, p_crc32)
	on conflict (upload_key) do nothing returning n.id into id;
	if id is null then
		select k.* into id, status, body
		from upload_known_key(p_key, p_file_name, p_by, p_dry_run, p_strict, p_batch,
				      p_size, p_crc32, 'queued') k;
	end if;
end
$$;

-- The bytes are here: a job for them.
create function upload_enqueued(p_id bigint, p_payload jsonb) returns json language plpgsql as $$
begin
	insert into jobs (kind, upload_id, payload) values ('upload', p_id, p_payload);
	perform pg_notify('waybill_jobs', '');
	return (select upload_json(u, false) from uploads u where id = p_id);
end
$$;

-- Locks a job that whoever shows this claim still holds.
create function job_held(p_job bigint, p_claim text) returns boolean language plpgsql as $$
begin
	perform from jobs where id = p_job and state = 'running' and locked_by = p_claim for update;
	return found;
end
$$;

-- A queued upload is about to be loaded: this connection holds its lock. 0: go on; 409: it was
-- cancelled; 410: the job is another's.
create function upload_take(p_id bigint, p_job bigint, p_claim text) returns integer
language plpgsql as $$
declare
	u uploads;
begin
	perform pg_advisory_lock_shared(1, (p_id % 2147483647)::integer);
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

-- How an upload ended, within the transaction that carries its rows: the job, when there is
-- one, ends with it, and its bytes go. Without a body: 409 it was cancelled, 410 the job is
-- another's; then that transaction must not be committed.
create function upload_finish(p_id bigint, p_state text, p_error text, p_message text,
			      p_http integer, p_facts jsonb, p_job bigint, p_claim text,
			      out status integer, out body text) language plpgsql as $$
declare
	u uploads;
begin
	select * into strict u from uploads where id = p_id for update;
	if p_job is not null and not job_held(p_job, p_claim) then
		status := 410;
		return;
	elsif u.cancel_asked_at is not null then
		status := 409;
		return;
	end if;
	update uploads n
	set state = p_state, error = p_error, message = p_message,
	    finished_at = clock_timestamp(), phase = null, sheet = f.sheet, format = f.format,
	    heading_row = f.heading_row, mapping = f.mapping, warnings = f.warnings,
	    rows_total = f.rows_total, rows_done = f.rows_total, inserted = f.inserted,
	    updated = f.updated, unchanged = f.unchanged, duplicate = f.duplicate,
	    rejected = f.rejected
	from jsonb_to_record(p_facts) as f (
		sheet text, format text, heading_row bigint, mapping jsonb, warnings jsonb,
		rows_total bigint, inserted bigint, updated bigint, unchanged bigint,
		duplicate bigint, rejected bigint)
	where n.id = p_id
	returning n.* into u;
	perform upload_job_over(p_id, p_job, case p_state when 'completed' then 'done' else p_state end,
				p_error);
	status := p_http;
	body := upload_json(u, true);
end
$$;

-- An upload's job has come to its end, and nobody needs the bytes any more.
create function upload_job_over(p_id bigint, p_job bigint, p_state text, p_error text)
returns void language plpgsql as $$
begin
	if p_job is null then
		return;
	end if;
	delete from upload_files where upload_id = p_id;
	update jobs set state = p_state, error = p_error, finished_at = clock_timestamp()
	where id = p_job;
end
$$;

-- An upload of which nothing was loaded, by its own fault or its user's wish. No row when it
-- is over already: its commit was not in doubt after all, or the job is another's.
create function upload_fail(p_id bigint, p_state text, p_error text, p_message text,
			    p_http integer, p_facts jsonb, p_job bigint, p_claim text)
returns table (status integer, body text) language plpgsql as $$
declare
	u uploads;
begin
	perform from uploads where id = p_id for update;
	if p_job is not null and not job_held(p_job, p_claim) then
		return;
	end if;
	update uploads n
	set state = p_state, error = p_error, message = p_message, finished_at = now(),
	    phase = null,
	    sheet = coalesce(p_facts ->> 'sheet', n.sheet),
	    format = coalesce(p_facts ->> 'format', n.format),
	    heading_row = coalesce((p_facts ->> 'heading_row')::bigint, n.heading_row),
	    mapping = coalesce(p_facts -> 'mapping', n.mapping),
	    warnings = coalesce(p_facts -> 'warnings', n.warnings)
	where n.id = p_id and n.state = 'processing'
	returning n.* into u;
	if not found then
		return;
	end if;
	perform upload_job_over(p_id, p_job, p_state, p_error);
	return query select p_http, upload_json(u, true)::text;
end
$$;

-- Gives a job up where it stands. An upload's bytes stay for whoever asks to try again, until
-- the retention drops them.
create function job_give_up(p_job bigint, p_upload bigint, p_code text, p_message text,
			    p_detail text) returns void language sql as $$
	update jobs set state = 'failed', error = p_detail, finished_at = clock_timestamp()
	where id = p_job;
	update uploads set state = 'failed', error = p_code, message = p_message,
			   finished_at = clock_timestamp(), phase = null
	where id = p_upload
$$;

-- Puts a job back into the queue.
create function job_again(p_job bigint, p_upload bigint, p_detail text, p_after interval)
returns void language sql as $$
	update jobs set state = 'queued', error = p_detail, locked_by = null,
			run_at = clock_timestamp() + p_after
	where id = p_job;
	update uploads set state = 'queued', phase = null, rows_done = 0 where id = p_upload;
	select pg_notify('waybill_jobs', '')
$$;

-- Takes jobs back from workers that are gone. Looks into pg_locks, which is not free, only
-- when one is silent.
create function job_reap() returns void language plpgsql as $$
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

-- Makes jobs of what is due by the clock, one of a kind at a time.
create function schedule_due() returns void language plpgsql as $$
declare
	s schedule;
begin
	for s in select * from schedule where next_at <= now() for update skip locked loop
		update schedule
		set next_at = case when s.at is null then now() + s.every
				   else date_trunc('day', now()) + s.every + s.at end
		where kind = s.kind;
		insert into jobs (kind)
		select s.kind
		where not exists (select from jobs
				  where kind = s.kind and state in ('queued', 'running'));
	end loop;
end
$$;

-- The next job, now this connection's; no row when nothing waits.
create function job_claim(p_by text) returns setof jobs language plpgsql as $$
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
	perform pg_advisory_lock_shared(5, job_lock(v_id));
	return query
	update jobs set state = 'running', attempts = attempts + 1,
			locked_by = p_by || ' ' || gen_random_uuid(),
			heartbeat_at = clock_timestamp(), started_at = clock_timestamp()
	where id = v_id returning *;
end
$$;

-- An attempt has failed. retried, failed, cancelled, or lost: the job is another's.
create function job_failed(p_job bigint, p_claim text, p_transient boolean, p_code text,
			   p_message text, p_detail text) returns text language plpgsql as $$
declare
	j jobs;
	u uploads;
begin
	select * into j from jobs where id = p_job;
	select * into u from uploads where id = j.upload_id for update;
	if not job_held(p_job, p_claim) then
		return 'lost';
	elsif u.cancel_asked_at is not null then
		update uploads set state = 'cancelled', error = 'cancelled', phase = null,
				   message = 'Cancelled. Nothing of it was loaded.',
				   finished_at = clock_timestamp()
		where id = u.id;
		perform upload_job_over(u.id, p_job, 'cancelled', p_detail);
		return 'cancelled';
	elsif p_transient and j.attempts < job_attempts() then
		perform job_again(p_job, j.upload_id, p_detail, job_back_off(j.attempts));
		return 'retried';
	end if;
	perform job_give_up(p_job, j.upload_id, p_code, p_message, p_detail);
	return 'failed';
end
$$;

-- A worker that is told to stop gives its job back; that was no attempt.
create function job_hand_back(p_job bigint, p_claim text) returns void language plpgsql as $$
declare
	v_upload bigint := (select upload_id from jobs where id = p_job);
begin
	perform from uploads where id = v_upload for update;
	if job_held(p_job, p_claim) then
		update jobs set attempts = attempts - 1 where id = p_job;
		perform job_again(p_job, v_upload, 'its worker was told to stop', interval '0');
	end if;
end
$$;

-- What a client is told when there is no such upload.
create function upload_not_found(p_name text) returns text language sql immutable as $$
	select json_build_object('error', 'upload_not_found',
				 'message', format('There is no upload %s.', p_name))::text
$$;

-- An error about an upload, with the upload.
create function upload_error(u uploads, p_code text, p_message text) returns text
language sql volatile as $$
	select (jsonb_build_object('error', p_code, 'message', p_message)
		|| (upload_json(u, false)::jsonb - 'error' - 'message'))::text
$$;

-- Cancels what is not loaded yet: at once when it waits, within a second or when its merge is
-- over when it is being loaded. Once this has answered it is never completed.
create function upload_cancel(p_name text, p_by text, out status integer, out body text)
language plpgsql as $$
declare
	u uploads;
	v_job bigint;
	v_state text;
begin
	select * into u from uploads
	where id = (select f.id from upload_find(p_name) f) for update;
	if not found then
		status := 404;
		body := upload_not_found(p_name);
		return;
	end if;
	status := 200;
	if u.state = 'completed' then
		status := 409;
		body := upload_error(u, 'upload_completed',
			'This file is loaded already: undo the upload instead.');
		return;
	elsif u.state in ('queued', 'processing') then
		select j.id, j.state into v_job, v_state from jobs j
		where j.upload_id = u.id and j.state in ('queued', 'running') for update;
		if v_state = 'running' or (v_job is null and upload_alive(u.id)) then
			status := 202;
			update uploads
			set cancel_asked_at = coalesce(cancel_asked_at, now()),
			    cancelled_by = case when cancel_asked_at is null then p_by
						else cancelled_by end
			where id = u.id returning * into u;
		else
			perform upload_job_over(u.id, v_job, 'cancelled', null);
			update uploads
			set state = 'cancelled', error = 'cancelled', cancelled_by = p_by,
			    message = 'Cancelled. Nothing of it was loaded.', phase = null,
			    cancel_asked_at = now(), finished_at = now()
			where id = u.id returning * into u;
		end if;
	end if;
	body := upload_json(u, true);
end
$$;

-- Puts an upload that failed by our trouble back into the queue, while its bytes are here.
create function upload_retry(p_name text, p_by text, out status integer, out body text)
language plpgsql as $$
declare
	u uploads;
	v_payload jsonb;
begin
	select * into u from uploads
	where id = (select f.id from upload_find(p_name) f) for update;
	if not found then
		status := 404;
		body := upload_not_found(p_name);
	elsif u.state in ('queued', 'processing') and upload_alive(u.id) then
		status := 202; -- it is on its way already
		body := upload_json(u, false);
	elsif u.state = 'completed' then
		status := 409;
		body := upload_error(u, 'upload_completed', 'This file is loaded already.');
	elsif not exists (select from upload_files where upload_id = u.id) then
		status := 409;
		body := upload_error(u, 'upload_file_gone',
			'The server no longer has this file: upload it again.');
	else
		select payload || jsonb_build_object('retried_by', p_by) into v_payload
		from jobs where upload_id = u.id order by id desc limit 1;
		update uploads set state = 'queued', cancel_asked_at = null where id = u.id;
		perform upload_set_back(u.id);
		status := 202;
		body := upload_enqueued(u.id, coalesce(v_payload, '{}'));
	end if;
end
$$;

-- Parcels on hold for longer than so many days are cancelled. Those that somebody is busy
-- with wait for tomorrow.
create function hold_expiry(p_days integer, p_job bigint) returns bigint language plpgsql as $$
declare
	v_count bigint;
begin
	perform set_config('waybill.cause', json_build_object(
		'cause', 'job', 'by', 'hold_expiry',
		'detail', json_build_object('reason', format('on hold for more than %s days', p_days),
					    'job_id', p_job))::text, true);
	with expired as materialized (
		select id from waybills
		where status = 'issue_pending' and marked_pending_at < now() - make_interval(days => p_days)
		order by id for update skip locked
	)
	update waybills w
	set status = 'cancelled', marked_pending_at = null, updated_at = now()
	from expired where w.id = expired.id;
	get diagnostics v_count = row_count;
	return v_count;
end
$$;

-- Drops what is older than so many days (0: keeps it), a batch at a time: of one table after
-- the other, until nothing is left. The oldest rows have the lowest ids, so only those are
-- looked at.
create function retention(p_days integer, p_batch integer) returns bigint language plpgsql as $$
declare
	v_before timestamptz := now() - make_interval(days => p_days);
	v_count bigint;
begin
	-- Jobs tell an operator what happened lately; the bytes of uploads that failed by our
	-- trouble are here for another try.
	delete from jobs where id in (
		select id from (select id, state, created_at from jobs order by id limit p_batch) j
		where state in ('done', 'failed', 'cancelled')
		      and created_at < now() - interval '90 days');
	get diagnostics v_count = row_count;
	if v_count > 0 then
		return v_count;
	end if;
	delete from upload_files f using (
		select u.id from uploads u
		where u.state not in ('queued', 'processing') and u.finished_at < now() - interval '3 days'
		      and exists (select from upload_files g where g.upload_id = u.id)
		limit 1) old
	where f.upload_id = old.id;
	get diagnostics v_count = row_count;
	if v_count > 0 or p_days = 0 then
		return v_count;
	end if;
	delete from scanned_waybills where id in (
		select id from (select id, received_at from scanned_waybills
				order by id limit p_batch) s
		where received_at < v_before);
	get diagnostics v_count = row_count;
	if v_count > 0 then
		return v_count;
	end if;
	delete from waybill_events where id in (
		select id from (select id, changed_at from waybill_events
				order by id limit p_batch) e
		where changed_at < v_before);
	get diagnostics v_count = row_count;
	if v_count > 0 then
		return v_count;
	end if;
	delete from upload_rejects r using (
		select u.id from uploads u
		where u.finished_at < v_before
		      and exists (select from upload_rejects g where g.upload_id = u.id)
		limit 1) old
	where r.upload_id = old.id;
	get diagnostics v_count = row_count;
	return v_count;
end
$$;

-- One step of a job that comes by the clock; 0: it is done.
create function job_step(p_kind text, p_job bigint, p_hold_days integer, p_retention_days integer,
			 p_session_idle integer, p_session_max integer)
returns bigint language plpgsql as $$
declare
	v_now integer := extract(epoch from now());
	v_count bigint := 0;
begin
	if p_kind = 'session_purge' then
		delete from sessions where id in (
			select id from sessions
			where last_activity <= v_now - p_session_idle
			      or (payload::json ->> 'started')::integer <= v_now - p_session_max
			limit 5000);
		get diagnostics v_count = row_count;
	elsif p_kind = 'hold_expiry' and p_hold_days > 0 then
		v_count := hold_expiry(p_hold_days, p_job);
	elsif p_kind = 'scans_match' then
		v_count := unknown_sweep(null);
	elsif p_kind = 'retention' then
		v_count := retention(p_retention_days, 5000);
	end if;
	return v_count;
end
$$;

-- Why a parcel that this upload brought is not taken back; null: nothing has happened to it.
create function upload_undo_reasons(u uploads)
returns table (id bigint, waybill_number text, reason text) language sql stable as $$
	with again as materialized (
		select distinct unnest(k.waybill_ids) as id
		from upload_known k join uploads v on v.id = k.upload_id
		where v.id <> u.id and v.state = 'completed' and v.undone_at is null
		      and v.finished_at >= u.finished_at
	)
	select w.id, w.waybill_number,
	       case when exists (select from scanned_waybills s
				 where s.waybill_number = w.waybill_number
				       and s.voided_at is null) then 'scanned'
		    when w.updated_at <> w.created_at
			 or exists (select from waybill_events e where e.waybill_id = w.id)
			 then 'changed'
		    when exists (select from again a where a.id = w.id) then 'uploaded_again'
		    when exists (select from session_expected e
				 join batch_sessions b on b.id = e.session_id
				 where e.waybill_id = w.id and b.state = 'open')
			 then 'expected' end
	from waybills w where w.upload_id = u.id
$$;

create function upload_undo_message(p_reason text) returns text language sql immutable as $$
	select case p_reason
	when 'scanned' then 'They were scanned since.'
	when 'changed' then 'They were dispatched, held or changed since.'
	when 'uploaded_again' then 'A later upload has them too.'
	when 'expected' then 'An open session expects them: close or cancel it first.'
	end
$$;

-- Removes what can be removed. removed, and the kept ones by reason.
create function upload_undo_rows(u uploads, out removed bigint, out reasons jsonb)
language sql volatile as $$
	with why as materialized (
		select * from upload_undo_reasons(u)
	), gone as (
		-- Asked again of a row that somebody has changed while this ran.
		delete from waybills w using why
		where w.id = why.id and why.reason is null and w.updated_at = w.created_at
		returning w.id
	), kept as (
		select coalesce(why.reason, 'changed') as reason, count(*) as n,
		       (array_agg(why.waybill_number order by why.waybill_number))[1:20] as numbers
		from why left join gone using (id)
		where gone.id is null group by 1
	)
	select (select count(*) from gone),
	       (select coalesce(jsonb_agg(jsonb_build_object(
			'reason', reason, 'count', n, 'message', upload_undo_message(reason),
			'waybill_numbers', numbers) order by n desc, reason), '[]') from kept)
$$;

-- Scans of late that found a parcel which is not there.
create function scans_without_parcel() returns setof bigint language sql stable as $$
	select s.id from scanned_waybills s
	where s.id > (select max(id) from scanned_waybills) - 100000 and s.waybill_id is not null
	      and not exists (select from waybills w where w.id = s.waybill_id)
$$;

-- Takes an upload back: the parcels that it brought, that nobody has scanned, dispatched or
-- changed since. What it changed of known ones stays. Asked again it looks again at what it
-- kept. Imports wait for it, as it does for them (lock (6, 0)): none may take a parcel for
-- known that goes. Scans do not wait: they go on while the rows are removed, and when one of
-- those was scanned in the meantime everything is done once more without it; only when that
-- was in vain three times they are held up. (A scan that has read its parcel and is about to
-- be written down in the very instant of the commit is valid, and its parcel is gone.)
create function upload_undo(p_name text, p_by text, out status integer, out body text)
language plpgsql as $$
declare
	u uploads;
	v_before bigint[];
	v_removed bigint;
	v_reasons jsonb;
	v_kept bigint;
begin
	select * into u from uploads
	where id = (select f.id from upload_find(p_name) f) for update;
	if not found then
		status := 404;
		body := upload_not_found(p_name);
		return;
	elsif u.state <> 'completed' or u.dry_run then
		status := 409;
		body := upload_error(u, 'upload_not_completed',
			case when u.dry_run then 'This was a rehearsal: nothing of it was loaded.'
			     when u.state in ('queued', 'processing') and upload_alive(u.id)
			     then 'This file is not loaded yet: cancel the upload instead.'
			     else 'Nothing of this file was loaded.' end);
		return;
	end if;
	status := 200;
	if u.undone_at is not null and (u.undo ->> 'kept')::bigint = 0 then
		body := upload_json(u, false);
		return;
	end if;
	perform pg_advisory_xact_lock(6, 0);
	perform set_config('waybill.cause', json_build_object(
		'cause', 'upload', 'by', p_by,
		'detail', json_build_object('upload_id', u.id, 'undo', true))::text, true);
	v_before := array(select scans_without_parcel());
	for attempt in 1 .. 4 loop
		begin
			if attempt = 4 then
				lock table scanned_waybills in share mode;
			end if;
			select r.removed, r.reasons into v_removed, v_reasons
			from upload_undo_rows(u) r;
			exit when not exists (select from scans_without_parcel() s
					      where s <> all (v_before));
			raise sqlstate 'WB001';
		exception when sqlstate 'WB001' then
			null; -- and the rows are there again
		end;
	end loop;
	v_kept := (select coalesce(sum((r ->> 'count')::bigint), 0)
		   from jsonb_array_elements(v_reasons) r);
	update uploads
	set undone_at = now(), undone_by = p_by,
	    undo = jsonb_build_object(
		'removed', v_removed + coalesce((u.undo ->> 'removed')::bigint, 0),
		'kept', v_kept, 'reasons', v_reasons, 'updated', u.updated)
	where id = u.id returning * into u;
	body := upload_json(u, false);
end
$$;
