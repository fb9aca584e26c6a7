-- Columns that somebody has chosen for files with certain headings, against what the headings
-- say: taken again for the next such file.
create table upload_columns (
	headings_key text collate "C" primary key, -- a digest of the headings, in any order
	columns jsonb not null, -- ["field=heading", ...]
	chosen_by text,
	chosen_at timestamptz not null default now()
);
