-- plain
-- One host migrates at a time; a migration may take longer than a request.
select set_config('statement_timeout', '0', true),
       set_config('lock_timeout', '0', true),
       set_config('idle_in_transaction_session_timeout', '0', true),
       pg_advisory_xact_lock(4, 0)
