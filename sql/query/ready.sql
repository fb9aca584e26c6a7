-- reads
-- May this program work with this database?
-- $1 the schema version that the program knows
-- A newer schema fits an older program, so that a rolling upgrade may migrate first.
select case when found >= wanted and not standby then 200 else 503 end as status,
       case when standby then
           json_build_object('error', 'database_read_only',
                             'message', 'The database is a standby and takes no writes.')
       when found < wanted then
           json_build_object('error', 'schema_too_old',
                             'message', format('The schema is version %s and version %s is'
                                               ' needed: run "waybillctl migrate".',
                                               found, wanted))
       else
           json_build_object('status', 'ready', 'schema_version', found)
       end::text as body
from (select coalesce(max(version), 0) as found, $1::integer as wanted,
             pg_is_in_recovery() as standby
      from schema_version) v
