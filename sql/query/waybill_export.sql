-- reads
-- Waybills that fit as rows of a table, a page at a time: the cells as a JSON array, and
-- where to go on (null: that was the last page). At least one row, with null cells when the
-- page is empty.
-- $1 to $5 as in waybill_list   $6 the last page's next
select case when w.id is not null then to_json(array[
	       w.waybill_number, w.status, w.sender_name, w.sender_phone, w.sender_address,
	       w.receiver_name, w.receiver_phone, w.receiver_address, w.province, w.city,
	       w.barangay, w.street, w.destination, w.item_name, w.number_of_items::text,
	       w.weight::text, w.express_type, w.cod_amount::text, w.remarks,
	       to_char(w.signing_time, 'YYYY-MM-DD HH24:MI:SS'),
	       to_char(w.submission_time, 'YYYY-MM-DD HH24:MI:SS')]) end
	       as cells, f.next
from waybill_find(nullif(trim($1), ''), nullif($2, ''), nullif($3, '')::bigint,
		  nullif($4, '')::timestamptz, time_until(nullif($5, '')), nullif($6, ''),
		  1000, 20000) f
left join lateral unnest(f.ids) with ordinality as i (id, place) on true
left join waybills w on w.id = i.id
order by i.place
