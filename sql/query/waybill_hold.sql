-- A parcel is put on hold.
-- $1 number   $2 reason   $3 by
-- 200 with already when it was on hold; 404 waybill_not_found; 409 wrong_status
select status, body from waybill_hold($1, $2, nullif($3, ''))
