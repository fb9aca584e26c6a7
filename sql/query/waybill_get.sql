-- reads
-- A waybill and what happened to it, oldest first: at most 200 of its scans and changes.
-- $1 number, normalised
-- 200, or 404 waybill_not_found
with w as (
	select * from waybills where waybill_number = $1
), history as (
	select w.created_at as at, 0 as rank, 0::bigint as place, json_build_object(
		       'kind', 'upload', 'at', w.created_at, 'by', u.uploaded_by,
		       'upload_id', w.upload_id, 'file_name', u.file_name) as line
	from w left join uploads u on u.id = w.upload_id
	union all
	select * from (
		select s.received_at, 1, s.id, json_build_object(
			       'kind', 'scan', 'at', s.scanned_at, 'received_at', s.received_at,
			       'by', s.scanned_by, 'station', s.station, 'mode', s.mode,
			       'result', s.result, 'session_id', s.session_id,
			       'scan_id', s.scan_id, 'voided_at', s.voided_at,
			       'voided_by', s.voided_by)
		from scanned_waybills s where s.waybill_number = $1
		order by s.id desc limit 200) scans
	union all
	select * from (
		select e.changed_at, 2, e.id, json_build_object(
			       'kind', 'status', 'at', e.changed_at, 'by', e.changed_by,
			       'from', e.from_status, 'to', e.to_status, 'cause', e.cause,
			       'detail', e.detail)
		from w join waybill_events e on e.waybill_id = w.id
		order by e.id desc limit 200) changes
)
select coalesce(found.status, 404) as status,
       coalesce(found.body,
		json_build_object(
			'error', 'waybill_not_found', 'waybill_number', $1,
			'message', format('%s is not in any uploaded manifest.', $1),
			'history', (select coalesce(json_agg(line order by at, rank, place), '[]')
				    from history))::text) as body
from (select) as always
left join (select 200 as status, json_build_object(
	       'waybill_number', w.waybill_number, 'status', w.status,
	       'sender_name', w.sender_name, 'sender_address', w.sender_address,
	       'sender_phone', w.sender_phone, 'receiver_name', w.receiver_name,
	       'receiver_address', w.receiver_address, 'province', w.province, 'city', w.city,
	       'barangay', w.barangay, 'street', w.street, 'receiver_phone', w.receiver_phone,
	       'destination', w.destination, 'item_name', w.item_name,
	       'number_of_items', w.number_of_items, 'weight', w.weight,
	       'express_type', w.express_type, 'cod_amount', w.cod_amount,
	       'remarks', w.remarks, 'signing_time', w.signing_time,
	       'submission_time', w.submission_time, 'extra', w.extra,
	       'batch_ready', w.batch_ready, 'marked_pending_at', w.marked_pending_at,
	       'upload_id', w.upload_id, 'created_at', w.created_at,
	       'updated_at', w.updated_at,
	       'history', (select json_agg(line order by at, rank, place) from history))::text as body
	   from w) as found on true
