-- reads
-- Scans of numbers that no upload had brought, newest first, a page at a time.
-- $1 state: open, matched, dismissed, all; null is open   $2 part of the number, station or
-- operator   $3 session id   $4 how many   $5 behind this place
with listed as (
	select n.* from scanned_waybills n
	where coalesce($1, 'open') in ('open', 'all') and n.result = 'not_found'
	      and n.matched_at is null and n.dismissed_at is null and n.voided_at is null
	union all
	select n.* from scanned_waybills n
	where coalesce($1, 'open') <> 'open'
	      and (n.matched_at is not null or n.dismissed_at is not null)
	      and ($1 = 'all' or ($1 = 'matched') = (n.matched_at is not null))
), page as (
	select * from listed n
	where n.id < coalesce(nullif($5, '')::bigint, 9223372036854775807)
	      and ($2 is null or n.waybill_number like upper(like_part($2))
		   or n.told_number like upper(like_part($2))
		   or n.station ilike like_part($2) or n.scanned_by ilike like_part($2))
	      and ($3 is null or n.session_id = $3::bigint)
	order by n.id desc limit coalesce($4::integer, 100)
)
select 200 as status, json_build_object(
	'open', (select count(*) from scanned_waybills
		 where result = 'not_found' and matched_at is null and dismissed_at is null
		       and voided_at is null),
	'scans', (select coalesce(json_agg(scan_json(n) order by p.id desc), '[]')
		  from page p join scanned_waybills n on n.id = p.id),
	'next', (select case when count(*) = coalesce($4::integer, 100) then min(id) end
		 from page))::text as body
