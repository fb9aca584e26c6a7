-- A session ends.
-- $1 its id   $2 client's address   $3 request id
with ended as (
	delete from sessions where id = $1 returning user_id
)
insert into audit_log (user_id, actor, action, subject, ip_address, request_id)
select u.id, u.username, 'logout', u.username, $2, $3
from ended join users u on u.id = ended.user_id
