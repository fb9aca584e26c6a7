-- Uploads: one transaction carries the rows, and the upload's own row tells how it goes.
--
-- Whoever loads a file holds advisory lock (1, upload id) in shared mode for as long; when he
-- dies it is gone. So an upload that is "processing" without that lock has lost its loader.

create function upload_alive(p_id bigint) returns boolean language sql volatile as $$
	-- A standby does not see the primary's locks, and believes what is written.
	select pg_is_in_recovery() or exists (
		select from pg_locks
		where locktype = 'advisory' and classid = 1 and objsubid = 2 and granted
		      and objid = (p_id % 2147483647)::integer::oid
		      and database = (select oid from pg_database
				      where datname = current_database()))
$$;

create function upload_orphan_message() returns text language sql immutable as $$
	select 'The server stopped while it was loading this file; nothing of it was loaded: '
	       'upload it again.'::text
$$;

-- An upload as clients see it; one whose loader died is shown as failed.
create function upload_json(u uploads, p_rejects boolean) returns json
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
		'batch', u.batch)
	from (select u.state = 'processing' and not upload_alive(u.id) as dead) d
$$;

-- The upload named by its id or its key.
create function upload_find(p_name text) returns setof uploads language sql stable as $$
	select u.* from uploads u
	where u.upload_key = p_name
	      or u.id = case when p_name ~ '^[0-9]{1,18}$' then p_name::bigint end
	order by u.upload_key is not distinct from p_name limit 1
$$;

-- Begins an upload, or answers for the first one with this key: status and body are then
-- set. Otherwise this connection holds the lock from before the row can be seen. A key whose
-- file is loaded or being loaded is for no other file; a failed one may be taken over.
create function upload_begin(p_key text, p_file_name text, p_by text, p_dry_run boolean,
			     p_strict boolean, p_batch boolean, p_size bigint, p_crc32 bigint,
			     out id bigint, out status integer, out body text)
language plpgsql as $$
declare
	u uploads;
	v_lock integer;
	v_alive boolean := false;
begin
	insert into uploads as n (upload_key, file_name, uploaded_by, state, dry_run, strict, batch,
				  file_size, file_crc32)
	values (p_key, p_file_name, p_by, 'processing', p_dry_run, p_strict, p_batch, p_size,
		p_crc32)
	on conflict (upload_key) do nothing returning n.id into id;
	if id is not null then
		perform pg_advisory_lock_shared(1, (id % 2147483647)::integer);
		return;
	end if;
	select * into strict u from uploads n where n.upload_key = p_key;
	v_lock := (u.id % 2147483647)::integer;
	if not pg_try_advisory_xact_lock(1, v_lock) then
		select * into strict u from uploads n where n.upload_key = p_key;
		v_alive := u.state in ('queued', 'processing');
	else
		-- Nobody else holds it, so what stands in the row is final.
		select * into strict u from uploads n where n.upload_key = p_key for update;
	end if;
	if (v_alive or u.state = 'completed')
	   and (u.file_size, u.file_crc32) is distinct from (p_size, p_crc32) then
		status := 409;
		body := json_build_object('error', 'upload_key_reused', 'id', u.id,
			'upload_key', p_key, 'message',
			'This upload_key was used for another file before: '
			'give every file a key of its own.');
		return;
	end if;
	if v_alive then
		status := 409;
		body := jsonb_build_object('error', 'upload_in_progress', 'message',
			'This file is still being loaded: wait for it to finish.')
			|| (upload_json(u, false)::jsonb - 'error' - 'message');
		return;
	end if;
	-- A rehearsal does not stand in for the loading itself.
	if u.state = 'completed' and (p_dry_run or not u.dry_run) then
		status := 200;
		body := upload_json(u, true);
		return;
	end if;
	delete from upload_rejects r where r.upload_id = u.id;
	update uploads n
	set file_name = p_file_name, file_size = p_size, file_crc32 = p_crc32,
	    uploaded_by = p_by, state = 'processing',
	    dry_run = p_dry_run, strict = p_strict, batch = p_batch, sheet = null,
	    format = null, heading_row = null, mapping = '[]', rows_total = null,
	    rows_done = 0, inserted = 0, updated = 0, unchanged = 0, duplicate = 0,
	    rejected = 0, error = null, message = null, warnings = '[]', started_at = now(),
	    finished_at = null
	where n.id = u.id;
	perform pg_advisory_lock_shared(1, v_lock);
	id := u.id;
end
$$;

-- Waits until nobody loads this upload any more, and then (in a snapshot of its own) reads
-- how that ended. That takes as long as it takes.
create function upload_settled(p_id bigint) returns setof uploads language plpgsql
set lock_timeout = 0 as $$
begin
	perform pg_advisory_xact_lock(1, (p_id % 2147483647)::integer);
	return query select * from uploads where id = p_id;
end
$$;

-- The progress of couriers: an import moves a parcel forward only.
create function status_rank(p_status text) returns integer language sql immutable as $$
	select case p_status
	when 'pending' then 0 when 'hq_scheduling' then 1 when 'dispatched' then 2
	when 'in_transit' then 3 when 'delivering' then 4 when 'for_return' then 5
	when 'delivered' then 6 when 'returned' then 6 when 'cancelled' then 6 end
$$;

-- The status that a file's row leaves a known parcel in. One on hold stays there, and a file
-- without a status (null) says nothing.
create function status_after(p_was text, p_file text) returns text language sql immutable as $$
	select case when p_was <> 'issue_pending' and status_rank(p_file) > status_rank(p_was)
		    then p_file else p_was end
$$;
