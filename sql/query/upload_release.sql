-- The import is over: gives back the lock that upload_begin took.
-- $1 id
select not waybill_pooled() and pg_advisory_unlock_shared(1, ($1::bigint % 2147483647)::integer)
