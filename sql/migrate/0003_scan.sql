-- A scan: judged, recorded and counted in one statement.

-- The answer to a scan with this scan_id that is already recorded, or null. The same id with
-- another body is somebody's mistake, not a retry.
create function scan_recorded(p_scan_id uuid, p_number text, p_mode text, p_session bigint,
			      p_station text, p_by text, p_at timestamptz,
			      out status integer, out body text) language plpgsql as $$
declare
	s scanned_waybills;
begin
	select * into s from scanned_waybills where scan_id = p_scan_id;
	if not found then
		return;
	end if;
	if (s.waybill_number, s.mode) <> (p_number, p_mode)
	   or (s.session_id, s.station, s.scanned_by)
	      is distinct from (p_session, p_station, p_by)
	   or s.scanned_at <> p_at then
		status := 409;
		body := json_build_object('error', 'scan_id_reused', 'scan_id', p_scan_id,
			'message', 'This scan_id was used for another scan before: '
				   'give every scan an id of its own.');
		return;
	end if;
	status := scan_status(s.result);
	body := s.answer;
end
$$;

create function scan_status(p_result text) returns integer language sql immutable as $$
	select case p_result when 'valid' then 200 when 'not_found' then 404
			     when 'invalid' then 400 else 409 end
$$;

create function scan_message(p_result text, p_number text, p_mode text, p_status text,
			     p_session_state text, p_first json, p_invalid text)
returns text language sql stable as $$
	select case p_result
	when 'duplicate' then
		format('%s was already scanned in this session at %s', p_number,
		       to_char((p_first ->> 'scanned_at')::timestamptz, 'HH24:MI:SS'))
		|| coalesce(' by ' || (p_first ->> 'scanned_by'), '')
		|| coalesce(' at ' || (p_first ->> 'station'), '') || '.'
	when 'not_found' then format('%s is not in any uploaded manifest.', p_number)
	when 'on_hold' then format('%s is on hold: set it aside.', p_number)
	when 'already_dispatched' then format('%s has already been dispatched.', p_number)
	when 'wrong_status' then
		format(case p_mode when 'return' then '%s is %s: it cannot be received as a return.'
				   else '%s is %s: it cannot be dispatched.' end,
		       p_number, replace(p_status, '_', ' '))
	when 'session_closed' then
		format('This session was %s: start a new one.', p_session_state)
	when 'invalid' then format('This is not a waybill number: %s.', p_invalid)
	end
$$;

-- What a scan means for a parcel in this state; duplicates are seen to by the caller.
create function scan_verdict(p_mode text, p_status text) returns text
language sql immutable as $$
	select case
	when p_status is null then 'not_found'
	when p_status = 'issue_pending' then 'on_hold'
	when p_mode = 'check' then 'valid'
	when p_mode = 'return' then
		case when p_status in ('for_return', 'delivering') then 'valid'
		     else 'wrong_status' end
	when p_status = 'dispatched' then 'already_dispatched'
	when p_status in ('delivered', 'returned', 'cancelled') then 'wrong_status'
	else 'valid' end
$$;

-- Adds a scan to the figures; always in this order, so that scans wait but never deadlock.
-- A check only looks: it counts as a scan of the floor and not as work of its session.
create function scan_count(p_session bigint, p_mode text, p_result text, p_expected boolean,
			   p_station text, p_by text) returns void language plpgsql as $$
declare
	v_slot smallint := pg_backend_pid() % 16;
	v_valid bigint := (p_result = 'valid')::integer;
	v_duplicate bigint := (p_result = 'duplicate')::integer;
	v_found bigint := (p_expected and p_result = 'valid' and p_mode = 'dispatch')::integer;
