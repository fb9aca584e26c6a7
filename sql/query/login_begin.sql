-- The password was right: a session begins, and those that have ended go.
-- $1 user's id   $2 the hash that the password fitted   $3 the session's id
-- $4 user agent  $5 client's address   $6 request id    $7 seconds it lasts without a request
-- $8 the session that the same browser had, or null: it ends
-- 200, name, role; 401 when the user was changed meanwhile
with u as (
	select * from users
	where id = $1::bigint and password_hash = $2 and disabled_at is null
	for share
), t as (
	select extract(epoch from now())::integer as now
), gone as (
	delete from sessions using t where last_activity < t.now - $7::integer or id = $8
), made as (
	insert into sessions (id, user_id, ip_address, user_agent, payload, last_activity)
	select $3, u.id, left($5, 45), left($4, 500),
	       json_build_object('started', t.now,
				 'user', extract(epoch from u.updated_at)::text)::text, t.now
	from u, t
), noted as (
	insert into audit_log (user_id, actor, action, subject, ip_address, request_id)
	select u.id, u.username, 'login', u.username, $5, $6 from u
)
select 200 as status, username, role
from u
union all
select 401, null, null
where not exists (select from u)
