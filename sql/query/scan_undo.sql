-- A scan is undone: by whose it is, or by who may undo any.
-- $1 scan_id   $2 by   $3 station   $4 the operator who asks, as the station names them
-- $5 the role of who asks may undo any scan
-- A scan is its operator's: of the name that logged in, or of a badge, which nobody logs in with
-- and which the station is believed. One without an operator is anybody's.
-- 200, the same when it was undone before; 404 scan_not_found; 409 session_dispatched,
-- session_cancelled, scan_of_another (a conflict, not 403: stations keep what that answers)
with another as materialized (
	select s.scan_id, s.scanned_by from scanned_waybills s
	where s.scan_id = $1::uuid and not $5::boolean and lower(s.scanned_by) <> $2
	      and (s.scanned_by is distinct from $4
		   or exists (select from users u where u.username = lower(s.scanned_by)))
), own as (
	select $1::uuid as scan_id where not exists (select from another)
)
select undone.status, undone.body
from own, lateral scan_undo(own.scan_id, nullif($2, ''), nullif($3, '')) undone
union all
select 409, json_build_object('error', 'scan_of_another', 'scan_id', scan_id, 'message',
	format('This scan was made by %s: they or a supervisor can undo it.', scanned_by))::text
from another
