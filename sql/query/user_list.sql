-- reads
-- All users by name, and since when each is idle.
select 200 as status, json_build_object('users', (
	select coalesce(json_agg(json_build_object(
		'username', u.username, 'role', u.role, 'disabled', u.disabled_at is not null,
		'created_at', u.created_at, 'sessions', s.n, 'last_activity', s.last)
		order by u.username), '[]')
	from users u, lateral (
		select count(*) as n, to_timestamp(max(last_activity)) as last
		from sessions where user_id = u.id) s))::text as body
