-- reads
-- Sessions, newest first, with their counters.
-- $1 state   $2 station   $3 scanned_by   $4, $5 from, to: when they began
-- $6 part of the station or the operator, a session's id, or a number scanned in it
-- $7 how many   $8 behind this id
with listed as (
	select s.* from batch_sessions s
	where s.id < coalesce(nullif($8, '')::bigint, 9223372036854775807)
	      and ($1 is null or s.state = $1)
	      and ($2 is null or s.station = $2)
	      and ($3 is null or s.scanned_by = $3)
	      and ($4 is null or s.created_at >= $4::timestamptz)
	      and ($5 is null or s.created_at < time_until($5))
	      and ($6 is null or s.station ilike like_part($6) or s.scanned_by ilike like_part($6)
		   or s.id::text = $6
		   or s.id in (select n.session_id from scanned_waybills n
			       where n.waybill_number = upper(trim($6))))
	order by s.id desc
	limit coalesce($7::integer, 50)
)
select 200 as status, json_build_object(
	'sessions', (select coalesce(json_agg(session_json(l::batch_sessions) order by l.id desc), '[]')
		     from listed l),
	'next', (select case when count(*) = coalesce($7::integer, 50) then min(id) end
		 from listed))::text as body
