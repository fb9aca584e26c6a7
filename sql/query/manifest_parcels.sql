-- reads
-- A manifest's parcels in the order of their numbers, a page at a time.
-- $1 session   $2 how many   $3, $4 behind this number and mode ('' at first)
select n.waybill_number, n.mode, w.receiver_name,
       coalesce(nullif(w.destination, ''), w.city) as destination,
       w.number_of_items::text as items, trim_scale(w.weight)::text as weight,
       trim_scale(w.cod_amount)::text as cod,
       to_char(w.cod_amount, 'FM999,999,999,999,999,990.00') as cod_shown,
       to_char(n.scanned_at, 'YYYY-MM-DD HH24:MI:SS') as scanned, n.scanned_by, n.station,
       w.status,
       json_build_object(
		'waybill_number', n.waybill_number, 'mode', n.mode, 'status', w.status,
		'receiver_name', w.receiver_name,
		'destination', coalesce(nullif(w.destination, ''), w.city),
		'items', w.number_of_items, 'weight', w.weight, 'cod_amount', w.cod_amount,
		'scanned_at', n.scanned_at, 'scanned_by', n.scanned_by,
		'station', n.station)::text as body
from scanned_waybills n left join waybills w on w.id = n.waybill_id
where n.session_id = $1::bigint and n.mode <> 'check' and n.result = 'valid'
      and n.voided_at is null and (n.waybill_number, n.mode) > ($3, $4)
order by n.waybill_number, n.mode
limit $2::integer
