-- plain
-- After the merge: which of the staged numbers were known before this upload is written down
-- for the sessions that will expect them.
-- $1 upload id
-- One row: how many of them are on hold
with known as materialized (
	select w.id, w.status = 'issue_pending' as on_hold
	from import_staging s join waybills w using (waybill_number)
	where w.upload_id is distinct from $1::bigint
), kept as (
	insert into upload_known (upload_id, waybill_ids)
	select $1::bigint, array_agg(id) from known having count(*) > 0
)
select count(*) filter (where on_hold) from known
