-- reads
-- A batch session and its counters.
-- $1 id
-- 200, or 404 session_not_found
select coalesce(found.status, 404) as status,
       coalesce(found.body,
		json_build_object('error', 'session_not_found', 'message',
				  format('There is no session %s.', $1))::text) as body
from (select) as always
left join (select 200 as status, session_json(s)::text as body
	   from batch_sessions s where s.id = $1::bigint) as found on true
