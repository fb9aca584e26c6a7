-- One upload with its first 100 rejects; one whose loader died is marked as failed.
-- $1 id or key
-- 200, or 404 upload_not_found
with named as materialized (
	select * from upload_find($1)
), orphan as (
	update uploads u
	set state = 'failed', error = 'importer_died', message = upload_orphan_message(),
	    finished_at = now()
	from named n
	where u.id = n.id and n.state = 'processing' and u.state = 'processing'
	      and not upload_alive(n.id)
	returning u.id
)
select coalesce(found.status, 404) as status,
       coalesce(found.body,
		json_build_object('error', 'upload_not_found', 'message',
				  format('There is no upload %s.', $1))::text) as body
from (select) as always
left join (select 200 as status, upload_json(named::uploads, true)::text as body
	   from named) as found on true
