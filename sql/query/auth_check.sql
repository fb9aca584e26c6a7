-- reads
-- Whose is this session? One row while it is good, none otherwise.
-- $1 its id (the cookie's SHA-256)   $2 seconds it lasts without a request, $3 at the most
-- user's id, name, role; whether last_activity is a minute old
-- payload says when the login was and which state of the user it was for: whatever changes
-- the user ends it, even a login that was under way at that moment.
select u.id, u.username, u.role, s.last_activity < t.now - 60 as stale
from (select extract(epoch from now())::integer as now) t, sessions s
join users u on u.id = s.user_id
where s.id = $1 and u.disabled_at is null
      and s.last_activity > t.now - $2::integer
      and (s.payload::json ->> 'started')::integer > t.now - $3::integer
      and s.payload::json ->> 'user' = extract(epoch from u.updated_at)::text
