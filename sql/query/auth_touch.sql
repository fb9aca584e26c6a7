-- A session was used. Once a minute, whoever asks.
-- $1 its id
update sessions set last_activity = extract(epoch from now())::integer
where id = $1 and last_activity < extract(epoch from now())::integer - 60
