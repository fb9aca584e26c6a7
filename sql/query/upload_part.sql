-- reads
-- One part of a queued upload's bytes, as hexadecimal digits.
-- $1 id   $2 part, from 0
select encode(bytes, 'hex') as bytes from upload_files
where upload_id = $1::bigint and part = $2::integer
