-- plain
-- Of a number's rows the last counts; the earlier ones leave the staging table and are
-- reported.
-- $1 upload id
-- One row: how many
with repeated as (
	select waybill_number, max(row_number) as last
	from import_staging
	group by waybill_number having count(*) > 1
), dropped as (
	delete from import_staging s using repeated r
	where s.waybill_number = r.waybill_number and s.row_number <> r.last
	returning r.last, s.*
), reported as (
	insert into upload_rejects (upload_id, row_number, kind, text, reason, cells)
	select $1::bigint, row_number, 'duplicate', waybill_number,
	       format('row %s has the same waybill number; the later row counts', last),
	       jsonb_strip_nulls(to_jsonb(d) - array['last', 'row_number', 'row_hash', 'extra',
				 'signing_day_first', 'submission_day_first'])
	       || coalesce(extra, '{}')
	from dropped d
	returning 1
)
select count(*) from reported
