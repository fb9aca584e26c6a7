-- reads
-- A session's scans, those undone too, a page at a time.
-- $1 id   $2 result or null   $3 how many   $4 the last page's next
-- $5 order: oldest, or null for the newest first
-- 200, or 404 session_not_found
with listed as materialized (
	(select n.id as place, n.* from scanned_waybills n
	 where n.session_id = $1::bigint and $5 is distinct from 'oldest'
	       and n.id < coalesce(nullif($4, '')::bigint, 9223372036854775807)
	       and ($2 is null or n.result = $2)
	 order by n.id desc limit coalesce($3::integer, 100))
	union all
	(select -n.id, n.* from scanned_waybills n
	 where n.session_id = $1::bigint and $5 = 'oldest'
	       and n.id > coalesce(nullif($4, '')::bigint, 0)
	       and ($2 is null or n.result = $2)
	 order by n.id limit coalesce($3::integer, 100))
)
select coalesce(found.status, 404) as status,
       coalesce(found.body, session_not_found($1::bigint)) as body
from (select) as always
left join (
	select 200 as status, json_build_object(
		'session', session_json(s),
		'scans', (select coalesce(json_agg(scan_json(n) order by l.place desc), '[]')
			  from listed l join scanned_waybills n on n.id = l.id),
		'next', (select case when count(*) = coalesce($3::integer, 100)
				     then abs(min(place)) end from listed))::text as body
	from batch_sessions s where s.id = $1::bigint) as found on true
