-- A user is made.
-- $1 name   $2 password's hash   $3 role   $4-$7 by whom (id, name, address, request id)
-- 201; 409 user_exists
with made as (
	insert into users (username, password_hash, role) values ($1, $2, $3)
	on conflict do nothing
	returning *
), noted as (
	insert into audit_log (user_id, actor, action, subject, detail, ip_address, request_id)
	select $4::bigint, $5, 'user_add', username, json_build_object('role', role), $6, $7
	from made
)
select 201 as status,
       json_build_object('username', username, 'role', role, 'created_at', created_at)::text
       as body
from made
union all
select 409, json_build_object('error', 'user_exists', 'message',
	format('There is a user %s already.', $1))::text
where not exists (select from made)
