-- A new password; the user's sessions end.
-- $1 name   $2 its hash   $3 null, or the hash that must still be the user's
-- $4-$7 by whom (id, name, address, request id)
-- 200; 404 user_not_found; 409 user_changed
with changed as (
	update users set password_hash = $2, updated_at = clock_timestamp()
	where username = $1 and ($3::text is null or password_hash = $3)
	returning *
), ended as (
	delete from sessions where user_id = (select id from changed)
), noted as (
	insert into audit_log (user_id, actor, action, subject, ip_address, request_id)
	select $4::bigint, $5, 'user_password', username, $6, $7 from changed
)
select 200 as status, json_build_object('username', username)::text as body from changed
union all
select case when $3::text is null then 404 else 409 end,
       case when $3::text is null
       then json_build_object('error', 'user_not_found', 'message',
			      format('There is no user %s.', $1))
       else json_build_object('error', 'user_changed', 'message',
			      'The password was changed meanwhile.') end::text
where not exists (select from changed)
