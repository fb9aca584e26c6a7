-- An upload of which nothing was loaded.
-- $1 id   $2 state: failed or cancelled   $3 error code   $4 message for a person
-- $5 the HTTP status to answer with   $6 what is known of the file, a JSON object:
-- sheet, format, heading_row, mapping, warnings
-- An upload that is completed stays so: its commit was not in doubt after all.
with failed as (
	update uploads
	set state = $2, error = $3, message = $4, finished_at = now(),
	    sheet = coalesce($6::jsonb ->> 'sheet', sheet),
	    format = coalesce($6::jsonb ->> 'format', format),
	    heading_row = coalesce(($6::jsonb ->> 'heading_row')::bigint, heading_row),
	    mapping = coalesce($6::jsonb -> 'mapping', mapping),
	    warnings = coalesce($6::jsonb -> 'warnings', warnings)
	where id = $1::bigint and state = 'processing'
	returning *
)
select $5::integer as status, upload_json(failed::uploads, true)::text as body from failed