begin
	if p_session is not null and p_mode <> 'check' then
		update session_counters
		set valid = valid + v_valid, duplicate = duplicate + v_duplicate,
		    error = error + 1 - v_valid - v_duplicate, found = session_counters.found + v_found
		where session_id = p_session and slot = v_slot;
		if not found then
			insert into session_counters as c
			values (p_session, v_slot, v_valid, v_duplicate,
				1 - v_valid - v_duplicate, v_found)
			on conflict (session_id, slot) do update
			set valid = c.valid + excluded.valid,
			    duplicate = c.duplicate + excluded.duplicate,
			    error = c.error + excluded.error, found = c.found + excluded.found;
		end if;
	end if;
	update scan_minutes set scans = scans + 1
	where minute = date_trunc('minute', now()) and slot = v_slot;
	if not found then
		insert into scan_minutes as m values (date_trunc('minute', now()), v_slot, 1)
		on conflict (minute, slot) do update set scans = m.scans + 1;
	end if;
	update scan_hours set scans = scans + 1
	where hour = date_trunc('hour', now()) and station = coalesce(p_station, '')
	      and scanned_by = coalesce(p_by, '') and result = p_result and slot = v_slot;
	if not found then
		insert into scan_hours as h
		values (date_trunc('hour', now()), coalesce(p_station, ''), coalesce(p_by, ''),
			p_result, v_slot, 1)
		on conflict (hour, station, scanned_by, result, slot)
		do update set scans = h.scans + 1;
	end if;
end
$$;

-- A session's counters as clients see them, and with what is about to be added.
create function session_json(s batch_sessions, p_valid integer default 0,
			     p_duplicate integer default 0, p_error integer default 0,
			     p_found integer default 0) returns json language sql stable as $$
	select json_build_object(
		'id', s.id, 'state', s.state, 'station', s.station, 'scanned_by', s.scanned_by,
		'valid', c.valid + p_valid, 'duplicate', c.duplicate + p_duplicate,
		'error', c.error + p_error, 'expected', s.expected,
		'missing', greatest(s.expected - c.found - p_found, 0),
		'uploads', s.uploads, 'created_at', s.created_at, 'closed_at', s.closed_at)
	from (select coalesce(sum(valid), 0) as valid, coalesce(sum(duplicate), 0) as duplicate,
		     coalesce(sum(error), 0) as error, coalesce(sum(found), 0) as found
	      from session_counters where session_id = s.id) c
$$;

-- What a station shows of a parcel.
create function waybill_brief(w waybills) returns json language sql stable as $$
	select json_build_object(
		'waybill_number', w.waybill_number, 'status', w.status,
		'receiver_name', w.receiver_name, 'destination', w.destination,
		'province', w.province, 'city', w.city, 'barangay', w.barangay,
		'item_name', w.item_name, 'number_of_items', w.number_of_items,
		'weight', w.weight, 'express_type', w.express_type,
		'cod_amount', w.cod_amount, 'remarks', w.remarks)
$$;

-- The valid scan that makes another one of its number, session and mode a duplicate.
create function scan_first(p_number text, p_mode text, p_session bigint) returns json
language sql stable as $$
	select json_build_object('scanned_at', scanned_at, 'scanned_by', scanned_by,
				 'station', station)
	from scanned_waybills
	where session_id = p_session and waybill_number = p_number and mode = p_mode
	      and result = 'valid' and voided_at is null
$$;

-- The parcel is received: its status changes, and the trigger writes why.
create function scan_return(p_waybill bigint, p_scan_id uuid, p_session bigint, p_by text)
returns void language plpgsql as $$
begin
	perform set_config('waybill.cause', json_build_object(
		'cause', 'scan', 'by', p_by,
		'detail', json_build_object('scan_id', p_scan_id, 'session_id', p_session))::text,
		true);
	update waybills set status = 'returned', updated_at = now() where id = p_waybill;
end
$$;

-- The scan. What constraints decide is not looked up beforehand: the row goes in on
-- conflict do nothing, and only when it conflicted is there something to read.
create function scan_record(p_number text, p_mode text, p_session bigint, p_scan_id uuid,
			    p_station text, p_by text, p_at timestamptz, p_invalid text,
			    out status integer, out body text) language plpgsql as $$
