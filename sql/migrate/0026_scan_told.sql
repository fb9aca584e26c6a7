-- The counters that scans made together are told are those of what is recorded: one with a number
-- or a scan_id that was there before it is asked by itself.

-- Several scans in one transaction: the same verdicts as of scan_record() called for each in
-- turn, except that a scan without status and body is to be asked by itself: its session is
-- being dispatched, and the others shall not wait for that. Arrays of scan_record()'s
-- parameters, which must be such that it would take them. Of scans with mode "return" and others
-- of the same numbers the returns count as later.
create or replace function scan_many(p_number text[], p_mode text[], p_session bigint[],
				     p_scan_id uuid[], p_station text[], p_by text[],
				     p_at timestamptz[], p_invalid text[])
returns table (ordinal integer, status integer, body text) language plpgsql
-- Planning this statement takes longer than running it; and see 0017.
set plan_cache_mode = force_generic_plan set enable_seqscan = off
set enable_bitmapscan = off as $$
#variable_conflict use_column
declare
	v_open bigint[] := '{}';
	v_session bigint;
	v_status integer[];
	v_body text[];
	v_one_status integer;
	v_one_body text;
begin
	-- A dispatch takes this lock alone: no scan slips in behind its sweep.
	foreach v_session in array p_session loop
		if v_session <> all (v_open)
		   and pg_try_advisory_xact_lock_shared(2, (v_session % 2147483647)::integer) then
			v_open := v_open || v_session;
		end if;
	end loop;
	-- Those that need nothing of each other: a number's second scan would be counted before it
	-- is seen to be a duplicate, and so would one that is recorded already. What conflicts with
	-- a row that is there, and what gets no result here, is for scan_record(). (Each "limit 1" makes its look-up one of the
	-- index, whatever the planner believes of a table that has just been filled.)
	with session as materialized (
		select s.*
		from unnest(v_open) as open (id) cross join lateral (
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
		select a.*, coalesce(a.given, gen_random_uuid()) as scan_id,
		       coalesce(a.at, now()) as scanned_at, w.id as waybill_id, w.brief, f.first,
		       s as session,
		       case when a.mode = 'return' or (a.session_id is not null and s.id is null)
				 or (a.session_id is not null and a.mode <> 'check'
				     and array_position(p_number, a.number) < a.ord)
				 or (a.given is not null
				     and (array_position(p_scan_id, a.given) < a.ord
					  or (select true from scanned_waybills e
					      where e.scan_id = a.given limit 1))) then null
			    when a.invalid is not null then 'invalid'
			    when s.state <> 'open' then 'session_closed'
			    -- Its own first scan may also be why a parcel cannot be scanned again.
			    when f.first is not null
				 and w.verdict in ('valid', 'wrong_status', 'already_dispatched')
			    then 'duplicate'
			    else coalesce(w.verdict, 'not_found')
		       end as result,
		       s.expected is not null and a.mode = 'dispatch'
		       and exists (select from session_expected e
				   where e.session_id = s.id and e.waybill_id = w.id) as listed
		from unnest(p_number, p_mode, p_session, p_scan_id, p_station, p_by, p_at, p_invalid)
			with ordinality as a (number, mode, session_id, given, station, by, at, invalid,
					      ord)
		left join session s on s.id = a.session_id
		left join lateral (
			select b.id, scan_verdict(a.mode, b.status) as verdict, row(
				b.waybill_number, b.status, b.receiver_name, b.destination, b.province,
				b.city, b.barangay, b.item_name, b.number_of_items, b.weight,
				b.express_type, b.cod_amount, b.remarks)::waybill_brief as brief
			from waybills b where b.waybill_number = a.number
			limit 1) w on true
		left join lateral (
			select json_build_object('scanned_at', e.scanned_at, 'scanned_by', e.scanned_by,
						 'station', e.station) as first
			from scanned_waybills e
			where e.session_id = s.id and e.waybill_number = a.number and e.mode = a.mode
			      and e.mode <> 'check' and e.result = 'valid' and e.voided_at is null
			limit 1) f on true
	), answered as (
		-- With the session's counters as each scan leaves them.
		select j.*, result = 'valid' and listed as found, row(
			result,
			case result when 'valid' then 'ok' when 'duplicate' then 'duplicate'
				    else 'error' end,
			number, mode, scan_id, scanned_at, by, station, brief,
			case result when 'duplicate' then first end,
			case when session_id is not null then row(
				session_id, (session).state, (session).station, (session).scanned_by,
				(session).valid
				+ sum((result = 'valid' and mode <> 'check')::integer) over before,
				(session).duplicate
				+ sum((result = 'duplicate')::integer) over before,
				(session).error
				+ sum((result not in ('valid', 'duplicate') and mode <> 'check')::integer)
				  over before,
				(session).expected,
				(session).missing - sum((result = 'valid' and listed)::integer) over before
			)::session_brief end)::scan_answer as answer
		from judged j
		-- In this order, so that two who record the same numbers wait but never deadlock.
		window before as (partition by session_id order by number, ord
				  rows unbounded preceding)
	), told as materialized (
		select ord, given, scan_id, number, waybill_id, session_id, mode, station, by, result,
		       scanned_at, found,
		       case when result = 'valid' then to_json(answer)::text
			    when result is not null then scan_refusal(answer, invalid) end as body
		from answered
	), recorded as (
		insert into scanned_waybills as r (scan_id, waybill_number, waybill_id, session_id,
						   mode, station, scanned_by, result, scanned_at, answer)
		select scan_id, number, waybill_id, session_id, mode, station, by, result, scanned_at,
		       case when given is not null then body end
		from told where result is not null
		on conflict do nothing
		returning r.scan_id
	), done as materialized (
		select t.* from told t
		where result is not null and scan_id = any (array(select r.scan_id from recorded r))
	), slot as materialized (
		-- Only now: whoever waits for another's row must not hold what that one waits for. Nor
		-- may one who looks for an unknown number's waybill, in the trigger behind all this.
		select case when pg_try_advisory_xact_lock(3, pg_backend_pid() % 16)
			    then (pg_backend_pid() % 16)::smallint else totals_slot() end as slot
		from (select count(*) as scans, count(*) filter (where result = 'not_found') as unknown
		      from done) d
		where scans > 0
		      and (unknown = 0 or pg_advisory_xact_lock_shared(7, 0)::text is not null)
	), counted as (
		insert into session_counters as c
		select session_id, slot, count(*) filter (where result = 'valid'),
		       count(*) filter (where result = 'duplicate'),
		       count(*) filter (where result not in ('valid', 'duplicate')),
		       count(*) filter (where found)
		from slot, done
		where session_id is not null and mode <> 'check'
		group by session_id, slot
		on conflict (session_id, slot) do update
		set valid = c.valid + excluded.valid, duplicate = c.duplicate + excluded.duplicate,
		    error = c.error + excluded.error, found = c.found + excluded.found
	), houred as (
		insert into scan_hours as h
		select date_trunc('hour', now()), coalesce(station, ''), coalesce(by, ''), slot,
		       count(*) filter (where result = 'valid'),
		       count(*) filter (where result = 'duplicate'),
		       count(*) filter (where result not in ('valid', 'duplicate')),
		       array_fill(0, array[minute - 1]) || count(*)::integer
		       || array_fill(0, array[60 - minute])
		from slot, done, (select extract(minute from now())::integer + 1 as minute) m
		group by coalesce(station, ''), coalesce(by, ''), slot, minute
		on conflict (hour, station, scanned_by, slot) do update
		set valid = h.valid + excluded.valid, duplicate = h.duplicate + excluded.duplicate,
		    error = h.error + excluded.error,
		    minutes[extract(minute from now())::integer + 1] =
			h.minutes[extract(minute from now())::integer + 1]
			+ excluded.minutes[extract(minute from now())::integer + 1]
	)
	select array_agg(case when result is not null
				   and scan_id = any (array(select r.scan_id from recorded r))
			 then scan_status(result) end order by ord),
	       array_agg(body order by ord)
	into v_status, v_body
	from told;
	for i in 1 .. cardinality(p_number) loop
		if v_status[i] is null
		   and (p_session[i] is null or p_session[i] = any (v_open)) then
			select r.status, r.body into v_one_status, v_one_body
			from scan_record(p_number[i], p_mode[i], p_session[i], p_scan_id[i],
					 p_station[i], p_by[i], p_at[i], p_invalid[i]) r;
			v_status[i] := v_one_status;
			v_body[i] := v_one_body;
		end if;
	end loop;
	return query select ord::integer, s, b
		     from unnest(v_status, v_body) with ordinality as u (s, b, ord);
end
$$;
