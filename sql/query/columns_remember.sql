-- Columns are as chosen for the next file with such headings, too.
-- $1 the headings' key   $2 a JSON array of "field=heading"   $3 who, or null
insert into upload_columns as c (headings_key, columns, chosen_by)
values ($1, $2::jsonb, $3)
on conflict (headings_key) do update
set columns = excluded.columns, chosen_by = excluded.chosen_by, chosen_at = now()
where c.columns <> excluded.columns
