-- The bytes of a queued upload are complete: its job, and a word to the queue workers.
-- $1 id   $2 options that its row does not hold, a JSON object: sheet
select 202 as status, upload_enqueued($1::bigint, $2::jsonb)::text as body
