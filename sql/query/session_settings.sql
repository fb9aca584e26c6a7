-- plain
-- What every connection starts with.
-- $1 time zone (IANA name), $2 statement_timeout in milliseconds
select set_config('TimeZone', $1, false),
       set_config('statement_timeout', $2, false),
       set_config('DateStyle', 'ISO, YMD', false),
       -- A station does not wait for the rows that a long upload holds.
       set_config('lock_timeout', '2s', false),
       -- A host that freezes inside a transaction must not keep its locks.
       set_config('idle_in_transaction_session_timeout', '60s', false),
       -- Statements here are short; compiling them costs more than it saves.
       set_config('jit', 'off', false)
