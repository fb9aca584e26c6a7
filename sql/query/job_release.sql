-- Gives back the lock that job_claim.sql took.
-- $1 id
select not waybill_pooled() and pg_advisory_unlock_shared(5, job_lock($1::bigint))
