-- reads
-- What a login is checked against; no row when nobody has that name.
-- $1 name
select id, password_hash, disabled_at is not null as disabled, role
from users where username = $1
