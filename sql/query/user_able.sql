-- A user may log in no more, and has no session; or may again.
-- $1 name   $2 disable, enable   $3-$6 by whom (id, name, address, request id)
-- 200; 404 user_not_found; 409 last_admin
with admins as materialized (
	-- Locked, so that two administrators cannot end each other.
	select username from users where role = 'admin' and disabled_at is null
	order by id for update
), last as (
	select $2 = 'disable' and count(*) = 1 and min(username) = $1 as yes from admins
), changed as (
	update users u set disabled_at = case when $2 = 'disable' then now() end,
		updated_at = clock_timestamp()
	from last
	where not last.yes and username = $1 and (disabled_at is null) = ($2 = 'disable')
	returning u.*
), ended as (
	delete from sessions where user_id = (select id from changed)
), noted as (
	insert into audit_log (user_id, actor, action, subject, ip_address, request_id)
	select $3::bigint, $4, 'user_' || $2, username, $5, $6 from changed
), found as (
	select count(*) as n from users where username = $1
)
select case when n = 0 then 404 when yes then 409 else 200 end as status,
       case when n = 0 then json_build_object('error', 'user_not_found', 'message',
		format('There is no user %s.', $1))
       when yes then json_build_object('error', 'last_admin', 'message',
		format('%s is the last administrator: make another first.', $1))
       else json_build_object('username', $1, 'disabled', $2 = 'disable') end::text as body
from found, last, (select count(*) from changed) c
