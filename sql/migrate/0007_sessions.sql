-- Sessions from their first scan to their dispatch, undo, unknown scans and holds.
--
-- Advisory locks: a session's (class 2) is taken before any row; then parcels in the order of
-- their numbers, then scans, then figures. Class 7 is held, shared, by whoever records a scan
-- of an unknown number: see unknown_sweep().
--
-- What corrects a session's counters has slots of its own, 32 to 47: a scan that waits for such
-- a correction to commit must not hold what the correction waits for.

alter table scanned_waybills
	add column voided_station text,
	-- What the station heard and read, when the scan was judged anew since.
	add column told_result text,
	add column told_number text collate "C",
	-- An unknown number that was found after all: waybill_number is then the waybill's.
	add column matched_at timestamptz,
	add column matched_by text, -- null: an upload brought it
	add column matched_xact xid8, -- for session_news()
	add column dismissed_at timestamptz,
	add column dismissed_by text,
	add column dismissed_reason text;
create index scanned_waybills_session on scanned_waybills (session_id, id)
	where session_id is not null;
create index scanned_waybills_unknown on scanned_waybills (id)
	where result = 'not_found' and matched_at is null and dismissed_at is null
	      and voided_at is null;
create index scanned_waybills_settled on scanned_waybills (id)
	where matched_at is not null or dismissed_at is not null;
create index scanned_waybills_news on scanned_waybills (session_id)
	where matched_at is not null;

alter table batch_sessions
	add column report jsonb, -- what its dispatch did
	add column reason text; -- why it was cancelled
create index batch_sessions_open on batch_sessions (id) where state = 'open';

create index waybills_batch_ready on waybills (id) where batch_ready;

-- Which parcels have not left yet.
create function status_waits(p_status text) returns boolean language sql immutable as $$
	select p_status in ('pending', 'hq_scheduling')
$$;

-- The end of a period: a date counts whole.
create function time_until(p_time text) returns timestamptz language sql stable as $$
	select case when length(p_time) = length('2025-01-31') then (p_time::date + 1)::timestamptz
		    else p_time::timestamptz end
$$;

