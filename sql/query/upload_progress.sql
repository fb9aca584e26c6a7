-- How far an upload is, and whether its user still wants it.
-- $1 id   $2 rows that were read; 0: it begins to read (again)   $3 bytes of the file so far
-- $4 of how many   $5 reading or merging   $6 whether rows go straight into the table
-- One row: whether it was cancelled; none: it is over
update uploads
set rows_done = $2::bigint, bytes_done = $3::bigint, bytes_total = $4::bigint, phase = $5,
    direct = $6::boolean, progress_at = clock_timestamp(),
    loading_at = case when $2::bigint = 0 then clock_timestamp() else loading_at end,
    merging_at = case when $5 = 'merging' then clock_timestamp() end
where id = $1::bigint and state = 'processing'
returning cancel_asked_at is not null as cancelled
