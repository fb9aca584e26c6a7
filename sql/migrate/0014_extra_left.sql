-- What is left of a waybill's other columns when a later file fills fields of it: a text that was
-- kept under the heading of a field, because no sense could be made of it, has had its day. A row
-- that says pending may say so because it says nothing, and takes no unknown status away.
-- p_row: the row, its fields by name   p_headings: headings by the fields that they name
create function extra_left(p_extra jsonb, p_row jsonb, p_headings jsonb) returns jsonb
language sql immutable as $$
	select p_extra - array(
		select value from jsonb_each_text(p_headings)
		where p_row ->> key is not null and (key <> 'status' or p_row ->> key <> 'pending'))
$$;
