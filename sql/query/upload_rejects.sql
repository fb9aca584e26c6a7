-- reads
-- The rows that an upload did not load and why, in their order, a page at a time.
-- $1 id or key   $2 kind: rejected, duplicate or all   $3 how many, or null: 10,000   $4 behind this row,
-- or null
-- 200, or 404 upload_not_found
with listed as materialized (
	select r.* from upload_find($1) u join upload_rejects r on r.upload_id = u.id
	where ($2 = 'all' or r.kind = $2) and r.row_number > coalesce(nullif($4, '')::bigint, 0)
	order by r.row_number limit coalesce($3::integer, 10000) + 1
), page as (
	select * from listed order by row_number limit coalesce($3::integer, 10000)
)
select coalesce(found.status, 404) as status,
       coalesce(found.body, upload_not_found($1)) as body
from (select) as always
left join (select 200 as status, json_build_object(
		'id', u.id, 'rejected', u.rejected,
		'unreadable', coalesce(u.unreadable, u.rejected), 'duplicate', u.duplicate,
		'rejects', (select coalesce(json_agg(json_build_object(
				'row', r.row_number, 'kind', r.kind, 'column', r."column",
				'text', r.text, 'reason', r.reason, 'cells', r.cells)
				order by r.row_number), '[]') from page r),
		'next', (select max(row_number) from page
			 having (select count(*) from listed) > coalesce($3::integer, 10000)))::text as body
	   from upload_find($1) u) as found on true
