-- An undo of an upload and the scans: none finds a parcel that is gone when it is told so.

-- The same as scans_without_parcel(), of the last p_last scans alone.
create function scans_without_parcel(p_last bigint) returns setof bigint language sql stable as $$
	select s.id from scanned_waybills s
	where s.id > (select max(id) from scanned_waybills) - p_last and s.waybill_id is not null
	      and not exists (select from waybills w where w.id = s.waybill_id)
$$;

-- Takes an upload back: the parcels that it brought, that nobody has scanned, dispatched or
-- changed since. What it changed of known ones stays. Asked again it looks again at what it
-- kept. Imports wait for it, as it does for them (lock (6, 0)): none may take a parcel for
-- known that goes. Scans go on while the rows are removed, and wait for the last look and the
-- commit alone: when one of those was scanned in the meantime everything is done once more
-- without it; only when that was in vain three times they are held up from the beginning. A
-- scan locks its table before it looks for its parcel (scan_record()), so that each is seen
-- here, or sees what was removed here. Who holds that table for longer may wait for one of our
-- rows: then it is we who step back, before PostgreSQL ends one of both.
create or replace function upload_undo(p_name text, p_by text, out status integer, out body text)
language plpgsql as $$
declare
	u uploads;
	v_before bigint[];
	v_removed bigint;
	v_reasons jsonb;
	v_kept bigint;
	v_patience text := current_setting('lock_timeout');
begin
	select * into u from uploads
	where id = (select f.id from upload_find(p_name) f) for update;
	if not found then
		status := 404;
		body := upload_not_found(p_name);
		return;
	elsif u.state <> 'completed' or u.dry_run then
		status := 409;
		body := upload_error(u, 'upload_not_completed',
			case when u.dry_run then 'This was a rehearsal: nothing of it was loaded.'
			     when u.state in ('queued', 'processing') and upload_alive(u.id)
			     then 'This file is not loaded yet: cancel the upload instead.'
			     else 'Nothing of this file was loaded.' end);
		return;
	end if;
	status := 200;
	if u.undone_at is not null and (u.undo ->> 'kept')::bigint = 0 then
		body := upload_json(u, false);
		return;
	end if;
	perform pg_advisory_xact_lock(6, 0);
	perform set_config('waybill.cause', json_build_object(
		'cause', 'upload', 'by', p_by,
		'detail', json_build_object('upload_id', u.id, 'undo', true))::text, true);
	v_before := array(select scans_without_parcel());
	for attempt in 1 .. 9 loop
		begin
			if attempt > 3 then
				set local lock_timeout = '300ms';
				lock table scanned_waybills in share mode;
			end if;
			select r.removed, r.reasons into v_removed, v_reasons
			from upload_undo_rows(u) r;
			if exists (select from scans_without_parcel() s where s <> all (v_before)) then
				raise sqlstate 'WB001';
			end if;
			set local lock_timeout = '300ms';
			lock table scanned_waybills in share mode;
			exit when not exists (select from scans_without_parcel(10000) s
					      where s <> all (v_before));
			raise sqlstate 'WB001';
		exception when sqlstate 'WB001' or lock_not_available then
			if attempt = 9 then
				raise;
			end if; -- and the rows are there again
		end;
	end loop;
	perform set_config('lock_timeout', v_patience, true);
	v_kept := (select coalesce(sum((r ->> 'count')::bigint), 0)
		   from jsonb_array_elements(v_reasons) r);
	update uploads
	set undone_at = now(), undone_by = p_by,
	    undo = jsonb_build_object(
		'removed', v_removed + coalesce((u.undo ->> 'removed')::bigint, 0),
		'kept', v_kept, 'reasons', v_reasons, 'updated', u.updated)
	where id = u.id returning * into u;
	body := upload_json(u, false);
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
	v_valid integer;
	v_duplicate integer;
	v_minute integer := extract(minute from now())::integer + 1;
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
	-- An undo of an upload has this lock when it looks whose parcels it removes were scanned: the
	-- scan is seen there, or waits and then does not find its parcel. (What only one statement
	-- records, as in scan_together(), has the lock before it begins to look.)
	lock table scanned_waybills in row exclusive mode;
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
	v_valid := (v_result = 'valid')::integer;
	v_duplicate := (v_result = 'duplicate')::integer;
	if p_session is not null and p_mode <> 'check' then
		update session_counters c
		set valid = c.valid + v_valid, duplicate = c.duplicate + v_duplicate,
		    error = c.error + 1 - v_valid - v_duplicate, found = c.found + v_found::integer
		where session_id = p_session and slot = v_slot;
		if not found then
			perform session_count(array[p_session], array[v_result], array[v_found], v_slot);
		end if;
	end if;
	update scan_hours h
	set valid = h.valid + v_valid, duplicate = h.duplicate + v_duplicate,
	    error = h.error + 1 - v_valid - v_duplicate, minutes[v_minute] = h.minutes[v_minute] + 1
	where hour = date_trunc('hour', now()) and station = coalesce(p_station, '')
	      and scanned_by = coalesce(p_by, '') and slot = v_slot;
	if not found then
		perform scan_count(array[v_result], array[p_station], array[p_by], v_slot);
	end if;
end
$$;
