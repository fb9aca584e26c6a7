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

-- The first scan of an hour, station, operator and slot makes the row that others add to.
create function scan_count_first(p_result text, p_station text, p_by text) returns void
language plpgsql as $$
declare
	v_minute integer := extract(minute from now())::integer + 1;
	v_minutes integer[] := array_fill(0, array[60]);
begin
	v_minutes[v_minute] := 1;
	insert into scan_hours as h
	values (date_trunc('hour', now()), coalesce(p_station, ''), coalesce(p_by, ''),
		pg_backend_pid() % 16, (p_result = 'valid')::integer,
		(p_result = 'duplicate')::integer,
		(p_result not in ('valid', 'duplicate'))::integer, v_minutes)
	on conflict (hour, station, scanned_by, slot) do update
	set valid = h.valid + excluded.valid, duplicate = h.duplicate + excluded.duplicate,
	    error = h.error + excluded.error, minutes[v_minute] = h.minutes[v_minute] + 1;
end
$$;

-- The same for its session's figures.
create function session_count_first(p_session bigint, p_result text, p_found boolean)
returns void language plpgsql as $$
begin
	insert into session_counters as c
	values (p_session, pg_backend_pid() % 16, (p_result = 'valid')::integer,
		(p_result = 'duplicate')::integer,
		(p_result not in ('valid', 'duplicate'))::integer, p_found::integer)
	on conflict (session_id, slot) do update
	set valid = c.valid + excluded.valid, duplicate = c.duplicate + excluded.duplicate,
	    error = c.error + excluded.error, found = c.found + excluded.found;
end
$$;

-- The latest minutes with scans between two times, as [{minute, scans}]: hour by hour back
-- from the end until there are enough.
create function scan_minutes_latest(p_since timestamptz, p_until timestamptz, p_count integer)
returns json language plpgsql stable as $$
declare
	v_hour timestamptz := p_until;
	v_found json[] := '{}';
	v_more json[];
begin
	loop
		select max(hour) into v_hour from scan_hours where hour < v_hour and hour >= p_since;
		exit when v_hour is null or cardinality(v_found) >= p_count;
		select coalesce(array_agg(json_build_object('minute', m.minute, 'scans', m.scans)
					  order by m.minute), '{}')
		into v_more
		from (select v_hour + make_interval(mins => place::integer - 1) as minute,
			     sum(n) as scans
		      from scan_hours h, unnest(h.minutes) with ordinality as u (n, place)
		      where h.hour = v_hour and n > 0
		      group by place) m
		where m.minute < p_until;
		v_found := v_more || v_found;
	end loop;
	return (select coalesce(json_agg(line order by place), '[]')
		from unnest(v_found) with ordinality as f (line, place)
		where place > cardinality(v_found) - p_count);
end
$$;

-- A session's counters as clients see them.
create function session_json(s batch_sessions) returns json language sql stable as $$
	select json_build_object(
		'id', s.id, 'state', s.state, 'station', s.station, 'scanned_by', s.scanned_by,
		'valid', c.valid, 'duplicate', c.duplicate, 'error', c.error,
		'expected', s.expected, 'missing', s.expected - c.found,
		'uploads', s.uploads, 'created_at', s.created_at, 'closed_at', s.closed_at)
	from (select coalesce(sum(valid), 0) as valid, coalesce(sum(duplicate), 0) as duplicate,
		     coalesce(sum(error), 0) as error, coalesce(sum(found), 0) as found
	      from session_counters where session_id = s.id) c
$$;

-- What a station shows of a parcel, of its session and of a scan, for to_json(). (As types,
-- because naming every member in json_build_object() was the dearest part of a scan.)
create type waybill_brief as (
	waybill_number text, status text, receiver_name text, destination text, province text,
	city text, barangay text, item_name text, number_of_items integer, weight numeric,
	express_type text, cod_amount numeric, remarks text
);
create type session_brief as (
	id bigint, state text, station text, scanned_by text, valid bigint, duplicate bigint,
	error bigint, expected bigint, missing bigint
);
create type scan_answer as (
	result text, sound text, waybill_number text, mode text, scan_id uuid,
	scanned_at timestamptz, scanned_by text, station text, waybill waybill_brief, first json,
	session session_brief
);

