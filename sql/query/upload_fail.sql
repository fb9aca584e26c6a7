-- An upload of which nothing was loaded.
-- $1 id   $2 state: failed or cancelled   $3 error code   $4 message for a person
-- $5 the HTTP status to answer with   $6 what is known of the file, a JSON object:
-- sheet, format, heading_row, mapping, warnings   $7 its job or null   $8 the job's claim
-- No row: it is over already, or another's
select status, body
from upload_fail($1::bigint, $2, $3, $4, $5::integer, $6::jsonb, $7::bigint, $8)
