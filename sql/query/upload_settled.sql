-- After a COMMIT whose outcome is unknown: waits until the import's transaction is over
-- and tells how it ended.
-- $1 id
-- 200 with the upload when it is loaded, 503 when it is not
select case when u.state = 'completed' then 200 else 503 end as status,
       upload_json(u, true)::text as body
from upload_settled($1::bigint) u
