-- reads
-- What a parcel's label shows.
-- $1 number, normalised
-- No row: there is no such waybill.
select w.waybill_number, coalesce(nullif(w.destination, ''), w.city) as destination,
       w.receiver_name, w.receiver_phone,
       coalesce(nullif(w.receiver_address, ''), w.street) as address,
       nullif(concat_ws(', ', nullif(w.barangay, ''), nullif(w.city, ''),
			nullif(w.province, '')), '') as place,
       w.sender_name, w.sender_phone, w.sender_address, w.item_name,
       w.number_of_items::text as items, trim_scale(w.weight)::text as weight, w.express_type,
       case when w.cod_amount > 0
	    then to_char(w.cod_amount, 'FM999,999,999,999,999,990.00') end as cod,
       w.remarks, to_char(now(), 'YYYY-MM-DD HH24:MI') as printed
from waybills w where w.waybill_number = $1
