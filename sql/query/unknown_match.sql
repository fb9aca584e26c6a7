-- An unknown scan meant this waybill.
-- $1 scan_id   $2 waybill number, normalised, or null for its own   $3 by
-- 200; 404 scan_not_found; 409 waybill_not_found, scan_settled
select status, body from unknown_settle($1::uuid, $2, nullif($3, ''), null)
