-- A row of a file that comes again as it was is known by its hash (parse/row_hash.h), without a
-- look at its fields: the one that last wrote the waybill. Null: compare the fields.
alter table waybills add column row_hash bigint;

-- Whoever changes what a file has said, and does not know of the hash, takes it away: a server of
-- the release before, a hand.
create function waybill_row_hash() returns trigger language plpgsql as $$
begin
	new.row_hash := null;
	return new;
end
$$;

create trigger waybills_row_hash
	before update of sender_name, sender_address, sender_phone, receiver_name,
			 receiver_address, province, city, barangay, street, receiver_phone,
			 destination, item_name, number_of_items, weight, express_type, cod_amount,
			 remarks, signing_time, submission_time, extra
	on waybills for each row
	when (old.row_hash is not null and new.row_hash is not distinct from old.row_hash
	      and (old.sender_name, old.sender_address, old.sender_phone, old.receiver_name,
		   old.receiver_address, old.province, old.city, old.barangay, old.street,
		   old.receiver_phone, old.destination, old.item_name, old.number_of_items, old.weight,
		   old.express_type, old.cod_amount, old.remarks, old.signing_time,
		   old.submission_time, old.extra)
		  is distinct from
		  (new.sender_name, new.sender_address, new.sender_phone, new.receiver_name,
		   new.receiver_address, new.province, new.city, new.barangay, new.street,
		   new.receiver_phone, new.destination, new.item_name, new.number_of_items, new.weight,
		   new.express_type, new.cod_amount, new.remarks, new.signing_time,
		   new.submission_time, new.extra))
	execute function waybill_row_hash();