-- Why a scan is not valid, for a person.
create function scan_message(a scan_answer, p_invalid text)
returns text language sql stable as $$
	select case a.result
	when 'duplicate' then
		format('%s was already scanned in this session at %s', a.waybill_number,
		       to_char((a.first ->> 'scanned_at')::timestamptz, 'HH24:MI:SS'))
		|| coalesce(' by ' || (a.first ->> 'scanned_by'), '')
		|| coalesce(' at ' || (a.first ->> 'station'), '') || '.'
	when 'not_found' then format('%s is not in any uploaded manifest.', a.waybill_number)
	when 'on_hold' then format('%s is on hold: set it aside.', a.waybill_number)
	when 'already_dispatched' then
		format('%s has already been dispatched.', a.waybill_number)
	when 'wrong_status' then
		format(case a.mode
		       when 'return' then '%s is %s: it cannot be received as a return.'
		       else '%s is %s: it cannot be dispatched.' end,
		       a.waybill_number, replace((a.waybill).status, '_', ' '))
	when 'session_closed' then
		format('This session was %s: start a new one.', (a.session).state)
	when 'invalid' then format('This is not a waybill number: %s.', p_invalid)
	end
$$;

-- The answer to a scan that is not valid: as every error it says so first.
create function scan_error(a scan_answer, p_invalid text) returns text language sql stable as $$
	select format('{"error":%s,"message":%s,%s', to_json(a.result),
		      to_json(scan_message(a, p_invalid)), substr(to_json(a)::text, 2))
$$;

-- What a scan reads of its parcel.
create type scan_waybill as (id bigint, verdict text, brief waybill_brief);

-- The valid scan that makes another one of its number, session and mode a duplicate. (A
-- check makes none; saying so lets the index answer.)
create function scan_first(p_number text, p_mode text, p_session bigint) returns json
language plpgsql as $$
begin
	return (select json_build_object('scanned_at', scanned_at, 'scanned_by', scanned_by,
					 'station', station)
		from scanned_waybills
		where session_id = p_session and waybill_number = p_number and mode = p_mode
		      and mode <> 'check' and result = 'valid' and voided_at is null);
end
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
-- conflict do nothing, and only when it conflicted is there something to read. Written for
-- speed: PL/pgSQL sets up each expression anew in every transaction, and a function in SQL that
-- cannot be inlined is planned anew in every call.
create function scan_record(p_number text, p_mode text, p_session bigint, p_scan_id uuid,
			    p_station text, p_by text, p_at timestamptz, p_invalid text,
			    out status integer, out body text) language plpgsql as $$
declare
	v_scan_id uuid := coalesce(p_scan_id, gen_random_uuid());
	v_session session_brief;
	v_brief session_brief; -- as this scan leaves it
	v_waybill scan_waybill;
	v_result text;
	v_first json;
	v_found boolean := false; -- one of those that the session expects
