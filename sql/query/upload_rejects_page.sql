-- reads
-- Rejects as rows, a page at a time: row number, kind, column, text, reason, and the cells
-- as a JSON array in the order of the headings given.
-- $1 id or key   $2 behind this row number (0: the first page)   $3 how many
-- An earlier row of a number has its cells by the names of their fields.
-- $4 the headings (upload_headings), a JSON array   $5 kind: rejected, duplicate or all
select r.row_number, r.kind, r."column", r.text, r.reason,
       (select coalesce(jsonb_agg(coalesce(r.cells -> h.heading, r.cells -> f.field)
				  order by h.place), '[]')
	from jsonb_array_elements_text($4::jsonb) with ordinality as h (heading, place)
	left join lateral (select e ->> 'field' as field from jsonb_array_elements(u.mapping) e
			   where r.kind = 'duplicate' and e ->> 'heading' = h.heading
			   limit 1) f on true) as cells
from upload_find($1) u join upload_rejects r on r.upload_id = u.id
where r.row_number > $2::bigint and ($5 = 'all' or r.kind = $5)
order by r.row_number
limit $3::integer
