-- A cancelled session that is opened again is of the parcels that there are now. While it was
-- closed its uploads may have been taken back: what is gone is not expected any more, lest it be
-- missing for ever and on no list. And what it scanned of unknown numbers may have been brought
-- meanwhile, too late for a closed session: it is judged anew.
--
-- An undo of an upload (upload_undo()) locks the upload before it looks which sessions expect its
-- parcels; so who begins or resumes one locks the uploads of what it expects, and before the
-- session's lock: either the undo sees the session, or the session sees what was removed.

-- Waits for those who take back uploads of the parcels that this session expects.
create function session_uploads_wait(p_id bigint) returns void language sql volatile as $$
	select from uploads
	where id in (select w.upload_id
		     from session_expected x join waybills w on w.id = x.waybill_id
		     where x.session_id = p_id)
	order by id for key share
$$;

-- What a session expects and is gone.
create function session_forget_gone(p_id bigint) returns void language sql volatile as $$
	with gone as (
		delete from session_expected x
		where x.session_id = p_id
		      and not exists (select from waybills w where w.id = x.waybill_id)
		returning 1
	)
	update batch_sessions
	set expected = expected - (select count(*) from gone)
	where id = p_id and exists (select from gone)
$$;

-- Its scans that were matched while it was closed, and so never judged, are judged now.
create function session_judge_late(p_id bigint) returns void language plpgsql as $$
declare
	v_late record;
begin
	for v_late in
		with late as (
			select id, told_number, waybill_number, matched_by
			from scanned_waybills
			where session_id = p_id and result = 'not_found'
			      and matched_at is not null and voided_at is null
			for update
		), unmatched as (
			update scanned_waybills n
			set matched_at = null, matched_by = null, matched_xact = null,
			    waybill_id = null, told_number = null,
			    waybill_number = coalesce(late.told_number, late.waybill_number)
			from late where n.id = late.id
		)
		select array_agg(id) as scans, matched_by,
		       case when told_number is not null then waybill_number end as number
		from late group by 2, 3
	loop
		perform scans_match(v_late.scans, v_late.number, v_late.matched_by, null);
	end loop;
end
$$;

create or replace function session_resume(p_id bigint, p_by text, out status integer, out body text)
language plpgsql as $$
#variable_conflict use_column
declare
	s batch_sessions;
	v_already boolean;
begin
	if exists (select from batch_sessions where id = p_id and state = 'cancelled') then
		perform session_uploads_wait(p_id);
	end if;
	perform pg_advisory_xact_lock(2, (p_id % 2147483647)::integer);
	select * into s from batch_sessions where id = p_id;
	if not found then
		status := 404;
		body := session_not_found(p_id);
	elsif s.state = 'dispatched' then
		perform pg_logical_emit_message(true, 'waybill', '');
		status := 409;
		body := json_build_object('error', 'session_dispatched', 'message',
			format('Session %s was dispatched: start a new one.', p_id));
	else
		v_already := s.state = 'open';
		if v_already then
			perform pg_logical_emit_message(true, 'waybill', '');
		else
			update batch_sessions
			set state = 'open', closed_at = null, closed_by = null, reason = null
			where id = p_id;
			perform session_forget_gone(p_id);
			perform session_judge_late(p_id);
			select * into s from batch_sessions where id = p_id;
		end if;
		status := 200;
		body := session_json(s)::jsonb || jsonb_build_object('already', v_already);
	end if;
end
$$;

-- As before, but that it waits for who takes one of its uploads back.
-- p_uploads: a JSON array of those whose waybills are expected. p_ready: true expects all that is
-- marked ready for a batch and has not left; null does so when no upload is named and there is
-- any; false never.
create or replace function session_begin(p_by text, p_station text, p_uploads json, p_ready boolean,
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
	perform from uploads
	where id in (select value::bigint from json_array_elements_text(p_uploads)
		     union
		     select w.upload_id from waybills w
		     where w.batch_ready and status_waits(w.status)
			   and coalesce(p_ready, json_array_length(p_uploads) = 0))
	order by id for key share;
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
