"""Every figure that is kept, against the rows that it is a figure of.

    check_figures(self, self.db)      # fails with the figures that differ
"""

# What a scan counts as in its session is its result; in scan_hours what its station heard.
SQL = """
with session_rows as (
	select n.session_id, count(*) filter (where n.result = 'valid') as valid,
	       count(*) filter (where n.result = 'duplicate') as duplicate,
	       count(*) filter (where n.result not in ('valid', 'duplicate')) as error,
	       count(*) filter (where n.result = 'valid' and n.mode = 'dispatch'
		and b.expected is not null and exists (
			select from session_expected x
			where x.session_id = n.session_id and x.waybill_id = n.waybill_id)) as found
	from scanned_waybills n join batch_sessions b on b.id = n.session_id
	where n.mode <> 'check' and n.voided_at is null
	group by 1
), session_kept as (
	select session_id, sum(valid) as valid, sum(duplicate) as duplicate, sum(error) as error,
	       sum(found) as found
	from session_counters group by 1
), hour_rows as (
	select date_trunc('hour', received_at) as hour, coalesce(station, '') as station,
	       coalesce(scanned_by, '') as scanned_by,
	       count(*) filter (where told = 'valid') as valid,
	       count(*) filter (where told = 'duplicate') as duplicate,
	       count(*) filter (where told not in ('valid', 'duplicate')) as error
	from (select *, coalesce(told_result, result) as told from scanned_waybills) n
	group by 1, 2, 3
), hour_kept as (
	select hour, station, scanned_by, sum(valid) as valid, sum(duplicate) as duplicate,
	       sum(error) as error
	from scan_hours group by 1, 2, 3
), status_rows as (
	select status, count(*) as waybills from waybills group by 1
), status_kept as (
	select status, sum(waybills) as waybills from waybill_status_totals
	group by 1 having sum(waybills) <> 0
)
select 'session', coalesce(r.session_id, k.session_id)::text, r::text, k::text
from session_rows r full join session_kept k using (session_id)
where (coalesce(r.valid, 0), coalesce(r.duplicate, 0), coalesce(r.error, 0), coalesce(r.found, 0))
      is distinct from (coalesce(k.valid, 0), coalesce(k.duplicate, 0), coalesce(k.error, 0),
			coalesce(k.found, 0))
union all
select 'hour', coalesce(r.station, k.station), r::text, k::text
from hour_rows r full join hour_kept k using (hour, station, scanned_by)
where (r.valid, r.duplicate, r.error) is distinct from (k.valid, k.duplicate, k.error)
union all
select 'status', coalesce(r.status, k.status), r::text, k::text
from status_rows r full join status_kept k using (status)
where r.waybills is distinct from k.waybills
union all
select 'two valid scans', session_id::text, waybill_number, mode
from scanned_waybills
where result = 'valid' and voided_at is null and session_id is not null and mode <> 'check'
group by session_id, waybill_number, mode having count(*) > 1
"""


def check_figures(case, db):
    case.assertEqual(db.query(SQL), [], "figures that differ from their rows")
