-- A session that a station began without the server is made when the server is back, and once,
-- however often the station says so: the key is the station's.
alter table batch_sessions add column session_key uuid;
create unique index batch_sessions_key on batch_sessions (session_key)
	where session_key is not null;

-- Of a session with this key that is there: itself, or why it is another. A status of null: none.
create function session_begun(p_key uuid, p_by text, p_station text,
			      out status integer, out body text) language plpgsql as $$
declare
	s batch_sessions;
begin
	select * into s from batch_sessions where session_key = p_key;
	if not found then
		return;
	end if;
	-- Told only when the standby has it, as scan_recorded() does.
	perform pg_logical_emit_message(true, 'waybill', '');
	if (s.scanned_by, s.station) is distinct from (p_by, p_station) then
		status := 409;
		body := json_build_object('error', 'session_key_reused', 'session_key', p_key,
			'message', 'This session_key was used for another session before: '
				   'give every session a key of its own.');
		return;
	end if;
	status := 200;
	body := session_json(s)::jsonb || jsonb_build_object('already', true);
end
$$;

-- p_uploads: a JSON array of those whose waybills are expected. p_ready: true expects all that is
-- marked ready for a batch and has not left; null does so when no upload is named and there is
-- any; false never.
create function session_begin(p_by text, p_station text, p_uploads json, p_ready boolean,
			      p_key uuid, out status integer, out body text)
language plpgsql as $$
#variable_conflict use_column
declare
	v_unknown text;
begin
	select b.status, b.body into status, body from session_begun(p_key, p_by, p_station) b;
	if status is not null then
		return;
	end if;
	select string_agg(w.id::text, ', ' order by w.id) into v_unknown
	from (select distinct value::bigint as id from json_array_elements_text(p_uploads)) w
	where not exists (select from uploads u
			  where u.id = w.id and u.state = 'completed' and not u.dry_run);
	if v_unknown is not null then
		status := 422;
		body := json_build_object('error', 'unknown_upload', 'message',
			'Only uploads that were loaded can be expected; these were not: '
			|| v_unknown || '.');
		return;
	end if;
	status := 201;
	with wanted as (
		select distinct value::bigint as id from json_array_elements_text(p_uploads)
	), ready as materialized (
		select b.id from waybills b
		where b.batch_ready and status_waits(b.status)
		      and coalesce(p_ready, not exists (select from wanted))
	), held as materialized (
		select id from ready
		union
		-- What these uploads brought, and what they named that was known before.
		select b.id from wanted u join waybills b on b.upload_id = u.id
		union
		select b.id
		from wanted u join upload_known k on k.upload_id = u.id,
		     unnest(k.waybill_ids) as known (id)
		join waybills b on b.id = known.id
	), made as (
		insert into batch_sessions (scanned_by, station, uploads, expected, session_key)
		select p_by, p_station, coalesce(array_agg(w.id order by w.id), '{}'),
		       case when count(w.id) > 0 or p_ready or exists (select from ready)
			    then (select count(*) from held) end, p_key
		from wanted w
		returning *
	), snapshot as (
		insert into session_expected (session_id, waybill_id)
		select m.id, h.id from made m, held h order by h.id
	)
	select session_json(made::batch_sessions) into body from made;
exception when unique_violation then
	-- The same beginning came twice at once, and the other one was faster.
	select b.status, b.body into status, body from session_begun(p_key, p_by, p_station) b;
end
$$;
