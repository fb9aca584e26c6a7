-- reads
-- The columns that were chosen the last time for a file with such headings.
-- $1 the keys of its first rows, a JSON array in the order of their worth
-- One row or none: key, columns (a JSON array of "field=heading"), by whom, on which day
select c.headings_key, c.columns::text, c.chosen_by, c.chosen_at::date
from jsonb_array_elements_text($1::jsonb) with ordinality as k (key, place)
join upload_columns c on c.headings_key = k.key
order by k.place limit 1
