-- What an upload is told to be: counters that add up, the rows that were lost before those that
-- came twice, the seconds that are left, and whose answer a key gets.

alter table uploads
	-- Rows that cannot be read: they are listed. The others among `rejected` could be, and were
	-- not loaded because every row was asked for. Null: as many as `rejected`.
	add column unreadable bigint,
	-- The attempt under way brings rows straight into the table: nothing is left to be merged.
	add column direct boolean;

-- Of those that were refused until now only the unreadable rows were counted.
update uploads
set unreadable = rejected, rejected = rows_total - duplicate
where state = 'failed' and error = 'rows_rejected' and rows_total >= duplicate;

-- Forgets what an earlier attempt has found out.
create or replace function upload_set_back(p_id bigint) returns void language sql as $$
	update uploads
	set sheet = null, format = null, heading_row = null, mapping = '[]', rows_total = null,
	    rows_done = 0, inserted = 0, updated = 0, unchanged = 0, duplicate = 0, rejected = 0,
	    unreadable = null, error = null, message = null, warnings = '[]', finished_at = null,
	    phase = case state when 'processing' then 'reading' end, direct = null,
	    bytes_done = null, bytes_total = null, merging_at = null, progress_at = null,
	    loading_at = case state when 'processing' then clock_timestamp() end
	where id = p_id
$$;

-- Seconds until an upload that is being loaded will be there. Rows that go straight into the
-- table are there when all are read; staged ones are merged after that, which takes about twice
-- as long as the reading.
create or replace function upload_seconds_left(u uploads) returns integer language sql stable as $$
	select case
	when u.state <> 'processing' or u.loading_at is null then null
	when u.merging_at is not null then
		greatest(0, extract(epoch from 2 * (u.merging_at - u.loading_at)
				    - (clock_timestamp() - u.merging_at)))::integer
	when u.bytes_done > 0 and u.rows_done > 0 then
		greatest(0, extract(epoch from (u.progress_at - u.loading_at))
			    * (case when u.direct then 1.0 else 3.0 end
			       * u.bytes_total / u.bytes_done - 1))::integer
	end
$$;

-- The first 100 rows of an upload's file that were not loaded: those that cannot be read, then
-- earlier rows of a number. How many there are spares the search for those that are not.
create function upload_rejects_first(u uploads) returns setof upload_rejects
language sql stable as $$
	(select * from upload_rejects
	 where upload_id = u.id and kind = 'rejected'
	 order by row_number limit least(100, coalesce(u.unreadable, u.rejected)))
	union all
	(select * from upload_rejects
	 where upload_id = u.id and kind = 'duplicate'
	 order by row_number
	 limit least(100 - least(100, coalesce(u.unreadable, u.rejected)), u.duplicate))
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
		'rejected', u.rejected, 'unreadable', coalesce(u.unreadable, u.rejected),
		'heading_row', u.heading_row, 'mapping', u.mapping, 'warnings', u.warnings,
		'rejects', case when p_rejects then (
			select coalesce(json_agg(json_build_object(
				'row', r.row_number, 'column', r."column", 'text', r.text,
				'reason', r.reason, 'kind', r.kind)
				order by r.kind = 'duplicate', r.row_number), '[]')
			from upload_rejects_first(u) r)
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

