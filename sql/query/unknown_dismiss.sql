-- An unknown scan meant no waybill.
-- $1 scan_id   $2 by   $3 reason
-- 200; 404 scan_not_found; 409 scan_settled
select status, body from unknown_settle($1::uuid, null, nullif($2, ''), coalesce($3, ''))
