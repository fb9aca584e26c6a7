-- A session may stay open for weeks: a duplicate tells the day of its first scan, when that was
-- not today.
create or replace function scan_message(a scan_answer, p_invalid text)
returns text language sql stable as $$
	select case a.result
	when 'duplicate' then
		format('%s was already scanned in this session %s', a.waybill_number,
		       to_char((a.first ->> 'scanned_at')::timestamptz, case
			when (a.first ->> 'scanned_at')::timestamptz::date = current_date
			then '"at" HH24:MI:SS' else '"on" YYYY-MM-DD "at" HH24:MI:SS' end))
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
