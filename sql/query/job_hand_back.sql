-- A worker that is told to stop puts its job back into the queue.
-- $1 id   $2 claim
select job_hand_back($1::bigint, $2)
