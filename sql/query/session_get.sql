-- reads
-- A batch session: its counters, what happened to its scans behind its stations' backs since
-- $2, and who scanned what. (Its own scans are counted here, which a page that asks every
-- second does not need: $3.)
-- $1 id   $2 the last answer's news_cursor, or null: no news   $3 breakdown: false leaves it out
-- 200, or 404 session_not_found
select coalesce(found.status, 404) as status,
       coalesce(found.body, session_not_found($1::bigint)) as body
from (select) as always
left join (
	select 200 as status, (session_json(s)::jsonb || jsonb_build_object(
		'news', case when $2 is null then '[]'
			     else session_news(s.id, $2::xid8)::jsonb end,
		'news_cursor', pg_snapshot_xmin(pg_current_snapshot())::text)
		|| case when $3 = 'false' then '{}' else jsonb_build_object(
			'report', s.report,
			'stations', (
				select coalesce(jsonb_agg(b order by b.station, b.scanned_by), '[]')
				from (select station, scanned_by,
					     count(*) filter (where result = 'valid') as valid,
					     count(*) filter (where result = 'duplicate') as duplicate,
					     count(*) filter (where result not in ('valid', 'duplicate'))
						as error,
					     max(scanned_at) as last_scan_at
				      from scanned_waybills
				      where session_id = s.id and mode <> 'check' and voided_at is null
				      group by station, scanned_by) b)) end)::text as body
	from batch_sessions s where s.id = $1::bigint) as found on true
