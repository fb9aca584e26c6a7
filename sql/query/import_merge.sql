-- plain
-- Staged rows to waybills: new numbers are inserted, known ones take over what the file says
-- and keep what it does not say, rows that change nothing are not written, and one on hold is
-- not touched. In the order of the numbers, so that two imports never wait for each other in a
-- circle.
-- $1 upload id   $2 batch: true marks them ready for a batch
-- $3, $4 true: ambiguous signing times, submission times are day first
-- $5 the file's headings by the fields that they name, a JSON object: what stands under one of
-- them in extra, because no sense could be made of it, goes when this file fills its field
-- One row: inserted, updated, known before, on hold among those
with staged as not materialized (
	select *, ctid as place,
	       case when $3::boolean then coalesce(signing_day_first, signing_time)
		    else signing_time end as signing,
	       case when $4::boolean then coalesce(submission_day_first, submission_time)
		    else submission_time end as submission
	from import_staging
), heading as materialized (
	select coalesce(array_agg(value), '{}') as names from jsonb_each_text($5::jsonb)
), found as materialized (
	select s.place, k.id, k.status = 'issue_pending' as on_hold,
	       case when k.id is null then true
		    when k.status = 'issue_pending' then false
		    -- The row that was there last.
		    when s.row_hash = k.row_hash
			 and (s.status = k.status
			      or (status_after(k.status, s.status) <> k.status) is not true)
			 and (k.batch_ready or not $2::boolean) then false
	       end as wanted -- null: its fields are to be looked at
	from staged s
	left join waybills k on k.waybill_number = s.waybill_number
), wanted as (
	select place from found where wanted
	union all
	select s.place
	from found f join staged s using (place) join waybills k on k.id = f.id
	where f.wanted is null and (
	      status_after(k.status, s.status) <> k.status
	      or ($2::boolean and not k.batch_ready)
	      or k.extra || s.extra <> k.extra
	      -- Whether the row fills that field is asked below, of the few that come so far.
	      or k.extra ?| (select names from heading)
		 and not coalesce(s.extra, '{}') @> k.extra
	      or (coalesce(s.sender_name, k.sender_name),
		  coalesce(s.sender_address, k.sender_address),
		  coalesce(s.sender_phone, k.sender_phone),
		  coalesce(s.receiver_name, k.receiver_name),
		  coalesce(s.receiver_address, k.receiver_address),
		  coalesce(s.province, k.province),
		  coalesce(s.city, k.city),
		  coalesce(s.barangay, k.barangay),
		  coalesce(s.street, k.street),
		  coalesce(s.receiver_phone, k.receiver_phone),
		  coalesce(s.destination, k.destination),
		  coalesce(s.item_name, k.item_name),
		  coalesce(s.number_of_items, k.number_of_items),
		  coalesce(s.weight, k.weight),
		  coalesce(s.express_type, k.express_type),
		  coalesce(s.cod_amount, k.cod_amount),
		  coalesce(s.remarks, k.remarks),
		  coalesce(s.signing, k.signing_time),
		  coalesce(s.submission, k.submission_time))
		 is distinct from
		 (k.sender_name, k.sender_address, k.sender_phone, k.receiver_name,
		  k.receiver_address, k.province, k.city, k.barangay, k.street, k.receiver_phone,
		  k.destination, k.item_name, k.number_of_items, k.weight, k.express_type,
		  k.cod_amount, k.remarks, k.signing_time, k.submission_time))
), kept as (
	-- For the sessions that will expect them.
	insert into upload_known (upload_id, waybill_ids)
	select $1::bigint, array_agg(id) from found where id is not null having count(*) > 0
), merged as (
	insert into waybills as w (
		waybill_number, sender_name, sender_address, sender_phone, receiver_name,
		receiver_address, province, city, barangay, street, receiver_phone, destination,
		item_name, number_of_items, weight, express_type, cod_amount, remarks, status,
		signing_time, submission_time, extra, batch_ready, upload_id, row_hash)
	select s.waybill_number, s.sender_name, s.sender_address, s.sender_phone,
	       s.receiver_name, s.receiver_address, s.province, s.city, s.barangay, s.street,
	       s.receiver_phone, s.destination, s.item_name, s.number_of_items, s.weight, s.express_type,
	       s.cod_amount, s.remarks, coalesce(s.status, 'pending'), s.signing,
	       s.submission, coalesce(s.extra, '{}'), $2::boolean, $1::bigint, s.row_hash
	from staged s join wanted f using (place)
	order by s.waybill_number
	on conflict (waybill_number) do update set
		sender_name = coalesce(excluded.sender_name, w.sender_name),
		sender_address = coalesce(excluded.sender_address, w.sender_address),
		sender_phone = coalesce(excluded.sender_phone, w.sender_phone),
		receiver_name = coalesce(excluded.receiver_name, w.receiver_name),
		receiver_address = coalesce(excluded.receiver_address, w.receiver_address),
		province = coalesce(excluded.province, w.province),
		city = coalesce(excluded.city, w.city),
		barangay = coalesce(excluded.barangay, w.barangay),
		street = coalesce(excluded.street, w.street),
		receiver_phone = coalesce(excluded.receiver_phone, w.receiver_phone),
		destination = coalesce(excluded.destination, w.destination),
		item_name = coalesce(excluded.item_name, w.item_name),
		number_of_items = coalesce(excluded.number_of_items, w.number_of_items),
		weight = coalesce(excluded.weight, w.weight),
		express_type = coalesce(excluded.express_type, w.express_type),
		cod_amount = coalesce(excluded.cod_amount, w.cod_amount),
		remarks = coalesce(excluded.remarks, w.remarks),
		-- A file without a status gives 'pending', which moves nothing forward.
		status = status_after(w.status, excluded.status),
		signing_time = coalesce(excluded.signing_time, w.signing_time),
		submission_time = coalesce(excluded.submission_time, w.submission_time),
		extra = case when w.extra ?| (select names from heading)
			then extra_left(w.extra, to_jsonb(excluded), $5::jsonb)
			else w.extra end || excluded.extra,
		batch_ready = w.batch_ready or excluded.batch_ready,
		updated_at = now(), row_hash = excluded.row_hash
	-- Asked again of a row that another transaction has brought or changed meanwhile.
	where w.status <> 'issue_pending' and (
	      status_after(w.status, excluded.status) <> w.status
	      or (excluded.batch_ready and not w.batch_ready)
	      or w.extra || excluded.extra <> w.extra
	      or w.extra ?| (select names from heading)
		 and extra_left(w.extra, to_jsonb(excluded), $5::jsonb) || excluded.extra <> w.extra
	      or (coalesce(excluded.sender_name, w.sender_name),
		  coalesce(excluded.sender_address, w.sender_address),
		  coalesce(excluded.sender_phone, w.sender_phone),
		  coalesce(excluded.receiver_name, w.receiver_name),
		  coalesce(excluded.receiver_address, w.receiver_address),
		  coalesce(excluded.province, w.province),
		  coalesce(excluded.city, w.city),
		  coalesce(excluded.barangay, w.barangay),
		  coalesce(excluded.street, w.street),
		  coalesce(excluded.receiver_phone, w.receiver_phone),
		  coalesce(excluded.destination, w.destination),
		  coalesce(excluded.item_name, w.item_name),
		  coalesce(excluded.number_of_items, w.number_of_items),
		  coalesce(excluded.weight, w.weight),
		  coalesce(excluded.express_type, w.express_type),
		  coalesce(excluded.cod_amount, w.cod_amount),
		  coalesce(excluded.remarks, w.remarks),
		  coalesce(excluded.signing_time, w.signing_time),
		  coalesce(excluded.submission_time, w.submission_time))
		 is distinct from
		 (w.sender_name, w.sender_address, w.sender_phone, w.receiver_name,
		  w.receiver_address, w.province, w.city, w.barangay, w.street, w.receiver_phone,
		  w.destination, w.item_name, w.number_of_items, w.weight, w.express_type,
		  w.cod_amount, w.remarks, w.signing_time, w.submission_time))
	-- Only a row that was there already has been locked by us on the way.
	returning xmax = 0 as inserted
)
select (select count(*) from merged where inserted),
       (select count(*) from merged where not inserted), count(id), count(*) filter (where on_hold)
from found