declare
	v_scan_id uuid := coalesce(p_scan_id, gen_random_uuid());
	v_session batch_sessions;
	v_waybill waybills;
	v_result text;
	v_first json;
	v_expected boolean;
	v_counted integer;
begin
	if p_session is not null then
		-- A dispatch takes this lock alone: no scan slips in behind its sweep.
		perform pg_advisory_xact_lock_shared(2, (p_session % 2147483647)::integer);
		select * into v_session from batch_sessions where id = p_session;
		if not found then
			status := 404;
			body := json_build_object('error', 'session_not_found', 'message',
				format('There is no session %s: start a new one.', p_session));
			return;
		end if;
	end if;
	if p_invalid is not null then
		v_result := 'invalid';
	elsif p_mode = 'return' then
		-- Two stations receive one parcel: the second waits here and sees it returned.
		select * into v_waybill from waybills where waybill_number = p_number
		for no key update;
	else
		select * into v_waybill from waybills where waybill_number = p_number;
	end if;
	v_expected := coalesce(v_waybill.upload_id = any (v_session.uploads), false);
	v_counted := (p_session is not null and p_mode <> 'check')::integer;

	v_result := coalesce(v_result,
			     case when v_session.state <> 'open' then 'session_closed' end,
			     scan_verdict(p_mode, v_waybill.status));
	if v_result = 'valid' and p_mode = 'return' then
		v_waybill.status := 'returned';
	end if;
	loop
		-- Its own first scan may be why a parcel cannot be scanned again.
		if v_result in ('wrong_status', 'already_dispatched') and p_session is not null then
			v_first := scan_first(p_number, p_mode, p_session);
			if v_first is not null then
				v_result := 'duplicate';
			end if;
		end if;
		status := scan_status(v_result);
		body := json_build_object(
			'result', v_result,
			'sound', case v_result when 'valid' then 'ok' when 'duplicate' then 'duplicate'
				 else 'error' end,
			'waybill_number', p_number, 'mode', p_mode, 'scan_id', v_scan_id,
			'scanned_at', coalesce(p_at, now()), 'scanned_by', p_by, 'station', p_station,
			'waybill', case when v_waybill.id is not null
				   then waybill_brief(v_waybill) end,
			'first', v_first,
			'session', case when v_session.id is not null then session_json(v_session,
				v_counted * (v_result = 'valid')::integer,
				v_counted * (v_result = 'duplicate')::integer,
				v_counted * (v_result not in ('valid', 'duplicate'))::integer,
				(v_expected and v_result = 'valid' and p_mode = 'dispatch')::integer)
				end);
		if v_result <> 'valid' then
			body := format('{"error" : %s, "message" : %s, %s', to_json(v_result),
				to_json(scan_message(v_result, p_number, p_mode, v_waybill.status,
						     v_session.state, v_first, p_invalid)),
				substr(body, 2));
		end if;
		insert into scanned_waybills (scan_id, waybill_number, waybill_id, session_id, mode,
					      station, scanned_by, result, scanned_at, answer)
		values (v_scan_id, p_number, v_waybill.id, p_session, p_mode, p_station, p_by,
			v_result, coalesce(p_at, now()),
			case when p_scan_id is not null then body end)
		on conflict do nothing;
		exit when found;
		select r.status, r.body into status, body
		from scan_recorded(p_scan_id, p_number, p_mode, p_session, p_station, p_by, p_at) r;
		if status is not null then
			return;
		end if;
		-- So another scan was valid; unless that one has just been voided.
		v_first := scan_first(p_number, p_mode, p_session);
		v_result := case when v_first is null then 'valid' else 'duplicate' end;
	end loop;
	if v_result = 'valid' and p_mode = 'return' then
		perform scan_return(v_waybill.id, v_scan_id, p_session, p_by);
	end if;
	perform scan_count(p_session, p_mode, v_result, v_expected, p_station, p_by);
end
$$;
