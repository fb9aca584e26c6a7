-- Scans that are ready together are judged, recorded and counted together; and every scan is
-- recorded, the one that nobody could make sense of as well.

-- The slot of this transaction, its alone until it ends (advisory lock 3): who adds to the
-- figures waits for nobody's commit, and may add in any order. When all are taken it waits for
-- that of its process number.
create function totals_slot() returns smallint language plpgsql as $$
declare
	v_own smallint := pg_backend_pid() % 16;
	v_slot smallint := v_own;
begin
	loop
		if pg_try_advisory_xact_lock(3, v_slot) then
			return v_slot;
		end if;
		v_slot := (v_slot + 1) % 16;
		exit when v_slot = v_own;
	end loop;
	perform pg_advisory_xact_lock(3, v_own);
	return v_own;
end
$$;

-- Slots 16 to 31 are for uploads, as before.
create or replace function waybill_totals_slot() returns smallint language plpgsql as $$
declare
	v_slot smallint;
begin
	if waybill_cause() ->> 'cause' = 'upload' then
		v_slot := pg_backend_pid() % 16 + 16;
		perform pg_advisory_xact_lock(3, v_slot);
	else
		v_slot := totals_slot();
	end if;
	return v_slot;
end
$$;

-- Why a scan was not taken for one (p_invalid) as the code of its error: a number that is none,
-- a field that cannot be read, a session that is not there.
create function scan_error_code(p_result text, p_invalid text) returns text
language sql immutable as $$
	select case when p_invalid like 'field "%' then 'bad_field'
		    when p_invalid like 'there is no session %' then 'session_not_found'
		    else p_result end
$$;

-- Why a scan is not valid, for a person.
create or replace function scan_message(a scan_answer, p_invalid text)
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
	when 'invalid' then
		case when scan_error_code(a.result, p_invalid) = 'invalid'
		     then format('This is not a waybill number: %s.', p_invalid)
		     else upper(left(p_invalid, 1)) || substr(p_invalid, 2) || '.' end
	end
$$;

create or replace function scan_error(a scan_answer, p_invalid text)
returns text language sql stable as $$
	select format('{"error":%s,"message":%s,%s',
		      to_json(scan_error_code(a.result, p_invalid)),
		      to_json(scan_message(a, p_invalid)), substr(to_json(a)::text, 2))
$$;

-- The answer to a scan with this scan_id that is already recorded, or null. The same id with
-- another body is somebody's mistake, not a retry. (A scan of a session that was not there is
-- recorded without one.)
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
	v_astray := s.result = 'invalid' and s.answer like '{"error":"session_not_found",%';
	if (s.waybill_number, s.mode) <> (p_number, p_mode)
	   or (s.station, s.scanned_by) is distinct from (p_station, p_by)
	   or (s.session_id is distinct from p_session and not v_astray)
	   or s.scanned_at <> p_at then
		status := 409;
		body := json_build_object('error', 'scan_id_reused', 'scan_id', p_scan_id,
			'message', 'This scan_id was used for another scan before: '
				   'give every scan an id of its own.');
		return;
	end if;
	status := case when v_astray then 404 else scan_status(s.result) end;
	body := s.answer;
end
$$;

-- Adds scans to the figures of their sessions: of each its session (null: of none), its result,
-- and whether it is one of those that the session expects.
create function session_count(p_session bigint[], p_result text[], p_found boolean[],
			      p_slot smallint) returns void language plpgsql as $$
begin
	insert into session_counters as c
	select session, p_slot, count(*) filter (where result = 'valid'),
	       count(*) filter (where result = 'duplicate'),
	       count(*) filter (where result not in ('valid', 'duplicate')),
	       count(*) filter (where scan.found)
	from unnest(p_session, p_result, p_found) as scan (session, result, found)
	where session is not null
	group by session
	on conflict (session_id, slot) do update
	set valid = c.valid + excluded.valid, duplicate = c.duplicate + excluded.duplicate,
	    error = c.error + excluded.error, found = c.found + excluded.found;
end
$$;

-- Adds scans to this hour of their stations and operators.
create function scan_count(p_result text[], p_station text[], p_by text[], p_slot smallint)
returns void language plpgsql as $$
declare
	v_minute integer := extract(minute from now())::integer + 1;
	v_none integer[] := array_fill(0, array[60]);
begin
	insert into scan_hours as h
	select date_trunc('hour', now()), coalesce(station, ''), coalesce(by, ''), p_slot,
	       count(*) filter (where result = 'valid'),
	       count(*) filter (where result = 'duplicate'),
	       count(*) filter (where result not in ('valid', 'duplicate')),
	       v_none[1 : v_minute - 1] || count(*)::integer || v_none[v_minute + 1 : 60]
	from unnest(p_result, p_station, p_by) as scan (result, station, by)
	group by coalesce(station, ''), coalesce(by, '')
	on conflict (hour, station, scanned_by, slot) do update
	set valid = h.valid + excluded.valid, duplicate = h.duplicate + excluded.duplicate,
	    error = h.error + excluded.error,
	    minutes[v_minute] = h.minutes[v_minute] + excluded.minutes[v_minute];
