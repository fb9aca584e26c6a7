-- plain
-- After a merge that met numbers which others had brought meanwhile: which of the staged numbers
-- another upload brought is written down anew for the sessions that will expect them.
-- $1 upload id
-- One row: how many of them are on hold
with known as materialized (
	select w.id, w.status = 'issue_pending' as on_hold
	from import_staging s join waybills w using (waybill_number)
	where w.upload_id is distinct from $1::bigint
), kept as (
	insert into upload_known as k (upload_id, waybill_ids)
	select $1::bigint, array_agg(id) from known having count(*) > 0
	on conflict (upload_id) do update set waybill_ids = excluded.waybill_ids
)
select count(*) filter (where on_hold) from known
