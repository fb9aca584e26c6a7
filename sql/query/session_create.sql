-- A batch session begins (see session_begin() in the migrations).
-- $1 scanned_by   $2 station   $3 JSON array of upload ids whose waybills are expected, or null
-- $4 batch_ready   $5 session_key, a UUID, or null
-- 201 with its counters; 200 with already when there is one with this key; 422 unknown_upload;
-- 409 session_key_reused
select status, body from session_begin(nullif($1, ''), nullif($2, ''),
	coalesce(nullif($3, ''), '[]')::json, $4::boolean, nullif($5, '')::uuid)
