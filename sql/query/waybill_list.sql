-- reads
-- Waybills that fit (see waybill_find() in the migrations for the order).
-- $1 q: any part of the number, names, phones, destination   $2 status   $3 upload id
-- $4, $5 from, to: when they were first uploaded   $6 how many   $7 the last page's next
-- A page may be short, even empty, and still have a next.
select 200 as status, json_build_object(
	'waybills', (select coalesce(json_agg(json_build_object(
			'waybill_number', w.waybill_number, 'status', w.status,
			'receiver_name', w.receiver_name, 'receiver_phone', w.receiver_phone,
			'sender_name', w.sender_name, 'sender_phone', w.sender_phone,
			'destination', w.destination, 'item_name', w.item_name,
			'weight', w.weight, 'cod_amount', w.cod_amount,
			'batch_ready', w.batch_ready, 'upload_id', w.upload_id,
			'marked_pending_at', w.marked_pending_at,
			'created_at', w.created_at, 'updated_at', w.updated_at) order by i.place), '[]')
		     from unnest(f.ids) with ordinality as i (id, place) join waybills w using (id)),
	'next', f.next)::text as body
from waybill_find(nullif(trim($1), ''), nullif($2, ''), nullif($3, '')::bigint,
		  nullif($4, '')::timestamptz, time_until(nullif($5, '')), nullif($7, ''),
		  coalesce($6::integer, 50), 20000) f
