-- The task that was loading an upload is gone. One that is locked is just being committed.
-- $1 id   $2 error code   $3 message for a person
-- One row with the id; none: it is over already
with its as (
	select id from uploads where id = $1::bigint and state = 'processing'
	for update skip locked
)
update uploads u set state = 'failed', error = $2, message = $3, finished_at = clock_timestamp()
from its
where u.id = its.id
returning u.id
