-- reads
-- The audit log, newest first.
-- $1 user or null   $2 action or null   $3 from, $4 to: times or null
-- $5 cursor: entries before this id, or null   $6 how many
with page as (
	select * from audit_log
	where ($1::text is null or actor = $1 or subject = $1)
	      and ($2::text is null or action = $2)
	      and ($3::timestamptz is null or at >= $3::timestamptz)
	      and ($4::timestamptz is null or at < $4::timestamptz)
	      and ($5::bigint is null or id < $5::bigint)
	order by id desc
	limit $6::integer + 1
), shown as (
	select * from page order by id desc limit $6::integer
)
select 200 as status, json_build_object(
	'entries', (select coalesce(json_agg(json_build_object(
			'id', id, 'at', at, 'actor', actor, 'action', action,
			'subject', subject, 'detail', detail, 'ip_address', ip_address,
			'request_id', request_id) order by id desc), '[]') from shown),
	'cursor', case when (select count(*) from page) > $6::integer
		  then (select min(id)::text from shown) end)::text as body
