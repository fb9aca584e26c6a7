-- plain
-- What every transaction starts with when each may have another session (database_pooled):
-- session_settings.sql for as long as it lasts, and that no lock may outlast it.
-- $1 time zone (IANA name), $2 statement_timeout in milliseconds
select set_config('TimeZone', $1, true),
       set_config('statement_timeout', $2, true),
       set_config('DateStyle', 'ISO, YMD', true),
       set_config('lock_timeout', '2s', true),
       set_config('idle_in_transaction_session_timeout', '60s', true),
       set_config('jit', 'off', true),
       set_config('waybill.pooled', 'on', true)
