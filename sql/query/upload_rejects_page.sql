-- reads
-- Rejects as rows, a page at a time: row number, kind, column, text, reason, and the cells
-- as a JSON array in the order of the file's headings (see upload_headings).
-- $1 id or key   $2 behind this row number (0: the first page)   $3 how many
select r.row_number, r.kind, r."column", r.text, r.reason,
       (select coalesce(jsonb_agg(r.cells -> (m.entry ->> 'heading') order by m.place), '[]')
	from jsonb_array_elements(u.mapping) with ordinality as m (entry, place)) as cells
from upload_find($1) u join upload_rejects r on r.upload_id = u.id
where r.row_number > $2::bigint
order by r.row_number
limit $3::integer
