-- plain
-- $1 version, $2 name
insert into schema_version (version, name) values ($1::integer, $2)
