-- An attempt at a job has failed.
-- $1 id   $2 claim   $3 transient: true when another attempt may succeed
-- $4 error code   $5 message for a person   $6 what the log says
-- One row: retried, failed, cancelled, or lost (it is another's, or over)
select job_failed($1::bigint, $2, $3::boolean, $4, $5, $6)
