-- Takes back an upload: removes what it brought and nobody has touched since.
-- $1 id or key   $2 by whom, or null
-- 200 with undo: removed, kept and why; 404 upload_not_found, 409 upload_not_completed
select status, body from upload_undo($1, nullif($2, ''))