begin
	if p_session is not null then
		-- A dispatch takes this lock alone: no scan slips in behind its sweep.
		perform pg_advisory_xact_lock_shared(2, (p_session % 2147483647)::integer);
		select s.id, s.state, s.station, s.scanned_by, c.valid, c.duplicate, c.error,
		       s.expected, s.expected - c.found
		into v_session
		from batch_sessions s, (
			select coalesce(sum(valid), 0) as valid,
			       coalesce(sum(duplicate), 0) as duplicate,
			       coalesce(sum(error), 0) as error, coalesce(sum(n.found), 0) as found
			from session_counters n where session_id = p_session) c
		where s.id = p_session;
		if not found then
			status := 404;
			body := json_build_object('error', 'session_not_found', 'message',
				format('There is no session %s: start a new one.', p_session));
			return;
		end if;
	end if;
	if p_mode = 'return' then
		-- Two stations receive one parcel: the second waits and then sees it returned.
		perform from waybills where waybill_number = p_number for no key update;
	end if;
	-- An invalid number is none that is stored.
	select w.id, scan_verdict(p_mode, w.status), row(
		w.waybill_number, w.status, w.receiver_name, w.destination, w.province,
		w.city, w.barangay, w.item_name, w.number_of_items, w.weight,
		w.express_type, w.cod_amount, w.remarks)::waybill_brief
	into v_waybill from waybills w where w.waybill_number = p_number;
	v_result := case when p_invalid is not null then 'invalid'
			 when v_session.state <> 'open' then 'session_closed'
			 else coalesce(v_waybill.verdict, 'not_found') end;
	loop
		if p_session is not null then
			-- Its own first scan may be why a parcel cannot be scanned again.
			if v_result in ('wrong_status', 'already_dispatched') then
				v_first := scan_first(p_number, p_mode, p_session);
				if v_first is not null then
					v_result := 'duplicate';
				end if;
			end if;
			v_found := false;
			if v_session.expected is not null and v_result = 'valid'
			   and p_mode = 'dispatch' then
				v_found := exists (select from session_expected
						   where session_id = p_session
							 and waybill_id = v_waybill.id);
			end if;
			v_brief := v_session;
			if p_mode = 'check' then
				null;
			elsif v_result = 'valid' then
				v_brief.valid := v_brief.valid + 1;
				if v_found then
					v_brief.missing := v_brief.missing - 1;
				end if;
			elsif v_result = 'duplicate' then
				v_brief.duplicate := v_brief.duplicate + 1;
			else
				v_brief.error := v_brief.error + 1;
			end if;
		end if;
		if v_result = 'valid' then
			if p_mode = 'return' then
				v_waybill.brief.status := 'returned';
			end if;
			status := 200;
			body := to_json(row('valid', 'ok', p_number, p_mode, v_scan_id,
				coalesce(p_at, now()), p_by, p_station, v_waybill.brief, null,
				v_brief)::scan_answer);
		else
			status := scan_status(v_result);
			body := scan_error(row(v_result,
				case v_result when 'duplicate' then 'duplicate' else 'error' end,
				p_number, p_mode, v_scan_id, coalesce(p_at, now()), p_by, p_station,
				v_waybill.brief, v_first, v_brief)::scan_answer,
				p_invalid);
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
	if p_mode = 'return' and v_result = 'valid' then
		perform scan_return(v_waybill.id, v_scan_id, p_session, p_by);
	end if;
	-- The figures, always in this order, so that scans wait but never deadlock. A check only
	-- looks: it counts as a scan of the floor and not as work of its session.
	if p_session is not null and p_mode <> 'check' then
		update session_counters c
		set valid = c.valid + (v_result = 'valid')::integer,
		    duplicate = c.duplicate + (v_result = 'duplicate')::integer,
		    error = c.error + (v_result not in ('valid', 'duplicate'))::integer,
		    found = c.found + v_found::integer
		where session_id = p_session and slot = pg_backend_pid() % 16;
		if not found then
			perform session_count_first(p_session, v_result, v_found);
		end if;
	end if;
	update scan_hours h
	set valid = h.valid + (v_result = 'valid')::integer,
	    duplicate = h.duplicate + (v_result = 'duplicate')::integer,
	    error = h.error + (v_result not in ('valid', 'duplicate'))::integer,
	    minutes[extract(minute from now())::integer + 1] =
		h.minutes[extract(minute from now())::integer + 1] + 1
	where hour = date_trunc('hour', now()) and station = coalesce(p_station, '')
	      and scanned_by = coalesce(p_by, '') and slot = pg_backend_pid() % 16;
	if not found then
		perform scan_count_first(v_result, p_station, p_by);
	end if;
end
$$;
