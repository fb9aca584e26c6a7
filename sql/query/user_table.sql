-- reads
-- All users by name: name, role, state, sessions.
select username, role, case when disabled_at is null then 'enabled' else 'disabled' end,
       (select count(*) from sessions where user_id = users.id)
from users order by username
