-- reads
-- The headings of an upload's file, in its order, each with the upload's id; one row with a
-- null heading when the file had none, no row when there is no such upload.
-- $1 id or key
select u.id, m.entry ->> 'heading' as heading
from upload_find($1) u
left join jsonb_array_elements(u.mapping) with ordinality as m (entry, place) on true
order by m.place