-- How an upload ended, within the transaction that carries its rows: the job, when there is
-- one, ends with it, and its bytes go. Without a body: 409 it was cancelled, 410 the job is
-- another's; then that transaction must not be committed.
create or replace function upload_finish(p_id bigint, p_state text, p_error text, p_message text,
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
	    rejected = f.rejected, unreadable = f.unreadable
	from jsonb_to_record(p_facts) as f (
		sheet text, format text, heading_row bigint, mapping jsonb, warnings jsonb,
		rows_total bigint, inserted bigint, updated bigint, unchanged bigint,
		duplicate bigint, rejected bigint, unreadable bigint)
	where n.id = p_id
	returning n.* into u;
	perform upload_job_over(p_id, p_job, case p_state when 'completed' then 'done' else p_state end,
				p_error);
	status := p_http;
	body := upload_json(u, true);
end
$$;

-- An upload's key is known already: either that is answered (status and body are set), or the
-- upload is failed, cancelled, undone or was only a rehearsal, and its row (locked, and set
-- back) is to be used again. A key whose file is loaded or on its way is for no other file, for
-- no other reading of it, and for no other way of loading it.
create or replace function upload_known_key(p_key text, p_file_name text, p_by text, p_dry_run boolean,
				 p_strict boolean, p_batch boolean, p_size bigint,
				 p_crc32 bigint, p_reading text, p_state text,
				 out id bigint, out status integer, out body text)
language plpgsql as $$
declare
	u uploads;
	v_alive boolean;
	v_done boolean;
	v_real boolean; -- a rehearsal does not stand in for the loading itself
	v_other text;
begin
	select * into strict u from uploads n where n.upload_key = p_key for update;
	v_alive := u.state in ('queued', 'processing') and upload_alive(u.id);
	v_done := u.state = 'completed' and u.undone_at is null;
	v_real := u.dry_run and not p_dry_run;
	v_other := case
		when (u.file_size, u.file_crc32) is distinct from (p_size, p_crc32) then
			'This upload_key was used for another file before: '
			'give every file a key of its own.'
		when u.reading <> p_reading then
			'This upload_key was used for this file with another sheet or other '
			'columns before: to have it read anew, give it a new key.'
		when (u."strict", u.batch) <> (p_strict, p_batch) and not v_real then
			'This upload_key was used for this file with another strict or batch '
			'before: to have it loaded anew, give it a new key.'
		end;
	if (v_alive or v_done) and v_other is not null then
		status := 409;
		body := json_build_object('error', 'upload_key_reused', 'id', u.id,
			'upload_key', p_key, 'message', v_other);
	elsif v_alive and v_real then
		status := 409;
		body := upload_error(u, 'upload_in_progress',
			'This file is still being rehearsed (dry_run), and is not loaded by '
			'that: wait for it to finish, and send the file again.');
	elsif v_alive and exists (select from jobs j where j.upload_id = u.id
				  and j.state in ('queued', 'running')) then
		status := 202;
		body := upload_json(u, false);
	elsif v_alive then
		status := 409;
		body := upload_error(u, 'upload_in_progress',
			'This file is still being loaded: wait for it to finish.');
	elsif v_done and not v_real then
		status := 200;
		body := upload_json(u, true);
	else
		delete from upload_rejects r where r.upload_id = u.id;
		delete from upload_files f where f.upload_id = u.id;
		update uploads n
		set file_name = p_file_name, file_size = p_size, file_crc32 = p_crc32,
		    reading = p_reading, uploaded_by = p_by, state = p_state,
		    dry_run = p_dry_run, strict = p_strict, batch = p_batch, started_at = now(),
		    cancel_asked_at = null, cancelled_by = null,
		    undone_at = null, undone_by = null, undo = null
		where n.id = u.id;
		perform upload_set_back(u.id);
		id := u.id;
	end if;
end
$$;

-- What is said of an upload that is over when its end is asked for, or another beginning.
create function upload_over_message(u uploads, p_instead text) returns text
language sql immutable as $$
	select case
	when u.dry_run then 'This was a rehearsal, and is over: nothing of the file was loaded. '
			    'To load it, upload it without dry_run.'
	when u.undone_at is not null then 'This upload was undone already.'
	else 'This file is loaded already' || p_instead || '.' end
$$;

-- Cancels what is not loaded yet: at once when it waits, within a second or when its merge is
-- over when it is being loaded. Once this has answered it is never completed.
create or replace function upload_cancel(p_name text, p_by text, out status integer, out body text)
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
				     upload_over_message(u, ': undo the upload instead'));
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
create or replace function upload_retry(p_name text, p_by text, out status integer, out body text)
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
		body := upload_error(u, 'upload_completed', upload_over_message(u, ''));
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
