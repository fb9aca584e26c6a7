-- A queue worker's task begins to load an upload; from here on this connection holds its lock.
-- $1 id   $2 job   $3 claim
-- 0: go on; 409: it was cancelled; 410: the job is another's
select upload_take($1::bigint, $2::bigint, $3)
