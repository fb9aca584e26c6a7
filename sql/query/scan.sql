-- One scan: judged, recorded, counted (see scan_record() in the migrations).
-- $1 waybill number, normalised; as it was read, cut and cleaned, when $8 is given
-- $2 mode: dispatch, return, check; null is dispatch   $3 session id or null
-- $4 scan_id, a UUID, or null                          $5 station   $6 scanned_by
-- $7 scanned_at, RFC 3339, or null for now             $8 null, or why it is no number
-- 200, or 400, 404 and 409 with result; 404 session_not_found; 409 scan_id_reused
select status, body
from scan_record(coalesce($1, ''), coalesce(nullif($2, ''), 'dispatch'),
		 nullif($3, '')::bigint, nullif($4, '')::uuid, nullif($5, ''), nullif($6, ''),
		 nullif($7, '')::timestamptz, $8)
