-- plain
-- One host migrates at a time. A migration may take longer than a request, but must not wait for a
-- lock: whoever wants the table after it would wait behind it, and the site stand still.
select set_config('statement_timeout', '0', true),
       set_config('lock_timeout', '500ms', true),
       set_config('idle_in_transaction_session_timeout', '0', true),
       pg_advisory_xact_lock(4, 0)
