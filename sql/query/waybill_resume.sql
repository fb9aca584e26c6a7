-- A parcel's hold ends: it gets back the status that it had.
-- $1 number   $2 reason or null   $3 by
-- 200 with already when that was the last thing that happened; 404 waybill_not_found;
-- 409 not_on_hold
select status, body from waybill_resume($1, nullif($2, ''), nullif($3, ''))
