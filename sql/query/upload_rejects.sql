-- reads
-- The rows that an upload did not load and why, at most 10,000; upload_rejects_page has all.
-- $1 id or key
-- 200, or 404 upload_not_found
select coalesce(found.status, 404) as status,
       coalesce(found.body,
		json_build_object('error', 'upload_not_found', 'message',
				  format('There is no upload %s.', $1))::text) as body
from (select) as always
left join (select 200 as status, json_build_object(
		'id', u.id, 'rejected', u.rejected, 'duplicate', u.duplicate,
		'rejects', (select coalesce(json_agg(json_build_object(
				'row', r.row_number, 'kind', r.kind, 'column', r."column",
				'text', r.text, 'reason', r.reason, 'cells', r.cells)
				order by r.row_number), '[]')
			    from (select * from upload_rejects where upload_id = u.id
				  order by row_number limit 10000) r))::text as body
	   from upload_find($1) u) as found on true
