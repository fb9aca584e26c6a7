-- For the rest of this transaction: more time, also for locks, more memory for one sort, and no
-- compiling of statements, which takes longer than it saves.
-- $1 milliseconds a statement may take, $2 work_mem ('64MB')
select set_config('statement_timeout', $1, true),
       set_config('lock_timeout', '0', true),
       set_config('work_mem', $2, true),
       set_config('jit', 'off', true)
