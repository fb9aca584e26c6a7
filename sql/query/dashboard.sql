-- reads
-- The figures between two times, from totals that are kept while rows change: no big table
-- is counted. Scans are kept by the hour: the hour that $1 falls into counts whole, and so
-- does that of $2.
-- $1 from, $2 to (RFC 3339, or a date for its beginning and its end); null: the beginning of
-- today, now
with asked as (
	select date_trunc('hour', coalesce(nullif($1, '')::timestamptz,
					   date_trunc('day', now()))) as since,
	       case when length($2) = length('2025-01-31') then ($2::date + 1)::timestamptz
		    else coalesce(nullif($2, '')::timestamptz, now()) end as until
), hours as (
	select h.station, h.scanned_by, sum(h.valid) as valid, sum(h.duplicate) as duplicate,
	       sum(h.error) as error
	from asked a, scan_hours h
	where h.hour >= a.since and h.hour < a.until
	group by 1, 2
), statuses as (
	select s.status, s.place, coalesce(sum(t.waybills), 0) as waybills
	from unnest(array['pending', 'hq_scheduling', 'dispatched', 'in_transit', 'delivering',
			  'delivered', 'for_return', 'returned', 'issue_pending', 'cancelled'])
	     with ordinality as s (status, place)
	left join waybill_status_totals t using (status)
	group by 1, 2
), totals as (
	select sum(waybills) as total,
	       json_object_agg(status, waybills order by place) as by_status,
	       sum(waybills) filter (where status = 'delivered') as delivered,
	       sum(waybills) filter (where status = 'returned') as returned
	from statuses
), stations as (
	select nullif(station, '') as station, sum(valid) as valid, sum(duplicate) as duplicate,
	       sum(error) as error
	from hours group by station order by sum(valid + duplicate + error) desc, station limit 100
), operators as (
	select nullif(scanned_by, '') as scanned_by, sum(valid) as valid,
	       sum(duplicate) as duplicate, sum(error) as error
	from hours group by scanned_by
	order by sum(valid + duplicate + error) desc, scanned_by limit 100
), destinations as (
	select destination, sum(waybills) as waybills
	from waybill_destination_totals
	group by destination having sum(waybills) > 0
	order by sum(waybills) desc, destination limit 20
), recent as (
	select waybill_number, result, mode, station, scanned_by, scanned_at
	from scanned_waybills order by id desc limit 20
), latest_uploads as (
	select upload_json(u, false) as upload
	from (select * from uploads
	      order by id desc limit 10) u
	where u.state in ('queued', 'processing') or u.finished_at > now() - interval '1 day'
	order by u.id desc
)
select 200 as status, json_build_object(
	'from', a.since, 'to', a.until,
	'waybills', json_build_object('total', t.total, 'by_status', t.by_status),
	'rates', json_build_object(
		'delivered', round(coalesce(t.delivered / nullif(t.total, 0), 0), 4),
		'returned', round(coalesce(t.returned / nullif(t.total, 0), 0), 4)),
	'scans', (select json_build_object(
			'total', coalesce(sum(valid + duplicate + error), 0),
			'valid', coalesce(sum(valid), 0),
			'duplicate', coalesce(sum(duplicate), 0),
			'error', coalesce(sum(error), 0),
			'per_minute', scan_minutes_latest(a.since, a.until, 60))
		  from hours),
	'by_station', (select coalesce(json_agg(s), '[]') from stations s),
	'by_operator', (select coalesce(json_agg(o), '[]') from operators o),
	'by_destination', (select coalesce(json_agg(d), '[]') from destinations d),
	'recent_scans', (select coalesce(json_agg(r), '[]') from recent r),
	'uploads', (select coalesce(json_agg(upload), '[]') from latest_uploads))::text as body
from asked a, totals t
