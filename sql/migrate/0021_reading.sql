-- A key is for one reading of one file: with another sheet, or other columns, it was given the
-- answer of the first reading. Who corrects the columns is to know that nothing was read anew.

-- A digest of sheet and columns as they were asked for. Null: not known, and not compared.
alter table uploads add column reading text;

-- Restated for a reading.
drop function upload_known_key(text, text, text, boolean, boolean, boolean, bigint, bigint, text);

-- An upload's key is known already: either that is answered (status and body are set), or the
-- upload is failed, cancelled, undone or was only a rehearsal, and its row (locked, and set
-- back) is to be used again. A key whose file is loaded or on its way is for no other file, and
-- for no other reading of it.
create function upload_known_key(p_key text, p_file_name text, p_by text, p_dry_run boolean,
				 p_strict boolean, p_batch boolean, p_size bigint,
				 p_crc32 bigint, p_reading text, p_state text,
				 out id bigint, out status integer, out body text)
language plpgsql as $$
declare
	u uploads;
	v_alive boolean;
	v_done boolean;
	v_other text;
begin
	select * into strict u from uploads n where n.upload_key = p_key for update;
	v_alive := u.state in ('queued', 'processing') and upload_alive(u.id);
	v_done := u.state = 'completed' and u.undone_at is null;
	v_other := case
		when (u.file_size, u.file_crc32) is distinct from (p_size, p_crc32) then
			'This upload_key was used for another file before: '
			'give every file a key of its own.'
		when u.reading <> p_reading then
			'This upload_key was used for this file with another sheet or other '
			'columns before: to have it read anew, give it a new key.'
		end;
	if (v_alive or v_done) and v_other is not null then
		status := 409;
		body := json_build_object('error', 'upload_key_reused', 'id', u.id,
			'upload_key', p_key, 'message', v_other);
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

-- Begins an upload whose client waits, or answers for the first one with this key: status and
-- body are then set. Otherwise this connection holds the lock from before the row can be seen,
-- but for a pooled one. p_reading: sheet and columns as they were asked for.
create function upload_begin(p_key text, p_file_name text, p_by text,
	p_dry_run boolean, p_strict boolean, p_batch boolean, p_size bigint, p_crc32 bigint,
	p_reading jsonb, out id bigint, out status integer, out body text)
language plpgsql as $$
declare
	v_reading text := md5(p_reading::text);
begin
	insert into uploads as n (upload_key, file_name, uploaded_by, state, dry_run, strict, batch,
				  file_size, file_crc32, reading, phase, loading_at, pooled)
	values (p_key, p_file_name, p_by, 'processing', p_dry_run, p_strict, p_batch, p_size,
		p_crc32, v_reading, 'reading', clock_timestamp(), waybill_pooled())
	on conflict (upload_key) do nothing returning n.id into id;
	if id is null then
		select k.* into id, status, body
		from upload_known_key(p_key, p_file_name, p_by, p_dry_run, p_strict, p_batch,
				      p_size, p_crc32, v_reading, 'processing') k;
		update uploads n set pooled = waybill_pooled()
		where n.id = upload_begin.id and n.pooled <> waybill_pooled();
	end if;
	if id is not null and not waybill_pooled() then
		perform pg_advisory_lock_shared(1, (id % 2147483647)::integer);
	end if;
end
$$;

-- The same for one that is queued; its bytes follow in the same transaction.
create function upload_enqueue(p_key text, p_file_name text, p_by text, p_dry_run boolean,
			       p_strict boolean, p_batch boolean, p_size bigint,
			       p_crc32 bigint, p_reading jsonb,
			       out id bigint, out status integer, out body text)
language plpgsql as $$
declare
	v_reading text := md5(p_reading::text);
begin
	insert into uploads as n (upload_key, file_name, uploaded_by, state, dry_run, strict, batch,
				  file_size, file_crc32, reading)
	values (p_key, p_file_name, p_by, 'queued', p_dry_run, p_strict, p_batch, p_size, p_crc32,
		v_reading)
	on conflict (upload_key) do nothing returning n.id into id;
	if id is null then
		select k.* into id, status, body
		from upload_known_key(p_key, p_file_name, p_by, p_dry_run, p_strict, p_batch,
				      p_size, p_crc32, v_reading, 'queued') k;
	end if;
end
$$;

-- For the release before, which does not tell the reading.
create or replace function upload_begin(p_key text, p_file_name text, p_by text,
	p_dry_run boolean, p_strict boolean, p_batch boolean, p_size bigint, p_crc32 bigint,
	out id bigint, out status integer, out body text)
language sql as $$
	select * from upload_begin(p_key, p_file_name, p_by, p_dry_run, p_strict, p_batch, p_size,
				   p_crc32, null)
$$;
create or replace function upload_enqueue(p_key text, p_file_name text, p_by text, p_dry_run boolean,
	p_strict boolean, p_batch boolean, p_size bigint, p_crc32 bigint,
	out id bigint, out status integer, out body text)
language sql as $$
	select * from upload_enqueue(p_key, p_file_name, p_by, p_dry_run, p_strict, p_batch, p_size,
				     p_crc32, null)
$$;
