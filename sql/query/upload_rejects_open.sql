-- plain
-- Opens a cursor on an upload's rejects, for a transaction block: row number, kind, column, text,
-- reason, and the cells as a JSON array in the order of the headings given. They are found and
-- sorted once: a page at a time behind the last one's number, each page went through all the rest.
-- $1 id or key   $2 the headings (upload_headings), a JSON array
-- An earlier row of a number has its cells by the names of their fields.
-- $3 kind: rejected, duplicate or all
declare rejects no scroll cursor for
select r.row_number, r.kind, r."column", r.text, r.reason,
       (select coalesce(jsonb_agg(coalesce(r.cells -> h.heading, r.cells -> f.field)
				  order by h.place), '[]')
	from jsonb_array_elements_text($2::jsonb) with ordinality as h (heading, place)
	left join lateral (select e ->> 'field' as field from jsonb_array_elements(u.mapping) e
			   where r.kind = 'duplicate' and e ->> 'heading' = h.heading
			   limit 1) f on true) as cells
from upload_find($1) u join upload_rejects r on r.upload_id = u.id
where $3 = 'all' or r.kind = $3
order by r.row_number
