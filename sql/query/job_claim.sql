-- Takes the next job; this connection holds its lock until job_release.sql.
-- $1 host and process
-- One row, or none when nothing waits
select id, kind, upload_id, locked_by, attempts from job_claim($1)
