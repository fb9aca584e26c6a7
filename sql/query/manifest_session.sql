-- reads
-- The head of a session's manifest.
-- $1 id
-- No row: there is no such session. Times as the site's clock shows them; then the parcels that
-- its dispatch left behind, and the session as JSON.
select s.id::text, s.state, s.scanned_by, s.station,
       to_char(s.created_at, 'YYYY-MM-DD HH24:MI') as began,
       to_char(s.closed_at, 'YYYY-MM-DD HH24:MI') as ended,
       s.closed_by, s.reason,
       to_char(now(), 'YYYY-MM-DD HH24:MI') as printed, current_setting('TimeZone') as zone,
       nullif(s.report ->> 'skipped_count', '0') as skipped,
       json_build_object('session', session_json(s), 'printed_at', now(),
			 'timezone', current_setting('TimeZone'))::text as body
from batch_sessions s where s.id = $1::bigint
