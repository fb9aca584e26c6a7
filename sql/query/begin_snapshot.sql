-- reads
-- Opens a transaction block whose statements all see the same moment, and change nothing.
begin isolation level repeatable read read only
