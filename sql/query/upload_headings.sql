-- reads
-- The columns of an upload's rejects: the headings of its file in their order, then what stood
-- beyond them ("Column F"), each with the upload's id, whether dates in it that read both ways are
-- day first, and whether it has the waybill numbers; one row with a null heading when there are none,
-- no row when there is no such upload.
-- $1 id or key
select u.id, h.heading, h.day_first, h.is_number
from upload_find($1) u
left join lateral (
	select m.entry ->> 'heading' as heading, m.place, 0 as size,
	       coalesce((m.entry ->> 'day_first')::boolean, false) as day_first,
	       m.entry ->> 'field' = 'waybill_number' as is_number
	from jsonb_array_elements(u.mapping) with ordinality as m (entry, place)
	union all
	select distinct k.key, 1000000, length(k.key), false, false
	from (select distinct r.kind, jsonb_object_keys(r.cells) as key from upload_rejects r
	      where r.upload_id = u.id) k
	-- an earlier row of a number has most of its cells by their fields' names
	where (k.kind = 'rejected' or k.key like 'Column %') and not exists (select from jsonb_array_elements(u.mapping) e
			  where e ->> 'heading' = k.key)
) h on true
order by h.place, h.size, h.heading collate "C"