-- A text that ilike finds as it is.
create function like_part(p_text text) returns text language sql immutable as $$
	select '%' || replace(replace(replace(p_text, '\', '\\'), '%', '\%'), '_', '\_') || '%'
$$;

create or replace function session_json(s batch_sessions) returns json
language sql stable as $$
	select json_build_object(
		'id', s.id, 'state', s.state, 'station', s.station, 'scanned_by', s.scanned_by,
		'valid', c.valid, 'duplicate', c.duplicate, 'error', c.error,
		'expected', s.expected, 'missing', s.expected - c.found,
		'uploads', s.uploads, 'created_at', s.created_at, 'closed_at', s.closed_at,
		'closed_by', s.closed_by, 'reason', s.reason)
	from (select coalesce(sum(valid), 0) as valid, coalesce(sum(duplicate), 0) as duplicate,
		     coalesce(sum(error), 0) as error, coalesce(sum(found), 0) as found
	      from session_counters where session_id = s.id) c
$$;

create function session_not_found(p_id bigint) returns text language sql immutable as $$
	select json_build_object('error', 'session_not_found', 'message',
				 format('There is no session %s.', p_id))::text
$$;

-- What happened to a session's scans behind its stations' backs: [{kind, ...}]. p_since is
-- the cursor of the last news; what was committed meanwhile by a transaction that began
-- before it comes too, so that news may come twice and is never missed.
create function session_news(p_id bigint, p_since xid8) returns json language sql stable as $$
	select coalesce(json_agg(json_build_object(
		'kind', 'matched', 'scan_id', scan_id,
		'scanned_number', coalesce(told_number, waybill_number),
		'waybill_number', waybill_number, 'result', result, 'station', station,
		'scanned_by', scanned_by, 'scanned_at', scanned_at, 'at', matched_at,
		'by', matched_by) order by matched_at, id), '[]')
	from scanned_waybills
	where session_id = p_id and matched_at is not null and matched_xact >= p_since
$$;

create function session_cancel(p_id bigint, p_by text, p_reason text,
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
		status := 409;
		body := json_build_object('error', 'session_dispatched', 'message',
			format('Session %s was dispatched: it cannot be cancelled.', p_id));
	else
		v_already := s.state = 'cancelled';
		if not v_already then
			update batch_sessions
			set state = 'cancelled', closed_at = now(), closed_by = p_by, reason = p_reason
			where id = p_id returning * into s;
		end if;
		status := 200;
		body := session_json(s)::jsonb || jsonb_build_object('already', v_already);
	end if;
end
$$;

-- An open session is continued, on whatever device asks; a cancelled one is opened again.
create function session_resume(p_id bigint, p_by text, out status integer, out body text)
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
		status := 409;
		body := json_build_object('error', 'session_dispatched', 'message',
			format('Session %s was dispatched: start a new one.', p_id));
	else
		v_already := s.state = 'open';
		if not v_already then
			update batch_sessions
			set state = 'open', closed_at = null, closed_by = null, reason = null
			where id = p_id returning * into s;
		end if;
		status := 200;
		body := session_json(s)::jsonb || jsonb_build_object('already', v_already);
	end if;
end
$$;

-- [{reason, count, numbers}] of parcels, the first numbers of each reason.
create type parcel_reason as (waybill_number text, reason text);
create function parcel_reasons(p_parcels parcel_reason[]) returns jsonb
language sql immutable as $$
	select coalesce(jsonb_agg(jsonb_build_object('reason', reason, 'count', n,
						     'numbers', numbers) order by reason), '[]')
	from (select reason, count(*) as n,
		     (array_agg(waybill_number order by waybill_number collate "C"))[1:20] as numbers
	      from unnest(p_parcels) group by reason) r
$$;

-- Why a parcel in this state is neither dispatched nor put on hold.
create function status_reason(p_status text) returns text language sql immutable as $$
	select case p_status when 'issue_pending' then 'on_hold'
			     when 'dispatched' then 'already_dispatched'
			     else coalesce(p_status, 'gone') end
$$;

create function session_dispatch_body(s batch_sessions, p_report jsonb, p_dry boolean,
				      p_already boolean) returns text language sql stable as $$
	select json_build_object(
		'message', case
			when p_already then format('Session %s was dispatched before: nothing was '
						   'changed.', s.id)
			when p_dry then 'Nothing was changed: this is what a dispatch would do.'
			else format('%s dispatched, %s skipped, %s put on hold.',
				    p_report -> 'dispatched', p_report -> 'skipped_count',
				    p_report -> 'held') end,
		'already', p_already, 'dry_run', p_dry)::jsonb
	       || p_report || jsonb_build_object('session', session_json(s))
$$;

-- The parcels of a session's valid scans leave; with p_hold those that it expected and that no
-- open session has scanned are put on hold. The lock comes first: every scan that was told
-- "valid" is in, and none comes after. A scan in another session that began before this
-- commits may still be told "valid" for a parcel put on hold here: session_settle() is for it.
-- (Scans are looked up parcel by parcel, which "limit 1" sees to, and by number, for which
-- "offset 0" leaves no other index: the statistics know nothing of a session of today, and
-- what the planner makes of it by itself compares each parcel with each scan.)
create function session_dispatch(p_id bigint, p_hold boolean, p_dry boolean, p_by text,
				 out status integer, out body text) language plpgsql as $$
#variable_conflict use_column
declare
	s batch_sessions;
	v_report jsonb;
	v_missing jsonb;
	v_go bigint[];
	v_held bigint[];
begin
	if p_dry then
		perform pg_advisory_xact_lock_shared(2, (p_id % 2147483647)::integer);
	else
		perform pg_advisory_xact_lock(2, (p_id % 2147483647)::integer);
	end if;
	select * into s from batch_sessions where id = p_id;
	if not found then
		status := 404;
		body := session_not_found(p_id);
		return;
	elsif s.state = 'cancelled' then
		status := 409;
		body := json_build_object('error', 'session_cancelled', 'message',
			format('Session %s was cancelled: resume it to dispatch it.', p_id));
		return;
	elsif s.state = 'dispatched' then
		status := 200;
		body := session_dispatch_body(s, s.report, p_dry, true);
		return;
	end if;
	if not p_dry then
		perform from waybills w
		where w.id in (select waybill_id from scanned_waybills
			       where session_id = p_id and mode = 'dispatch' and mode <> 'check'
				     and result = 'valid' and voided_at is null
			       union all
			       select waybill_id from session_expected
			       where session_id = p_id and p_hold)
		order by w.waybill_number for no key update;
	end if;

	with judged as (
		select n.waybill_number, w.id, w.status,
		       coalesce(scan_verdict('dispatch', w.status) = 'valid', false) and w.id is not null
			as goes
		from scanned_waybills n left join waybills w on w.id = n.waybill_id
		where n.session_id = p_id and n.mode = 'dispatch' and n.mode <> 'check'
		      and n.result = 'valid' and n.voided_at is null
	)
	select array_agg(id) filter (where goes),
	       jsonb_build_object(
		'dispatched', count(*) filter (where goes),
		'dispatched_numbers', coalesce((array_agg(waybill_number
			order by waybill_number) filter (where goes))[1:20], '{}'),
		'skipped_count', count(*) filter (where not goes),
		'skipped', parcel_reasons(array_agg(row(waybill_number,
			status_reason(status))::parcel_reason) filter (where not goes)))
	into v_go, v_report from judged;

	with missing as (
		select w.id, w.waybill_number, w.status, exists (
			select from (select * from scanned_waybills
				     where waybill_number = w.waybill_number offset 0) n
			join batch_sessions b on b.id = n.session_id
			where n.mode = 'dispatch' and n.result = 'valid' and n.voided_at is null
			      and b.state = 'open') as elsewhere
		from session_expected x join waybills w on w.id = x.waybill_id
		where x.session_id = p_id and (
			select true from scanned_waybills n
			where n.session_id = p_id and n.waybill_number = w.waybill_number
			      and n.mode = 'dispatch' and n.mode <> 'check' and n.result = 'valid'
			      and n.voided_at is null
			limit 1) is null
	), judged as materialized (
		select *, p_hold and not elsewhere and status_waits(status) as held from missing
	)
	select array_agg(id) filter (where held),
	       jsonb_build_object(
		'missing', count(*), 'missing_numbers',
		coalesce((array_agg(waybill_number order by waybill_number))[1:20], '{}'),
		'hold_missing', p_hold, 'held', count(*) filter (where held),
		'held_numbers', coalesce((array_agg(waybill_number
			order by waybill_number) filter (where held))[1:20], '{}'),
		'not_held', parcel_reasons(array_agg(row(waybill_number,
			case when elsewhere then 'scanned_elsewhere' else status_reason(status) end
			)::parcel_reason) filter (where p_hold and not held)))
	into v_held, v_missing from judged;
	v_report := v_report || v_missing;
	status := 200;
	if p_dry then
		body := session_dispatch_body(s, v_report, true, false);
		return;
	end if;

	perform set_config('waybill.cause', json_build_object('cause', 'dispatch', 'by', p_by,
		'detail', json_build_object('session_id', p_id))::text, true);
	update waybills set status = 'dispatched', batch_ready = false, updated_at = now()
	where id = any (v_go);
	perform set_config('waybill.cause', json_build_object('cause', 'hold', 'by', p_by,
		'detail', json_build_object('session_id', p_id, 'reason',
			format('missing from session %s', p_id)))::text, true);
	update waybills set status = 'issue_pending', marked_pending_at = now(), updated_at = now()
	where id = any (v_held);
	update batch_sessions
	set state = 'dispatched', closed_at = now(), closed_by = p_by, report = v_report
	where id = p_id returning * into s;
	body := session_dispatch_body(s, v_report, false, false);
end
$$;

-- The status that a parcel had before it was put on hold.
create function waybill_before_hold(p_waybill bigint) returns text language sql stable as $$
	select coalesce((select from_status from waybill_events
			 where waybill_id = p_waybill and to_status = 'issue_pending'
			       and from_status <> 'issue_pending'
			 order by id desc limit 1), 'pending')
$$;

-- After a dispatch that put parcels on hold was committed: waits for the scans that other
-- sessions had under way, and takes from hold what they were told is valid. In a transaction
-- of its own, and again after a crash.
create function session_settle(p_id bigint, p_already boolean, out status integer, out body text)
language plpgsql as $$
#variable_conflict use_column
declare
	s batch_sessions;
	v_other bigint;
	v_back bigint[];
	v_numbers text[];
begin
	select * into strict s from batch_sessions where id = p_id;
	if not s.report ? 'settled' then
		for v_other in select id from batch_sessions where state = 'open' order by id loop
			perform pg_advisory_lock(2, (v_other % 2147483647)::integer);
			perform pg_advisory_unlock(2, (v_other % 2147483647)::integer);
		end loop;
		perform from batch_sessions where id = p_id for update;
		select array_agg(w.id), array_agg(w.waybill_number) into v_back, v_numbers
		from (select w.id, w.waybill_number
		      from session_expected x join waybills w on w.id = x.waybill_id
		      where x.session_id = p_id and w.status = 'issue_pending'
			    and w.marked_pending_at = s.closed_at and (
				select true
				from (select * from scanned_waybills
				      where waybill_number = w.waybill_number offset 0) n
				join batch_sessions b on b.id = n.session_id
				where n.mode = 'dispatch' and n.result = 'valid'
				      and n.voided_at is null and b.state = 'open'
				limit 1)
		      order by w.waybill_number for no key update of w) w;
		perform set_config('waybill.cause', json_build_object('cause', 'resume', 'detail',
			json_build_object('session_id', p_id, 'reason',
				'scanned in another session meanwhile'))::text, true);
		update waybills
		set status = waybill_before_hold(id), marked_pending_at = null, updated_at = now()
		where id = any (v_back);
		update batch_sessions b
		set report = b.report || jsonb_build_object('settled', true,
			'held', (b.report ->> 'held')::bigint - coalesce(cardinality(v_back), 0),
			'held_numbers', (select coalesce(jsonb_agg(n), '[]')
					 from jsonb_array_elements_text(b.report -> 'held_numbers') n
					 where n <> all (coalesce(v_numbers, '{}'))))
		where id = p_id and not b.report ? 'settled' returning * into s;
		if not found then
			select * into strict s from batch_sessions where id = p_id;
		end if;
	end if;
	status := 200;
	body := session_dispatch_body(s, s.report, false, p_already);
end
$$;

-- The answer to a scan with this scan_id that is already recorded, or null. What was judged
-- anew since is compared and answered as the station knows it; one that was undone says so.
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

-- A scan is undone: it stays in the record as voided, and its session and its parcel are as
-- if it had not been. scan_hours is left alone: it tells how many scans the floor made, and
-- this one was made. Duplicates that it caused stay what they were told to be.
create function scan_undo(p_scan_id uuid, p_by text, p_station text,
			  out status integer, out body text) language plpgsql as $$
#variable_conflict use_column
declare
	s scanned_waybills;
	v_session batch_sessions;
	v_waybill waybills;
	v_event waybill_events;
	v_found boolean;
	v_already boolean;
begin
	select * into s from scanned_waybills where scan_id = p_scan_id;
	if not found then
		status := 404;
		body := json_build_object('error', 'scan_not_found', 'scan_id', p_scan_id,
			'message', 'There is no scan with this scan_id.');
		return;
	end if;
	if s.session_id is not null then
		perform pg_advisory_xact_lock_shared(2, (s.session_id % 2147483647)::integer);
		select * into v_session from batch_sessions where id = s.session_id;
	end if;
	-- By number: a match may have given the scan its waybill meanwhile.
	perform from waybills w where w.waybill_number = s.waybill_number for no key update;
	select * into strict s from scanned_waybills where scan_id = p_scan_id for update;
	select * into v_waybill from waybills where id = s.waybill_id;
	v_already := s.voided_at is not null;
	if not v_already and v_session.state <> 'open' then
		status := 409;
		body := json_build_object('error', 'session_' || v_session.state,
			'scan_id', p_scan_id, 'message', format(
				'Session %s was %s: its scans cannot be undone any more.',
				v_session.id, v_session.state));
		return;
	end if;
	if not v_already then
		update scanned_waybills
		set voided_at = now(), voided_by = p_by, voided_station = p_station
		where id = s.id returning * into s;
		if s.session_id is not null and s.mode <> 'check' then
			v_found := v_session.expected is not null and s.result = 'valid'
				   and s.mode = 'dispatch' and exists (
					select from session_expected
					where session_id = s.session_id and waybill_id = s.waybill_id);
			insert into session_counters as c
			values (s.session_id, 32 + pg_backend_pid() % 16, -(s.result = 'valid')::integer,
				-(s.result = 'duplicate')::integer,
				-(s.result not in ('valid', 'duplicate'))::integer,
				-v_found::integer)
			on conflict (session_id, slot) do update
			set valid = c.valid + excluded.valid,
			    duplicate = c.duplicate + excluded.duplicate,
			    error = c.error + excluded.error, found = c.found + excluded.found;
		end if;
		-- The status goes back only when nothing else has happened to it since.
		if s.result = 'valid' and s.mode = 'return' then
			select * into v_event from waybill_events
			where waybill_id = s.waybill_id and from_status is distinct from to_status
			order by id desc limit 1;
		end if;
		if v_event.cause = 'scan' and v_event.detail ->> 'scan_id' = s.scan_id::text
		   and v_waybill.status = v_event.to_status then
			perform set_config('waybill.cause', json_build_object(
				'cause', 'undo', 'by', p_by, 'detail', json_build_object(
					'scan_id', s.scan_id, 'session_id', s.session_id))::text, true);
			update waybills set status = v_event.from_status, updated_at = now()
			where id = s.waybill_id returning * into v_waybill;
		elsif v_waybill.id is not null then
			insert into waybill_events (waybill_id, from_status, to_status, cause,
						    changed_by, detail)
			values (s.waybill_id, v_waybill.status, v_waybill.status, 'undo', p_by,
				jsonb_build_object('scan_id', s.scan_id,
						   'session_id', s.session_id));
		end if;
	end if;
	status := 200;
	body := json_build_object(
		'scan_id', s.scan_id, 'waybill_number', s.waybill_number, 'mode', s.mode,
		'result', s.result, 'station', s.station, 'scanned_by', s.scanned_by,
		'scanned_at', s.scanned_at, 'voided_at', s.voided_at, 'voided_by', s.voided_by,
		'voided_station', s.voided_station, 'status', v_waybill.status,
		'session', case when s.session_id is not null then (
			select session_json(b) from batch_sessions b where b.id = s.session_id) end);
end
$$;

-- Open unknown scans are judged anew, as if made now: the numbers are known, or p_number is
-- what was meant. In a session that is over the scan keeps its result: it came too late.
create function scans_judge(p_scans bigint[], p_number text, p_by text, p_upload bigint)
returns bigint language plpgsql as $$
declare
	v_count bigint;
	v_return scanned_waybills;
begin
	perform from waybills w
	where w.waybill_number in (select coalesce(p_number, n.waybill_number)
				   from scanned_waybills n
				   where n.id = any (p_scans) and n.mode = 'return')
	order by w.waybill_number for no key update;
	with asked as materialized (
		select n.id, n.scan_id, n.session_id, n.mode, n.waybill_number as told,
		       w.id as waybill_id, w.waybill_number, w.status,
		       scan_verdict(n.mode, w.status) as verdict,
		       n.session_id is not null and b.state is distinct from 'open' as late
		from scanned_waybills n
		join waybills w on w.waybill_number = coalesce(p_number, n.waybill_number)
		left join batch_sessions b on b.id = n.session_id
		where n.id = any (p_scans) and n.result = 'not_found' and n.matched_at is null
		      and n.dismissed_at is null and n.voided_at is null
		order by n.id
		for no key update of n
	), ranked as (
		select *, row_number() over (partition by session_id, waybill_number, mode
					     order by id) > 1 as again,
		       session_id is not null and exists (
			select from scanned_waybills f
			where f.session_id = a.session_id and f.waybill_number = a.waybill_number
			      and f.mode = a.mode and f.mode <> 'check' and f.result = 'valid'
			      and f.voided_at is null) as had
		from asked a
	), judged as (
		select *, case
			when late then 'not_found'
			when mode = 'check' or verdict = 'on_hold' then verdict
			when had then 'duplicate'
			when again and verdict = 'valid' and session_id is not null then 'duplicate'
			when again and mode = 'return' then 'wrong_status'
			else verdict end as result
		from ranked
	), moved as (
		update scanned_waybills n
		set result = j.result, waybill_id = j.waybill_id, waybill_number = j.waybill_number,
		    told_result = nullif('not_found', j.result),
		    told_number = nullif(j.told, j.waybill_number),
		    matched_at = now(), matched_by = p_by, matched_xact = pg_current_xact_id()
		from judged j where n.id = j.id
		returning 1
	), told as (
		insert into waybill_events (waybill_id, from_status, to_status, cause, changed_by,
					    detail)
		select waybill_id, status, status, 'match', p_by,
		       jsonb_strip_nulls(jsonb_build_object(
			'scan_id', scan_id, 'session_id', session_id, 'result', result,
			'scanned_number', nullif(told, waybill_number), 'upload_id', p_upload,
			'late', nullif(late, false)))
		from judged order by id
	), counted as (
		insert into session_counters as c
		select j.session_id, 32 + pg_backend_pid() % 16, count(*) filter (where result = 'valid'),
		       count(*) filter (where result = 'duplicate'), -count(*),
		       count(*) filter (where result = 'valid' and mode = 'dispatch' and exists (
				select from session_expected x join batch_sessions b on b.id = x.session_id
				where x.session_id = j.session_id and x.waybill_id = j.waybill_id
				      and b.expected is not null))
		from judged j
		where session_id is not null and mode <> 'check' and result in ('valid', 'duplicate')
		group by j.session_id order by j.session_id
		on conflict (session_id, slot) do update
		set valid = c.valid + excluded.valid, duplicate = c.duplicate + excluded.duplicate,
		    error = c.error + excluded.error, found = c.found + excluded.found
	)
	select count(*) into v_count from moved;
	for v_return in
		select * from scanned_waybills
		where id = any (p_scans) and mode = 'return' and result = 'valid'
		      and matched_xact = pg_current_xact_id()
		order by waybill_number
	loop
		perform scan_return(v_return.waybill_id, v_return.scan_id, v_return.session_id,
				    v_return.scanned_by);
	end loop;
	return v_count;
end
$$;

create function scans_match(p_scans bigint[], p_number text, p_by text, p_upload bigint)
returns bigint language plpgsql as $$
begin
	perform pg_advisory_xact_lock_shared(2, (n.session_id % 2147483647)::integer)
	from (select distinct session_id from scanned_waybills
	      where id = any (p_scans) and session_id is not null order by session_id) n;
	loop
		begin
			return scans_judge(p_scans, p_number, p_by, p_upload);
		exception when unique_violation then
			null; -- a station's scan of that number was faster: look again
		end;
	end loop;
end
$$;

-- After an upload's commit: all open unknown scans whose numbers are known by now. The lock
-- is held for no longer than it takes to get: whoever had it has then committed its scan of an
-- unknown number, and whoever gets it later looks again (scan_unknown()). So none is missed.
create function unknown_sweep(p_upload bigint) returns bigint language plpgsql as $$
declare
	v_scans bigint[];
begin
	perform pg_advisory_lock(7, 0);
	perform pg_advisory_unlock(7, 0);
	select array_agg(n.id) into v_scans
	from scanned_waybills n
	where n.result = 'not_found' and n.matched_at is null and n.dismissed_at is null
	      and n.voided_at is null
	      and exists (select from waybills w where w.waybill_number = n.waybill_number);
	return case when v_scans is null then 0 else scans_match(v_scans, null, null, p_upload) end;
end
$$;

create function scan_unknown() returns trigger language plpgsql as $$
begin
	perform pg_advisory_xact_lock_shared(7, 0);
	if exists (select from waybills where waybill_number = new.waybill_number) then
		perform scans_match(array[new.id], null, null,
				    (select upload_id from waybills
				     where waybill_number = new.waybill_number));
	end if;
	return null;
end
$$;
create trigger scanned_waybills_unknown after insert on scanned_waybills
	for each row when (new.result = 'not_found') execute function scan_unknown();

-- A scan as lists show it.
create function scan_json(s scanned_waybills) returns json language sql stable as $$
	select json_build_object(
		'scan_id', s.scan_id, 'waybill_number', s.waybill_number,
		'scanned_number', coalesce(s.told_number, s.waybill_number),
		'result', s.result, 'told', coalesce(s.told_result, s.result), 'mode', s.mode,
		'session_id', s.session_id, 'station', s.station, 'scanned_by', s.scanned_by,
		'scanned_at', s.scanned_at, 'received_at', s.received_at,
		'voided_at', s.voided_at, 'voided_by', s.voided_by,
		'matched_at', s.matched_at, 'matched_by', s.matched_by,
		'matched_to', case when s.matched_at is not null then s.waybill_number end,
		'dismissed_at', s.dismissed_at, 'dismissed_by', s.dismissed_by,
		'dismissed_reason', s.dismissed_reason)
$$;

-- A supervisor says which waybill a scan meant (null: its own number), or that it meant none.
create function unknown_settle(p_scan_id uuid, p_number text, p_by text, p_dismiss text,
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

create function waybill_hold(p_number text, p_reason text, p_by text,
			     out status integer, out body text) language plpgsql as $$
#variable_conflict use_column
declare
	w waybills;
	v_already boolean := false;
begin
	select * into w from waybills where waybill_number = p_number for no key update;
	if w.id is null then
		status := 404;
		body := json_build_object('error', 'waybill_not_found', 'message',
			format('%s is not in any uploaded manifest.', p_number));
		return;
	end if;
	if w.status in ('delivered', 'returned', 'cancelled') then
		status := 409;
		body := json_build_object('error', 'wrong_status', 'status', w.status, 'message',
			format('%s is %s: it cannot be put on hold.', p_number, w.status));
		return;
	end if;
	v_already := w.status = 'issue_pending';
	if not v_already then
		perform set_config('waybill.cause', json_build_object('cause', 'hold', 'by', p_by,
			'detail', json_build_object('reason', p_reason))::text, true);
		update waybills
		set status = 'issue_pending', marked_pending_at = now(), updated_at = now()
		where id = w.id returning * into w;
	end if;
	status := 200;
	body := json_build_object('waybill_number', w.waybill_number, 'status', w.status,
				  'marked_pending_at', w.marked_pending_at, 'already', v_already);
end
$$;

create function waybill_resume(p_number text, p_reason text, p_by text,
			       out status integer, out body text) language plpgsql as $$
#variable_conflict use_column
declare
	w waybills;
	v_last text;
begin
	select * into w from waybills where waybill_number = p_number for no key update;
	if w.id is null then
		status := 404;
		body := json_build_object('error', 'waybill_not_found', 'message',
			format('%s is not in any uploaded manifest.', p_number));
		return;
	end if;
	select cause into v_last from waybill_events
	where waybill_id = w.id and from_status is distinct from to_status
	order by id desc limit 1;
	if w.status <> 'issue_pending' and v_last is distinct from 'resume' then
		status := 409;
		body := json_build_object('error', 'not_on_hold', 'status', w.status, 'message',
			format('%s is %s, not on hold.', p_number, replace(w.status, '_', ' ')));
		return;
	end if;
	status := 200;
	if w.status <> 'issue_pending' then
		body := json_build_object('waybill_number', w.waybill_number, 'status', w.status,
					  'already', true);
		return;
	end if;
	perform set_config('waybill.cause', json_strip_nulls(json_build_object(
		'cause', 'resume', 'by', p_by,
		'detail', json_build_object('reason', p_reason)))::text, true);
	update waybills
	set status = waybill_before_hold(id), marked_pending_at = null, updated_at = now()
	where id = w.id returning * into w;
	body := json_build_object('waybill_number', w.waybill_number, 'status', w.status,
				  'already', false);
end
$$;

-- Waybills that fit, by their ids: those whose number begins with p_q in the order of their
-- numbers, then the others, newest first. No index serves "any part of" (a trigram index
-- would make an import several times as long), so a call looks at p_look rows at most, and
-- `next` goes on from there; null when all were looked at. p_cursor is such a `next`.
create function waybill_find(p_q text, p_status text, p_upload bigint, p_from timestamptz,
			     p_to timestamptz, p_cursor text, p_limit integer, p_look integer,
			     out ids bigint[], out next text)
language plpgsql stable set plan_cache_mode = force_custom_plan as $$
declare
	v_part text := like_part(p_q);
	v_start text collate "C" := case when p_upload is null and upper(p_q) ~ '^[!-~]+$'
					 then upper(p_q) end;
	v_end text collate "C" := left(v_start, -1) || chr(ascii(right(v_start, 1)) + 1);
	v_number text collate "C" := case when p_cursor like 'n%' then substr(p_cursor, 2) else '' end;
	v_id bigint := case when p_cursor like 'i%' then substr(p_cursor, 2)::bigint
			    else 9223372036854775807 end;
	v_found bigint[];
	v_last text collate "C";
	v_lowest bigint;
	v_looked bigint;
begin
	ids := '{}';
	if v_start is not null and coalesce(p_cursor, 'n') like 'n%' then
		with looked as (
			select w.id, w.waybill_number, w.status, w.created_at from waybills w
			where w.waybill_number >= v_start and w.waybill_number < v_end
			      and w.waybill_number > v_number
			order by w.waybill_number limit p_look
		), fits as (
			select id, waybill_number from looked
			where (p_status is null or status = p_status)
			      and (p_from is null or created_at >= p_from)
			      and (p_to is null or created_at < p_to)
			order by waybill_number limit p_limit
		)
		select (select array_agg(id order by waybill_number) from fits),
		       case when (select count(*) from fits) = p_limit
			    then (select max(waybill_number) from fits)
			    else (select max(waybill_number) from looked) end,
		       (select count(*) from looked)
		into ids, v_last, v_looked;
		ids := coalesce(ids, '{}');
		if cardinality(ids) = p_limit or v_looked = p_look then
			next := 'n' || v_last;
			return;
		end if;
	end if;
	with known as (
		select id from waybills where upload_id = p_upload
		union
		select unnest(waybill_ids) from upload_known where upload_id = p_upload
	), looked as (
		select * from (
			(select w.* from waybills w
			 where p_upload is null and w.id < v_id order by w.id desc limit p_look)
			union all
			(select w.* from known k join waybills w using (id)
			 where p_upload is not null and w.id < v_id order by w.id desc limit p_look)) w
	), fits as (
		select id from looked
		where (p_status is null or status = p_status)
		      and (p_from is null or created_at >= p_from)
		      and (p_to is null or created_at < p_to)
		      and (v_start is null or waybill_number < v_start or waybill_number >= v_end)
		      and (p_q is null or waybill_number like upper(v_part)
			   or concat_ws(E'\n', receiver_name, receiver_phone, sender_name,
					sender_phone, destination) ilike v_part)
		order by id desc limit p_limit - cardinality(ids)
	)
	select (select array_agg(id order by id desc) from fits),
	       (select case when count(*) = p_limit - cardinality(ids) then min(id) end from fits),
	       (select case when count(*) = p_look then min(id) end from looked)
	into v_found, v_lowest, v_looked;
	ids := ids || coalesce(v_found, '{}');
	next := 'i' || coalesce(v_lowest, v_looked);
end
$$;
