-- What is found done when it is asked for again is told only when the standby has it.
--
-- While the standby is away, a scan's commit waits for it. When the primary crashes meanwhile, the
-- scan is there afterwards, on that host alone; a transaction that only looks waits for nobody,
-- and would answer "valid" for something that goes with the host. So what finds it writes a word to
-- the log, which nobody reads: its own commit then waits for the standby to have all before it. So
-- does a transaction that locked a row: uploads found by their key, undos and holds need no word.

create or replace function scan_recorded(p_scan_id uuid, p_number text, p_mode text,
					 p_session bigint, p_station text, p_by text,
					 p_at timestamptz, out status integer, out body text)
language plpgsql as $$
declare
	s scanned_waybills;
	v_astray boolean;
begin
	select * into s from scanned_waybills where scan_id = p_scan_id;
	if not found then
		return;
	end if;
	perform pg_logical_emit_message(true, 'waybill', '');
	v_astray := s.result = 'invalid' and s.answer like '{"error":"session_not_found",%';
	if (coalesce(s.told_number, s.waybill_number), s.mode) <> (p_number, p_mode)
	   or (s.station, s.scanned_by) is distinct from (p_station, p_by)
	   or (s.session_id is distinct from p_session and not v_astray)
	   or s.scanned_at <> p_at then
		status := 409;
		body := json_build_object('error', 'scan_id_reused', 'scan_id', p_scan_id,
			'message', 'This scan_id was used for another scan before: '
				   'give every scan an id of its own.');
		return;
	end if;
	status := case when v_astray then 404 else scan_status(coalesce(s.told_result, s.result)) end;
	body := s.answer;
	if s.voided_at is not null then
		body := format('%s,"voided_at":%s,"voided_by":%s}', left(body, -1),
			       to_json(s.voided_at), coalesce(to_json(s.voided_by), 'null'));
	end if;
end
$$;

-- The others as before, with that word.
create or replace function session_cancel(p_id bigint, p_by text, p_reason text,
			       out status integer, out body text) language plpgsql as $$
#variable_conflict use_column
declare
	s batch_sessions;
	v_already boolean;
begin
	perform pg_advisory_xact_lock(2, (p_id % 2147483647)::integer);
	select * into s from batch_sessions where id = p_id;
	if not found then
		status := 404;
		body := session_not_found(p_id);
	elsif s.state = 'dispatched' then
		perform pg_logical_emit_message(true, 'waybill', '');
		status := 409;
		body := json_build_object('error', 'session_dispatched', 'message',
			format('Session %s was dispatched: it cannot be cancelled.', p_id));
	else
		v_already := s.state = 'cancelled';
		if v_already then
			perform pg_logical_emit_message(true, 'waybill', '');
		else
			update batch_sessions
			set state = 'cancelled', closed_at = now(), closed_by = p_by, reason = p_reason
			where id = p_id returning * into s;
		end if;
		status := 200;
		body := session_json(s)::jsonb || jsonb_build_object('already', v_already);
	end if;
end
$$;

create or replace function session_resume(p_id bigint, p_by text, out status integer, out body text)
language plpgsql as $$
#variable_conflict use_column
declare
	s batch_sessions;
	v_already boolean;
begin
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
			where id = p_id returning * into s;
		end if;
		status := 200;
		body := session_json(s)::jsonb || jsonb_build_object('already', v_already);
	end if;
end
$$;

create or replace function unknown_settle(p_scan_id uuid, p_number text, p_by text, p_dismiss text,
			       out status integer, out body text) language plpgsql as $$
#variable_conflict use_column
declare
	s scanned_waybills;
	v_number text;
	v_already boolean;
begin
	select * into s from scanned_waybills where scan_id = p_scan_id;
	v_number := coalesce(p_number, s.waybill_number);
	if s.id is null then
		status := 404;
		body := json_build_object('error', 'scan_not_found', 'scan_id', p_scan_id,
			'message', 'There is no scan with this scan_id.');
		return;
	end if;
	if p_dismiss is null and s.matched_at is null and s.result = 'not_found'
	   and not exists (select from waybills where waybill_number = v_number) then
		status := 409;
		body := json_build_object('error', 'waybill_not_found', 'waybill_number', v_number,
			'message', format('%s is not in any uploaded manifest: it cannot be matched.',
					  v_number));
		return;
	end if;
	if p_dismiss is null then
		v_already := scans_match(array[s.id], p_number, p_by, null) = 0;
	else
		update scanned_waybills
		set dismissed_at = now(), dismissed_by = p_by, dismissed_reason = nullif(p_dismiss, '')
		where id = s.id and result = 'not_found' and matched_at is null
		      and dismissed_at is null and voided_at is null;
		v_already := not found;
	end if;
	select * into strict s from scanned_waybills where id = s.id;
	if v_already then
		perform pg_logical_emit_message(true, 'waybill', '');
	end if;
	if v_already and not (case when p_dismiss is null
				   then s.matched_at is not null and s.waybill_number = v_number
				   else s.dismissed_at is not null end) then
		status := 409;
		body := (scan_json(s)::jsonb || jsonb_build_object('error', 'scan_settled', 'message',
			case when s.voided_at is not null then 'This scan was undone.'
			     when s.matched_at is not null
			     then format('This scan was matched to %s before.', s.waybill_number)
			     when s.dismissed_at is not null then 'This scan was dismissed before.'
			     else format('This scan''s number is known: it was %s.',
					 replace(s.result, '_', ' ')) end));
		return;
	end if;
	status := 200;
	body := scan_json(s)::jsonb || jsonb_build_object('already', v_already, 'session', (
		select session_json(b) from batch_sessions b where b.id = s.session_id));
end
$$;

-- As before, with that word: waits until nobody loads this upload any more, and then (in a
-- snapshot of its own) reads how that ended. That takes as long as it takes.
create or replace function upload_settled(p_id bigint) returns setof uploads language plpgsql
set lock_timeout = 0 as $$
begin
	perform pg_advisory_xact_lock(1, (p_id % 2147483647)::integer);
	perform pg_logical_emit_message(true, 'waybill', '');
	return query select * from uploads where id = p_id;
end
$$;
