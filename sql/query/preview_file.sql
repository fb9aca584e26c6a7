-- reads
-- A file that was looked at; no row when it is not kept any more.
-- $1 id
select id, file_name, file_size, file_crc32 from previews
where id::text = lower($1) and kept_at >= clock_timestamp() - interval '1 hour'
