-- Keeps a file that is looked at; at most 16 of them, the oldest go first.
-- $1 file name   $2 size   $3 CRC-32
-- its id
with dropped as materialized (select previews_drop(15))
insert into previews (file_name, file_size, file_crc32)
select $1, $2::bigint, $3::bigint from dropped
returning id
