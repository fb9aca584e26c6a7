-- A login that failed, for the audit log.
-- $1 the name that was tried   $2 why, for administrators
-- $3 client's address   $4 request id
insert into audit_log (user_id, action, subject, detail, ip_address, request_id)
values ((select id from users where username = $1), 'login_failed', $1,
	json_build_object('reason', $2), $3, $4)
