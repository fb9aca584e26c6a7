-- plain
-- The file's rows straight into the table, all of them new: the fields in the order of enum
-- field, the other columns, whether they are ready for a batch, the upload, the row's hash. A
-- unique violation when a number is known or comes twice.
copy waybills (
	waybill_number, status, sender_name, sender_phone, sender_address, receiver_name,
	receiver_phone, receiver_address, province, city, barangay, street, destination, weight,
	number_of_items, express_type, cod_amount, remarks, item_name, signing_time,
	submission_time, extra, batch_ready, upload_id, row_hash)
from stdin
