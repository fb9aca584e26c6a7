-- Nobody on the floor waits in a circle, and what a session was told is valid leaves with it.

-- A match makes scans valid one after another, and stations record the same numbers in an
-- order of their own: each may wait for the other. So a match does not wait for long: it lets go of
-- all that it has and begins again.
alter function scans_judge(bigint[], text, text, bigint) set lock_timeout = '200ms';

create function scans_try(p_scans bigint[], p_number text, p_by text, p_upload bigint,
			  p_tries integer) returns bigint language plpgsql as $$
begin
	for i in 1 .. p_tries loop
		begin
			return scans_judge(p_scans, p_number, p_by, p_upload);
		exception when unique_violation then
			null; -- a station's scan of that number was faster: look again
		when lock_not_available or deadlock_detected then
			if i = p_tries then
				raise;
			end if;
		end;
	end loop;
	raise lock_not_available using message = 'stations keep scanning these numbers';
end
$$;

-- An upload waits, or a person who can ask again.
create or replace function scans_match(p_scans bigint[], p_number text, p_by text, p_upload bigint)
returns bigint language plpgsql as $$
begin
	perform pg_advisory_xact_lock_shared(2, (n.session_id % 2147483647)::integer)
	from (select distinct session_id from scanned_waybills
	      where id = any (p_scans) and session_id is not null order by session_id) n;
	return scans_try(p_scans, p_number, p_by, p_upload, 25);
end
$$;

-- A station waits: what cannot be matched at once is left to the next look at unknown scans.
-- (Its session's lock this transaction has already.)
create or replace function scan_unknown() returns trigger language plpgsql as $$
begin
	-- Outside the block below: a block that fails gives back the locks that it took, and this
	-- one is held until the scan is committed.
	perform pg_advisory_xact_lock_shared(7, 0);
	if exists (select from waybills where waybill_number = new.waybill_number) then
		begin
			perform scans_try(array[new.id], null, null,
					  (select upload_id from waybills
					   where waybill_number = new.waybill_number), 3);
		exception when lock_not_available or deadlock_detected then
			null; -- left to the next look
		end;
	end if;
	return null;
end
$$;

-- Takes from hold what a session was told is valid, and the dispatch of another one, under way
-- at that time, put on hold as missing, when session_settle() has not come to it yet. The
-- parcels are locked.
create function session_unhold(p_id bigint) returns void language plpgsql as $$
declare
	v_back bigint[];
begin
	select array_agg(w.id) into v_back
	from (select * from waybills
	      where id in (select waybill_id from scanned_waybills
			   where session_id = p_id and mode = 'dispatch' and mode <> 'check'
				 and result = 'valid' and voided_at is null)
		    and status = 'issue_pending' offset 0) w
	join batch_sessions b on b.closed_at = w.marked_pending_at and b.state = 'dispatched'
				 and not b.report ? 'settled'
	join session_expected x on x.session_id = b.id and x.waybill_id = w.id;
	if v_back is null then
		return;
	end if;
	perform set_config('waybill.cause', json_build_object('cause', 'resume', 'detail',
		json_build_object('session_id', p_id, 'reason',
			'scanned in another session meanwhile'))::text, true);
	update waybills
	set status = waybill_before_hold(id), marked_pending_at = null, updated_at = now()
	where id = any (v_back);
end
$$;

-- As before, with session_unhold(); and what is found done is told only when the standby has it:
-- see 0011_told_again.sql.
create or replace function session_dispatch(p_id bigint, p_hold boolean, p_dry boolean, p_by text,
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
	end if;
	if s.state <> 'open' then
		perform pg_logical_emit_message(true, 'waybill', '');
	end if;
	if s.state = 'cancelled' then
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
		perform session_unhold(p_id);
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

-- As before, but that what it leaves on hold is counted: another session's dispatch may have
-- taken some of it back.
create or replace function session_settle(p_id bigint, p_already boolean, out status integer, out body text)
language plpgsql as $$
#variable_conflict use_column
declare
	s batch_sessions;
	v_other bigint;
	v_back bigint[];
begin
	select * into strict s from batch_sessions where id = p_id;
	if not s.report ? 'settled' then
		for v_other in select id from batch_sessions where state = 'open' order by id loop
			perform pg_advisory_lock(2, (v_other % 2147483647)::integer);
			perform pg_advisory_unlock(2, (v_other % 2147483647)::integer);
		end loop;
		perform from batch_sessions where id = p_id for update;
		select array_agg(w.id) into v_back
		from (select w.id
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
		set report = b.report || (
			select jsonb_build_object('settled', true, 'held', count(*), 'held_numbers',
				coalesce((array_agg(w.waybill_number order by w.waybill_number))[1:20],
					 '{}'))
			from session_expected x join waybills w on w.id = x.waybill_id
			where x.session_id = p_id and w.status = 'issue_pending'
			      and w.marked_pending_at = s.closed_at)
		where id = p_id and not b.report ? 'settled' returning * into s;
		if not found then
			select * into strict s from batch_sessions where id = p_id;
		end if;
	end if;
	status := 200;
	body := session_dispatch_body(s, s.report, false, p_already);
end
$$;