end
$$;

-- The scan. What constraints decide is not looked up beforehand: the row goes in on
-- conflict do nothing, and only when it conflicted is there something to read. Written for
-- speed: PL/pgSQL sets up each expression anew in every transaction, and a function in SQL that
-- cannot be inlined is planned anew in every call.
create or replace function scan_record(p_number text, p_mode text, p_session bigint, p_scan_id uuid,
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
	v_slot smallint := pg_backend_pid() % 16;
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
			-- It has been made all the same, and is recorded: of no session, lest it be
			-- taken for a scan of one that gets this number later.
			select r.status, r.body into status, body
			from scan_record(p_number, p_mode, null, p_scan_id, p_station, p_by, p_at,
				format('there is no session %s: start a new one', p_session)) r;
			status := case status when 400 then 404 else status end;
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
	-- A check only looks: it counts as a scan of the floor and not as work of its session.
	if not pg_try_advisory_xact_lock(3, v_slot) then
		v_slot := totals_slot();
	end if;
	if p_session is not null and p_mode <> 'check' then
		update session_counters c
		set valid = c.valid + (v_result = 'valid')::integer,
		    duplicate = c.duplicate + (v_result = 'duplicate')::integer,
		    error = c.error + (v_result not in ('valid', 'duplicate'))::integer,
		    found = c.found + v_found::integer
		where session_id = p_session and slot = v_slot;
		if not found then
			perform session_count(array[p_session], array[v_result], array[v_found], v_slot);
		end if;
	end if;
	update scan_hours h
	set valid = h.valid + (v_result = 'valid')::integer,
	    duplicate = h.duplicate + (v_result = 'duplicate')::integer,
	    error = h.error + (v_result not in ('valid', 'duplicate'))::integer,
	    minutes[extract(minute from now())::integer + 1] =
		h.minutes[extract(minute from now())::integer + 1] + 1
	where hour = date_trunc('hour', now()) and station = coalesce(p_station, '')
	      and scanned_by = coalesce(p_by, '') and slot = v_slot;
	if not found then
		perform scan_count(array[v_result], array[p_station], array[p_by], v_slot);
	end if;
end
$$;

-- What scan_together() tells of a scan.
create type scan_done as (ord integer, status integer, body text, result text, found boolean,
			  recorded boolean);

-- Judges and records, all in one statement, those of several scans that need nothing of each
-- other. What conflicts with a row that is there comes back with recorded false. p_open: the
-- sessions whose lock this transaction has. (Each "limit 1" makes its look-up one of the index,
-- whatever the planner believes of a table that has just been filled.)
create function scan_together(p_number text[], p_mode text[], p_session bigint[], p_scan_id uuid[],
			      p_station text[], p_by text[], p_at timestamptz[],
			      p_invalid text[], p_open bigint[])
returns setof scan_done language plpgsql as $$
begin
	return query
	with session as materialized (
		select s.*
		from unnest(p_open) as open (id) cross join lateral (
			select b.id, b.state, b.station, b.scanned_by, c.valid, c.duplicate, c.error,
			       b.expected, b.expected - c.found as missing
			from batch_sessions b, (
				select coalesce(sum(n.valid), 0) as valid,
				       coalesce(sum(n.duplicate), 0) as duplicate,
				       coalesce(sum(n.error), 0) as error,
				       coalesce(sum(n.found), 0) as found
				from session_counters n where n.session_id = open.id) c
			where b.id = open.id
			limit 1) s
	), judged as (
		select a.number, a.mode, a.session_id, a.given, a.station, a.by, a.invalid, a.ord,
		       coalesce(a.given, gen_random_uuid()) as scan_id,
		       coalesce(a.at, now()) as scanned_at, w.id as waybill_id, w.brief, s as session,
		       case when a.invalid is not null then 'invalid'
			    when s.state <> 'open' then 'session_closed'
			    else coalesce(scan_verdict(a.mode, w.status), 'not_found') end as result,
		       s.expected is not null and a.mode = 'dispatch'
		       and exists (select from session_expected e
				   where e.session_id = s.id and e.waybill_id = w.id) as listed
		from unnest(p_number, p_mode, p_session, p_scan_id, p_station, p_by, p_at, p_invalid)
			with ordinality as a (number, mode, session_id, given, station, by, at, invalid,
					      ord)
		left join session s on s.id = a.session_id
		left join lateral (
			select b.id, b.status, row(
				b.waybill_number, b.status, b.receiver_name, b.destination, b.province,
				b.city, b.barangay, b.item_name, b.number_of_items, b.weight,
				b.express_type, b.cod_amount, b.remarks)::waybill_brief as brief
			from waybills b where b.waybill_number = a.number
			limit 1) w on true
		where a.mode <> 'return' and (a.session_id is null or s.id is not null)
	), counted as (
		-- With the session's counters as each scan leaves them.
		select j.*, result = 'valid' and listed as found,
		       row_number() over (partition by scan_id order by ord) as times,
		       sum((result = 'valid' and mode <> 'check')::integer) over before as valid,
		       sum((result <> 'valid' and mode <> 'check')::integer) over before as error,
		       sum((result = 'valid' and listed)::integer) over before as listed_valid
		from judged j
		-- What its session's own scan may explain is for scan_record() to look at.
		where session_id is null or result not in ('wrong_status', 'already_dispatched')
		window before as (partition by session_id order by number, ord
				  rows unbounded preceding)
	), answered as (
		select c.*, row(
			result, case result when 'valid' then 'ok' else 'error' end, number, mode,
			scan_id, scanned_at, by, station, brief, null,
			case when session_id is not null then row(
				session_id, (session).state, (session).station, (session).scanned_by,
				(session).valid + valid, (session).duplicate, (session).error + error,
				(session).expected, (session).missing - listed_valid)::session_brief
			end)::scan_answer as answer
		from counted c where times = 1
	), told as materialized (
		select *, case result when 'valid' then to_json(answer)::text
				      else scan_error(answer, invalid) end as body
		from answered
	), recorded as (
		insert into scanned_waybills as r (scan_id, waybill_number, waybill_id, session_id,
						   mode, station, scanned_by, result, scanned_at, answer)
		select scan_id, number, waybill_id, session_id, mode, station, by, result, scanned_at,
		       case when given is not null then body end
		-- In this order, so that two who record the same numbers wait but never deadlock.
		from told order by number, session_id, mode, ord
		on conflict do nothing
		returning r.scan_id
	)
	select ord::integer, scan_status(result), body, result, told.found, r.scan_id is not null
	from told left join recorded r using (scan_id);
end
$$;

-- Several scans in one transaction: the same verdicts as of scan_record() called for each in
-- turn, except that a scan without status and body is to be asked by itself: its session is
-- being dispatched, and the others shall not wait for that. Arrays of scan_record()'s
-- parameters, which must be such that it would take them. Of scans with mode "return" and others
-- of the same numbers the returns count as later.
create function scan_many(p_number text[], p_mode text[], p_session bigint[], p_scan_id uuid[],
			  p_station text[], p_by text[], p_at timestamptz[], p_invalid text[])
returns table (ordinal integer, status integer, body text) language plpgsql
-- Planning these statements takes longer than running them.
set plan_cache_mode = force_generic_plan as $$
declare
	v_open bigint[];
	v_done scan_done[];
	v_status integer[];
	v_body text[];
	v_one scan_done;
	v_slot smallint;
begin
	-- A dispatch takes this lock alone: no scan slips in behind its sweep.
	select coalesce(array_agg(id), '{}') into v_open
	from (select distinct s as id from unnest(p_session) as s where s is not null) asked
	where pg_try_advisory_xact_lock_shared(2, (id % 2147483647)::integer);
	select array_agg(d) into v_done
	from scan_together(p_number, p_mode, p_session, p_scan_id, p_station, p_by, p_at, p_invalid,
			   v_open) d
	where d.recorded;
	if v_done is not null then
		v_slot := totals_slot();
		perform session_count(array_agg(case when p_mode[ord] <> 'check' then p_session[ord] end),
				      array_agg(result), array_agg(d.found), v_slot),
			scan_count(array_agg(result), array_agg(p_station[ord]), array_agg(p_by[ord]),
				   v_slot)
		from unnest(v_done) d;
	end if;
	select array_agg(d.status order by a.ord), array_agg(d.body order by a.ord)
	into v_status, v_body
	from generate_series(1, cardinality(p_number)) as a (ord)
	left join unnest(v_done) d on d.ord = a.ord;
	for i in 1 .. cardinality(p_number) loop
		if v_status[i] is null
		   and (p_session[i] is null or p_session[i] = any (v_open)) then
			select r.status, r.body into v_one.status, v_one.body
			from scan_record(p_number[i], p_mode[i], p_session[i], p_scan_id[i],
					 p_station[i], p_by[i], p_at[i], p_invalid[i]) r;
			v_status[i] := v_one.status;
			v_body[i] := v_one.body;
		end if;
	end loop;
	return query select ord::integer, s, b
		     from unnest(v_status, v_body) with ordinality as u (s, b, ord);
end
$$;
