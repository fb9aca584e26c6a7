-- A deed, for the audit log.
-- $1-$4 by whom (user's id, name, address, request id)
-- $5 action   $6 subject or null   $7 path   $8 status   $9 the answer (JSON) or null
insert into audit_log (user_id, actor, action, subject, detail, ip_address, request_id)
values ($1::bigint, $2, $5, coalesce($6, $9::jsonb ->> 'id'),
	json_build_object('path', $7, 'status', $8::integer), $3, $4)
