-- A scan that is found again is told only when the standby has it.
--
-- While the standby is away, a scan's commit waits for it. When the primary crashes meanwhile, the
-- scan is there afterwards, on that host alone; a transaction that only looks waits for nobody,
-- and would answer "valid" for something that goes with the host. So what finds it writes a word to
-- the log, which nobody reads: its own commit then waits for the standby to have all before it.

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
