-- plain
-- The hosts whose servers work with this database, but for whoever asks; null when there are none.
select string_agg(distinct coalesce(host(client_addr), 'the database''s own host'), ', ')
from pg_stat_activity
where datname = current_database() and application_name like 'waybilld %'
      and pid <> pg_backend_pid()
