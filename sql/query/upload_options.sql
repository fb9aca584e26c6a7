-- reads
-- What a queue worker must know to load an upload.
-- $1 id   $2 job
select u.file_name, u.uploaded_by, u.dry_run, u.strict, u.batch, j.payload ->> 'sheet' as sheet,
       u.file_size, u.file_crc32, j.payload ->> 'columns' as columns
from uploads u, jobs j
where u.id = $1::bigint and j.id = $2::bigint
