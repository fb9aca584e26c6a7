-- reads
-- Rejects as rows, a page at a time: row number, kind, column, text, reason, cells (JSON).
-- $1 id or key   $2 behind this row number (0: the first page)   $3 how many
select r.row_number, r.kind, r."column", r.text, r.reason, r.cells
from upload_find($1) u join upload_rejects r on r.upload_id = u.id
where r.row_number > $2::bigint
order by r.row_number
limit $3::integer
