-- reads
-- What a session expects and has no valid scan of, a page at a time.
-- $1 id   $2 how many   $3 behind this waybill's id
-- 200, or 404 session_not_found
with listed as materialized (
	select w.id, w.waybill_number, w.status, w.receiver_name, w.receiver_phone,
	       w.destination, w.weight, w.cod_amount, w.upload_id, w.marked_pending_at,
	       (select json_build_object('session_id', n.session_id, 'station', n.station,
					 'scanned_by', n.scanned_by, 'scanned_at', n.scanned_at)
		from (select * from scanned_waybills
		      where waybill_number = w.waybill_number offset 0) n
		where n.mode = 'dispatch' and n.result = 'valid' and n.voided_at is null
		order by n.id desc limit 1) as scanned_elsewhere
	from session_expected x join waybills w on w.id = x.waybill_id
	where x.session_id = $1::bigint
	      and x.waybill_id > coalesce(nullif($3, '')::bigint, 0)
	      -- Parcel by parcel, as in session_dispatch().
	      and (select true from scanned_waybills n
		   where n.session_id = $1::bigint and n.waybill_number = w.waybill_number
			 and n.mode = 'dispatch' and n.mode <> 'check'
			 and n.result = 'valid' and n.voided_at is null
		   limit 1) is null
	order by x.waybill_id
	limit coalesce($2::integer, 100)
)
select coalesce(found.status, 404) as status,
       coalesce(found.body, session_not_found($1::bigint)) as body
from (select) as always
left join (
	select 200 as status, json_build_object(
		'session', session_json(s),
		'missing', (select coalesce(json_agg(to_jsonb(l) - 'id' order by l.id), '[]')
			    from listed l),
		'next', (select case when count(*) = coalesce($2::integer, 100) then max(id) end
			 from listed))::text as body
	from batch_sessions s where s.id = $1::bigint) as found on true
