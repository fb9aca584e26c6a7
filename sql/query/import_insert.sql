-- plain
-- All staged rows to waybills, as if none of their numbers were known: a quarter faster than
-- import_merge.sql, and a unique violation when one is. The same columns in the same order.
-- $1 upload id   $2 batch: true marks them ready for a batch
-- $3, $4 true: ambiguous signing times, submission times are day first
insert into waybills (
	waybill_number, sender_name, sender_address, sender_phone, receiver_name,
	receiver_address, province, city, barangay, street, receiver_phone, destination,
	item_name, number_of_items, weight, express_type, cod_amount, remarks, status,
	signing_time, submission_time, extra, batch_ready, upload_id)
select waybill_number, sender_name, sender_address, sender_phone, receiver_name,
       receiver_address, province, city, barangay, street, receiver_phone, destination,
       item_name, number_of_items, weight, express_type, cod_amount, remarks,
       coalesce(status, 'pending'),
       case when $3::boolean then coalesce(signing_day_first, signing_time)
	    else signing_time end,
       case when $4::boolean then coalesce(submission_day_first, submission_time)
	    else submission_time end,
       coalesce(extra, '{}'), $2::boolean, $1::bigint
from import_staging
order by waybill_number
