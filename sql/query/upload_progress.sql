-- How many rows were read so far.
-- $1 id   $2 rows
update uploads set rows_done = $2::bigint where id = $1::bigint and state = 'processing'
