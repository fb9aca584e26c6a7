-- reads
-- One part of a kept file's bytes, as hexadecimal digits.
-- $1 id   $2 part, from 0
select encode(bytes, 'hex') as bytes from preview_files
where preview_id = $1::uuid and part = $2::integer
